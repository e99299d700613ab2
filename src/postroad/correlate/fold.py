"""Fold: the lines of one message in, its deliveries and attempts out. Pure.

One row comes out for each recipient as addressed and final address. What a row says depends on
the set of lines alone: where two bear the same time, the order is that of `_WEIGHT` and of the
text, not that of the file.

Sources for what a line means: Exim's deliver.c and the specification, chapter "Log files"; the
Postfix programs' log_adhoc.c, cleanup_act_log, qmgr(8), postsuper(1).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from postroad.correlate.message import Message
from postroad.correlate.parts import WEIGHT, Parts, common
from postroad.model import address as addresses
from postroad.model.delivery import Attempt, Delivery, delivery_id
from postroad.model.event import (
    ASIDES,
    Arrived,
    Attempted,
    EndKind,
    Event,
    Rejected,
    SessionTls,
)
from postroad.model.status import Direction, Outcome, Status
from postroad.reasons import Reason, reason_name

_STATUS = {
    Outcome.DELIVERED: Status.DELIVERED,
    Outcome.FAILED: Status.FAILED,
    Outcome.DISCARDED: Status.FILTERED,
    Outcome.BLOCKED: Status.BLOCKED,
    Outcome.DEFERRED: Status.DEFERRED,
    Outcome.POSTPONED: Status.IN_PROGRESS,
}


class Row:
    """A delivery in the making: a recipient as addressed, a final address, and its attempts."""

    __slots__ = (
        "attempts",
        "delivered_to",
        "delivery",
        "key",
        "recipient",
        "rejected",
        "steps",
    )

    #: Set when the row is complete.
    delivery: Delivery

    def __init__(
        self, recipient: str, delivered_to: str = "", key: tuple[str, str] | None = None
    ) -> None:
        """Start a row with no attempts. `key`: rows with the same key are one."""
        self.recipient = recipient
        self.delivered_to = delivered_to
        self.key = key or (addresses.key(recipient), addresses.key(delivered_to))
        self.attempts: list[Attempted] = []
        self.rejected: Rejected | None = None
        #: What a mailbox server did with the copy that it was given.
        self.steps: list[Attempted] = []


class Story:
    """A folded message: its rows with their deliveries, and the facts they share."""

    __slots__ = ("arrived", "key", "message", "rows")

    def __init__(self, message: Message) -> None:
        """An empty story of this message."""
        self.message = message
        self.key = message.key
        self.rows: list[Row] = []
        self.arrived: Arrived | None = None


def fold(message: Message) -> Story:
    """What the lines of this message say, hops left out: those are `family`'s work."""
    parts = Parts(message)
    story = Story(message)
    story.arrived = parts.arrived[0] if parts.arrived else None
    for end in parts.ended:
        if end.kind is EndKind.ABANDONED:
            return story
    shared = common(message, parts, story.key)
    rows = _rows(message, parts, story.arrived)
    for row in rows:
        row.delivery = copy(shared) if len(rows) > 1 else shared
        _complete(row.delivery, story, parts, row)
    story.rows = rows
    return story


def _rows(message: Message, parts: Parts, arrived: Arrived | None) -> list[Row]:
    """The rows of a message, each with its attempts or the refusal that concerns it."""
    rows: dict[tuple[str, str], Row] = {}
    for attempt in parts.attempts:
        original = attempt.original or attempt.address
        original_key = addresses.key(original)
        final = _final(attempt)
        final_key = addresses.key(final)
        if final_key == original_key:
            final = final_key = ""
        key = (original_key, final_key)
        row = rows.get(key)
        if row is None:
            row = rows[key] = Row(original, final, key)
        row.attempts.append(attempt)
    if len(rows) > 1:
        _absorb_placeholders(rows)
    settled = {key[0] for key in rows}
    refused_whole = _refusals(rows, parts, settled) if parts.rejected else None
    for recipient in _known_recipients(message, parts, arrived):
        recipient_key = addresses.key(recipient)
        if recipient_key not in settled:
            settled.add(recipient_key)
            row = Row(recipient)
            row.rejected = refused_whole
            rows[row.key] = row
    if not rows and (refused_whole or _is_in_queue(parts)):
        row = Row("")
        row.rejected = refused_whole
        rows[row.key] = row
    return list(rows.values())


def _is_in_queue(parts: Parts) -> bool:
    """Whether a message is known to have come in whole.

    Postfix gives a queue id at the first accepted recipient; many a session is lost after that.
    Only what the queue manager counts the recipients of, or what is on hold, was received.
    """
    return bool(parts.arrived) and (
        parts.arrived[0].has_sender
        or any(each.nrcpt is not None or each.waiting for each in parts.described)
    )


