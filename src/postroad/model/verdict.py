"""The verdict: one delivery in one or two sentences, promising no more than the log knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from postroad.model.delivery import Delivery
from postroad.model.status import Status

#: Reply codes from here on mean "never" (RFC 5321 section 4.2.1).
_FOR_GOOD = 500


def verdict(delivery: Delivery, *, quote: Callable[[str], str] = str) -> str:
    """What became of it, and whose answer that is.

    `quote` is applied to everything that comes out of the log.
    """
    return " ".join(part for part in _parts(delivery, quote) if part)


def _parts(delivery: Delivery, quote: Callable[[str], str]) -> tuple[str, ...]:
    match delivery.status:
        case Status.DELIVERED:
            return _delivered(delivery, quote)
        case Status.IN_PROGRESS:
            return _in_progress(delivery)
        case Status.DEFERRED:
            return (
                f"Not delivered yet: {_deferred(delivery, quote)}{_tries(delivery)}.",
                "This server keeps it and tries again by itself.",
            )
        case Status.FAILED:
            return (_failed(delivery, quote), _bounce(delivery, quote))
        case Status.REJECTED:
            return (
                f"This server refused it{_code(delivery)} and never took it over.",
                "Whoever offered it was told so at once.",
            )
        case Status.BLOCKED:
            return (
                f"This server stopped it on its way out by its own rules{_code(delivery)}.",
                _bounce(delivery, quote),
            )
        case Status.FILTERED:
            return ("Accepted, but kept out of the inbox: discarded, or put aside as spam.",)
    assert_never(delivery.status)


def _delivered(delivery: Delivery, quote: Callable[[str], str]) -> tuple[str, ...]:
    if delivery.remote_host or delivery.remote_ip:
        return (
            f"Accepted by {_host(delivery, quote)}{_code(delivery)}{_after(delivery)}.",
            "From then on that server is responsible for it; this log does not tell what it did.",
        )
    to = delivery.delivered_to
    where = f" to {quote(to)}" if to and to != delivery.recipient else ""
    return (
        f"Delivered on this server{where}{_after(delivery)}.",
        "Whether it was read is not known here.",
    )


def _deferred(delivery: Delivery, quote: Callable[[str], str]) -> str:
    if not (delivery.remote_host or delivery.remote_ip):
        return "no other server has answered about it"
    if delivery.smtp_code:
        return f"{_host(delivery, quote)} said “later”{_code(delivery)}"
    return f"{_host(delivery, quote)} could not be reached, or did not answer to the end"


def _failed(delivery: Delivery, quote: Callable[[str], str]) -> str:
    is_answered = bool(delivery.remote_host or delivery.remote_ip)
    if is_answered and delivery.smtp_code >= _FOR_GOOD:
        said = f"{_host(delivery, quote)} refused it for good{_code(delivery)}"
        return f"Not delivered: {said}{_tries(delivery)}."
    last = f"; {_host(delivery, quote)} was tried last" if is_answered else ""
    return f"Not delivered: this server gave up{_tries(delivery)}{last}."


def _in_progress(delivery: Delivery) -> tuple[str, ...]:
    if delivery.attempts:
        return (
            f"On this server{_tries(delivery)}, and nothing final is known yet.",
            "Look again in a few minutes.",
        )
    return (
        "This server has it; no attempt to deliver it is known yet.",
        "Look again in a few minutes.",
    )


def _host(delivery: Delivery, quote: Callable[[str], str]) -> str:
    if delivery.remote_host and delivery.remote_ip and delivery.remote_host != delivery.remote_ip:
        return f"{quote(delivery.remote_host)} [{quote(delivery.remote_ip)}]"
    return quote(delivery.remote_host or delivery.remote_ip)


def _code(delivery: Delivery) -> str:
    said = [str(delivery.smtp_code)] if delivery.smtp_code else []
    said += [delivery.enhanced_code] if delivery.enhanced_code else []
    return f" ({' '.join(said)})" if said else ""


def _tries(delivery: Delivery) -> str:
    many = delivery.attempts > 1
    return f" after {delivery.attempts} attempts" if many else ""


def _after(delivery: Delivery) -> str:
    return f" at attempt {delivery.attempts}" if delivery.attempts > 1 else ""


def _bounce(delivery: Delivery, quote: Callable[[str], str]) -> str:
    if not delivery.bounced_as:
        return ""
    return f"Its sender was sent a notification ({quote(delivery.bounced_as)})."
