"""How a domain that sends mail stands with those who receive it.

In go a domain and the addresses that its mail is sent from, out comes a `DomainCheck`: SPF, DKIM,
DMARC, MX, reverse names, block lists, MTA-STS and TLS-RPT, each with its state, the record itself
and what to change, exactly. Everything ends by the end of the `Lookup` that is given.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from postroad.model.check import DomainCheck, Finding, State, Topic
from postroad.model.text import say
from postroad.trace import mta_sts
from postroad.trace.deliverability import blocklists, dkim, dmarc, exchangers, reverse, spf, tls_rpt
from postroad.trace.lookup import Lookup
from postroad.trace.safety import Fence

_log = logging.getLogger(__name__)

#: Checks that run at the same time: what they wait for are name servers of others.
_AT_ONCE = 8


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be looked at."""

    #: In the form in which it stands in the DNS.
    domain: str
    #: Addresses that its mail is sent from.
    sending: tuple[str, ...] = ()
    #: Selectors of DKIM keys that are known; usual ones are tried where there are none.
    selectors: tuple[str, ...] = ()
    #: Block lists to ask.
    blocklists: tuple[str, ...] = ()
    #: How our mail server calls itself.
    host: str = ""


def check(order: Order, *, lookup: Lookup, fence: Fence, seconds: float) -> DomainCheck:
    """Look at everything at the same time, for so many seconds at most; never raises."""
    began, until = time.time_ns() // 1000, time.monotonic() + seconds
    works: list[tuple[Topic, Callable[[], Sequence[Finding]]]] = [
        (Topic.SPF, lambda: spf.look(order.domain, order.sending, lookup)),
        (Topic.DKIM, lambda: dkim.look(order.domain, order.selectors, lookup)),
        (Topic.DMARC, lambda: dmarc.look(order.domain, lookup)),
        (Topic.MX, lambda: exchangers.look(order.domain, lookup, fence)),
        (Topic.PTR, lambda: reverse.look(order.sending, order.host, lookup)),
        (Topic.BLOCKLIST, lambda: blocklists.look(order.sending, order.blocklists, lookup)),
        (Topic.MTA_STS, lambda: _policy(order.domain, lookup, fence, until)),
        (Topic.TLS_RPT, lambda: tls_rpt.look(order.domain, lookup)),
    ]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="deliverability") as workers:
        running = [workers.submit(_safely, topic, order.domain, work) for topic, work in works]
        findings = tuple(finding for each in running for finding in each.result())
    return DomainCheck(
        domain=order.domain,
        at=began,
        took=time.time_ns() // 1000 - began,
        sending=order.sending,
        findings=findings,
    )


def _policy(domain: str, lookup: Lookup, fence: Fence, until: float) -> list[Finding]:
    """The MTA-STS policy, and whether it names all servers of the domain."""
    policy = mta_sts.look(domain, lookup, fence, until=until)
    hosts = exchangers.hosts(domain, lookup)
    if not policy.mode:
        finding = policy.finding
        if finding.state is State.OK and hosts:
            advice = mta_sts.published(domain, hosts)
            finding = msgspec.structs.replace(finding, advice=advice)
        return [finding]
    missing = [each for each in hosts if not policy.allows(each)]
    if policy.mode == "none" or not missing:
        return [policy.finding]
    title = say("The MTA-STS policy does not name {hosts}.", hosts=", ".join(missing))
    advice = say(
        "Add to the policy, and change the id of its record: {lines}",
        lines="\n" + "\n".join(f"mx: {each}" for each in missing),
    )
    state = State.FAULT if policy.is_enforced else State.WARNING
    changed = msgspec.structs.replace(policy.finding, state=state, title=title, advice=advice)
    return [changed]


def _safely(topic: Topic, domain: str, work: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
    """What the work finds; records of strangers that nobody can read do not end the others."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - readers of strangers' records are not ours
        _log.warning("%s of %s could not be checked: %r", topic.value, domain, error)
        title = say("This could not be checked: {why}", why=str(error) or type(error).__name__)
        return [Finding(topic=topic, state=State.UNKNOWN, about=domain, title=title)]