def _final(attempt: Attempted) -> str:
    """The final address of an attempt.

    Exim logs a local mailbox by its local part alone (deliver.c, `log_as_local`): "ann
    <ann@example.com>" is ann@example.com, and so is "ann (ann@example.com) <list@example.com>".
    """
    final = attempt.address
    if "@" not in final:
        local = final.lower() + "@"
        for address in (*attempt.parents[:1], attempt.original):
            if address.lower().startswith(local):
                return address
    return final


def _known_recipients(message: Message, parts: Parts, arrived: Arrived | None) -> Iterable[str]:
    if arrived is not None:
        yield from arrived.recipients
    # Postfix's header lines name a recipient as it was before it was rewritten.
    is_rewritten = bool(parts.attempts and message.instance)
    for rejected in () if is_rewritten else parts.rejected:
        if not _concerns_one_recipient(rejected):
            if rejected.recipient:
                yield rejected.recipient
            yield from rejected.recipients
    if parts.rejected or parts.ended or _is_in_queue(parts):
        for described in parts.described:
            if described.recipient and not (is_rewritten and described.has_sender):
                yield described.recipient


def _refusals(rows: dict[tuple[str, str], Row], parts: Parts, settled: set[str]) -> Rejected | None:
    """Make rows of refused recipients; return the line that refused the message as a whole."""
    whole: Rejected | None = None
    for rejected in parts.rejected:
        if not _concerns_one_recipient(rejected):
            whole = rejected
            continue
        if addresses.key(rejected.recipient) not in settled:
            row = Row(rejected.recipient)
            row.rejected = rejected
            rows.setdefault(row.key, row).rejected = rejected
    settled.update(key[0] for key in rows)
    return whole if not parts.attempts else None


def _concerns_one_recipient(rejected: Rejected) -> bool:
    return bool(rejected.recipient) and rejected.command.startswith("RCPT")


def refuses_whole(event: Event) -> bool:
    """Whether a line refuses a message as a whole, after which its queue id is dead."""
    return isinstance(event, Rejected) and not _concerns_one_recipient(event)


def _absorb_placeholders(rows: dict[tuple[str, str], Row]) -> None:
    """Give attempts made before an address was rewritten to the rows it was rewritten to.

    A first try may be logged for the address as given ("user@example.com routing defer"), a
    later one for what it became ("user <user@example.com>"). Both are tries of one delivery.
    """
    placeholders = [key for key in rows if not key[1]]
    if not placeholders or len(placeholders) == len(rows):
        return
    heirs: dict[str, list[Row]] = {}
    for (original, final), other in rows.items():
        if final:
            heirs.setdefault(original, []).append(other)
    for key in placeholders:
        row = rows[key]
        if key[0] in heirs and all(_is_preliminary(attempt) for attempt in row.attempts):
            for heir in heirs[key[0]]:
                heir.attempts = sorted(
                    [*row.attempts, *heir.attempts],
                    key=lambda each: (each.at, WEIGHT[each.outcome]),
                )
            del rows[key]


def _is_preliminary(attempt: Attempted) -> bool:
    """Whether an attempt ended before any other host was offered the copy."""
    return not attempt.remote_host and attempt.outcome in (Outcome.DEFERRED, Outcome.POSTPONED)


def _complete(delivery: Delivery, story: Story, parts: Parts, row: Row) -> None:
    """Say of a delivery what its row says."""
    status, last = _outcome(row.attempts)
    delivery.id = delivery_id(story.key, *row.key)
    delivery.status = status
    delivery.recipient = row.recipient
    delivery.delivered_to = row.delivered_to
    delivery.targets = _targets(row)
    leaves = False
    for attempt in row.attempts:
        leaves = leaves or attempt.remote
        if attempt.counted and attempt.outcome is not Outcome.POSTPONED:
            delivery.attempts += 1
            delivery.last_attempt_at = attempt.at
    if last is not None:
        _take_attempt(delivery, _telling(row.attempts, last), parts.tls)
        if last.expired:
            delivery.reason = Reason.EXPIRED.word
    elif row.rejected is not None:
        _take_refusal(delivery, row.rejected, story.arrived)
    else:
        _take_waiting(delivery, parts)
    if not status.is_final and parts.ended and row.rejected is None:
        _take_end(delivery, parts)
    if delivery.status is not Status.FAILED and delivery.status is not Status.BLOCKED:
        delivery.bounced_as = ""
    if last is not None:
        message = story.message
        is_ours = bool(message.bounce_of or message.parents or delivery.origins)
        delivery.direction = _direction(story.arrived, leaves=leaves, is_ours=is_ours)
    if delivery.status not in (Status.DELIVERED, Status.IN_PROGRESS) and not delivery.reason:
        delivery.reason = reason_name(
            delivery.result, delivery.smtp_code, delivery.enhanced_code, delivery.status
        )


def _outcome(attempts: list[Attempted]) -> tuple[Status, Attempted | None]:
    """The status that attempts in time order amount to, and the one that decides it."""
    if not attempts:
        return Status.IN_PROGRESS, None
    last = attempts[-1]
    if last.outcome is Outcome.DEFERRED or last.outcome is Outcome.POSTPONED:
        best: Attempted | None = None
        for attempt in attempts:
            if attempt.outcome is Outcome.DEFERRED:
                # "Retry time not reached" repeats an earlier answer: that one says why.
                if attempt.counted or best is None or not best.counted:
                    best = attempt
            elif attempt.outcome is not Outcome.POSTPONED:
                return _STATUS[attempt.outcome], attempt
        return (_STATUS[best.outcome], best) if best else (Status.IN_PROGRESS, last)
    return _STATUS[last.outcome], last


def _telling(attempts: list[Attempted], last: Attempted) -> Attempted:
    """The attempt whose words say why: giving up says only that there were too many before."""
    if last.expired:
        for attempt in reversed(attempts):
            if attempt.counted:
                return attempt
    return last


def _take_attempt(delivery: Delivery, last: Attempted, tls: list[SessionTls]) -> None:
    delivery.router = last.router
    delivery.transport = last.transport
    delivery.remote_host = last.remote_host
    delivery.remote_ip = last.remote_ip
    delivery.tls = session_tls(last, tls)
    delivery.smtp_code = last.smtp_code or 0
    delivery.enhanced_code = last.enhanced_code
    delivery.result = last.reply
    delivery.next_queue_id = last.next_queue_id
    if last.outcome is Outcome.DELIVERED and _goes_to_filter(last):
        # What the filter does with it is told under another queue id, or not at all.
        delivery.status = Status.IN_PROGRESS


#: What the manuals of Postfix and of the filters use for a way through a content filter.
_FILTER_PORTS = range(10020, 10100)


def _goes_to_filter(attempt: Attempted) -> bool:
    """Whether a copy was taken by a content filter on this host, not by a mailbox.

    amavis passes on the answer of the server behind it ("from MTA(smtp:[127.0.0.1]:10025)").
    """
    ip = attempt.remote_ip
    if not attempt.next_queue_id or not (ip.startswith("127.") or ip == "::1"):
        return False
    return "from MTA(" in attempt.reply or attempt.remote_port in _FILTER_PORTS


def session_tls(attempt: Attempted, sessions: list[SessionTls]) -> str:
    """The TLS of an attempt: that of the session it was made in, or else its own line's.

    Postfix's own field is the level that was asked for (smtp_log_tls_feature_status); the
    session's line says what was reached.
    """
    if not sessions:
        return attempt.tls
    best: SessionTls | None = None
    for session in sessions:
        if session.pid != attempt.pid or not _is_peer(session, attempt):
            continue
        if best is None or best.at < session.at:
            best = session
    return best.tls if best else attempt.tls


def _is_peer(session: SessionTls, attempt: Attempted) -> bool:
    """Whether a session was with the host of an attempt: some lines name it, some its address."""
    if session.peer_ip:
        return session.peer_ip == attempt.remote_ip
    return session.peer_host in ("", attempt.remote_host)


def _take_refusal(delivery: Delivery, rejected: Rejected, arrived: Arrived | None) -> None:
    is_ours = rejected.user_proven or (arrived is not None and arrived.user_proven)
    if rejected.discarded:
        delivery.status = Status.FILTERED
    else:
        delivery.status = Status.BLOCKED if is_ours else Status.REJECTED
    delivery.direction = Direction.OUTBOUND if is_ours else Direction.INBOUND
    delivery.smtp_code = rejected.smtp_code or 0
    delivery.enhanced_code = rejected.enhanced_code
    delivery.result = rejected.reply
    delivery.sent_at = delivery.sent_at or rejected.at
    if rejected.has_sender and not delivery.sender:
        delivery.sender = rejected.sender
    for name in ("client_host", "client_ip", "helo", "protocol", "auth", "message_id", "subject"):
        value = getattr(rejected, name)
        if value and not getattr(delivery, name):
            setattr(delivery, name, value)
    if rejected.user_proven and rejected.user and not delivery.user:
        delivery.user = rejected.user
        delivery.domain = addresses.domain(rejected.user)
        delivery.origins = [addresses.key(rejected.user)]


def _take_waiting(delivery: Delivery, parts: Parts) -> None:
    """A recipient without any attempt: say what the message waits for, if the log does."""
    waiting = ""
    for described in parts.described:
        if described.waiting:
            waiting = "" if described.waiting == "-" else described.waiting
    delivery.result = waiting
    if parts.arrived:
        delivery.direction = Direction.UNKNOWN


def _take_end(delivery: Delivery, parts: Parts) -> None:
    """The message left the queue while this recipient was not settled by a line of its own."""
    end = max(parts.ended, key=lambda each: (_END_WEIGHT[each.kind], each.at))
    match end.kind:
        case EndKind.REMOVED | EndKind.CANCELLED:
            delivery.status = Status.FAILED
            delivery.result = end.by or delivery.result
            delivery.reason = Reason.OPERATOR_REMOVED.word
        case EndKind.EXPIRED:
            delivery.status = Status.FAILED
            delivery.reason = Reason.EXPIRED.word
        case EndKind.DISCARDED:
            delivery.status = Status.FILTERED
            delivery.result = end.by or delivery.result
        case EndKind.COMPLETED:
            # The server keeps no message with unsettled recipients (Exim deliver.c), and tells
            # nothing of an address that turned out to be the same as another: its copy is that
            # one's copy.
            if any(attempt.outcome is Outcome.DELIVERED for attempt in parts.attempts):
                delivery.status = Status.DELIVERED
        case EndKind.ABANDONED:
            pass


_END_WEIGHT = {
    EndKind.COMPLETED: 0,
    EndKind.EXPIRED: 1,
    EndKind.CANCELLED: 2,
    EndKind.REMOVED: 3,
    EndKind.DISCARDED: 4,
    EndKind.ABANDONED: 5,
}


def _targets(row: Row) -> list[str]:
    recipient, final = row.key
    targets = [recipient] if "@" in recipient else []
    if final and addresses.is_address(final):
        targets.append(final)
    return targets


def _direction(arrived: Arrived | None, *, leaves: bool, is_ours: bool) -> Direction:
    """Which way a copy went: who brought it, and whether it left again.

    `is_ours`: it was made on this host (a bounce, a later hop), or its submitter is proven.
    """
    if is_ours or (arrived is not None and is_submitted_here(arrived)):
        return Direction.OUTBOUND if leaves else Direction.INTERNAL
    if arrived is None:
        return Direction.UNKNOWN
    if not (arrived.client_ip or arrived.client_host or arrived.helo):
        # qmail does not say who brought a message, only where it went.
        return Direction.OUTBOUND if leaves else Direction.INBOUND
    return Direction.RELAYED if leaves else Direction.INBOUND


def is_submitted_here(arrived: Arrived) -> bool:
    """Whether a message came from a login, or from this host itself, not from another server."""
    ip = arrived.client_ip
    if arrived.user_proven or ip.startswith("127.") or ip == "::1":
        return True
    if not (arrived.has_sender or arrived.protocol or arrived.user):
        return False
    return not ip and not arrived.client_host and not arrived.helo


def attempt_rows(row: Row, delivery: Delivery, tls: list[SessionTls]) -> list[Attempt]:
    """The attempts of a row, as stored under this delivery."""
    return [
        Attempt(
            delivery_id=delivery.id,
            message_key=delivery.message_key,
            host=delivery.host,
            queue_id=attempt.queue_id,
            at=attempt.at,
            outcome=attempt.outcome,
            counted=(
                attempt.counted
                and attempt.outcome is not Outcome.POSTPONED
                and attempt.instance not in ASIDES
            ),
            address=attempt.address,
            router=attempt.router,
            transport=attempt.transport,
            remote_host=attempt.remote_host,
            remote_ip=attempt.remote_ip,
            remote_port=attempt.remote_port or 0,
            tls=session_tls(attempt, tls),
            smtp_code=attempt.smtp_code or 0,
            enhanced_code=attempt.enhanced_code,
            reply=attempt.reply,
            reason=(
                ""
                if attempt.outcome is Outcome.DELIVERED
                else reason_name(
                    attempt.reply,
                    attempt.smtp_code or 0,
                    attempt.enhanced_code,
                    _STATUS[attempt.outcome],
                )
            ),
        )
        for attempt in (*row.attempts, *row.steps)
    ]


def session_lines(message: Message) -> list[SessionTls]:
    """The session lines that a message was given."""
    return [event for event in message.events.values() if isinstance(event, SessionTls)]


def copy(delivery: Delivery) -> Delivery:
    """A delivery that can be changed without changing this one."""
    return msgspec.structs.replace(delivery)
