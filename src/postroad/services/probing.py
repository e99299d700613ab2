"""Live checks that people ask for: who may, how often, of which servers.

Administrators and owners of domains may; each so many in a while, and each server is asked so
often in a while, whoever asks. Where mail goes is found out here: nobody names servers to ask.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import msgspec

from postroad import trace
from postroad.accounts import Audit, Viewer
from postroad.config import Settings
from postroad.errors import TooManyTries
from postroad.model import route as routes
from postroad.model.check import Destination, Outcome, Probe
from postroad.model.text import Text, say
from postroad.services.access import only_for_owners
from postroad.services.hiding import seen_by
from postroad.services.limits import Limits, Rule
from postroad.trace.envelope import recipient
from postroad.trace.lookup import Lookup
from postroad.trace.probe import Rules, probe
from postroad.trace.safety import Fence

_PER_PERSON, _PER_DOMAIN, _PER_SERVER = Rule(20, 600), Rule(10, 600), Rule(20, 600)
#: Live checks at the same time, and seconds to wait where there are so many.
_AT_ONCE, _BUSY_SECONDS = 4, 10
#: Addresses that one address may lead to and that are asked for.
_MOST_WAYS = 3
#: Seconds for which a server that was reached proves that the port is open.
_PROOF = 3600


class Probing:
    """Makes live checks, and remembers who had how many made."""

    def __init__(self, settings: Settings, audit: Audit, limits: Limits) -> None:
        self._settings = settings
        self._audit = audit
        self._limits = limits
        self._running = threading.Semaphore(_AT_ONCE)
        self._reached_at = 0.0

    def check(self, viewer: Viewer, address: str) -> tuple[Probe, ...]:
        """What the servers that an address leads to say now; one `Probe` for each way.

        Raises `SearchError` for what is no address, `AccessError` for who may not, `TooManyTries`.
        """
        only_for_owners(viewer)
        asked = recipient(address)
        person = f"person {viewer.account_id or viewer.name}"
        self._limits.enter(person, _PER_PERSON, say("Live checks"))
        self._limits.enter(
            f"domain {asked.domain}",
            _PER_DOMAIN,
            say("Live checks of {domain}", domain=asked.domain),
        )
        self._audit.write(viewer, "probe", asked.path, about=(asked.path,))
        if not self._running.acquire(blocking=False):
            message = say(
                "Other live checks are at work. Try again in {wait} s.", wait=_BUSY_SECONDS
            )
            raise TooManyTries(message, _BUSY_SECONDS)
        try:
            return self._check(viewer, asked.path)
        finally:
            self._running.release()

    def _check(self, viewer: Viewer, address: str) -> tuple[Probe, ...]:
        settings = self._settings
        end = time.monotonic() + settings.check_seconds
        tools = trace.tools(settings)
        seconds = min(tools.seconds, settings.check_seconds / 2)
        found = trace.trace(address, msgspec.structs.replace(tools, seconds=seconds))
        # Ways that the viewer may not see are not theirs to ask about.
        found = seen_by(viewer, found)
        ways = list(_ways(found.root))[:_MOST_WAYS]
        if not ways:
            return (_nothing(address, settings.check_sender, found.root),)
        probes = []
        for number, (to, destinations) in enumerate(ways):
            share = max(1.0, (end - time.monotonic()) / (len(ways) - number))
            probes.append(self._probe(to, destinations, share))
        return tuple(probes)

    def _probe(self, address: str, destinations: list[Destination], seconds: float) -> Probe:
        settings = self._settings
        lookup = Lookup(settings.resolver, seconds=seconds)
        has_reached = time.monotonic() - self._reached_at < _PROOF if self._reached_at else False
        rules = Rules(
            seconds=seconds,
            helo=settings.host if "." in settings.host else "",
            sender=settings.check_sender,
            own_name=settings.host,
            has_reached=has_reached,
        )
        fence = _Gate(self._limits, settings)
        made = probe(recipient(address), destinations, rules=rules, lookup=lookup, fence=fence)
        unheard = (Outcome.UNREACHABLE, Outcome.NOT_ASKED)
        if any(each.outcome not in unheard for each in made.conversations):
            self._reached_at = time.monotonic()
        return made


class _Gate(Fence):
    """A fence that also lets each server be asked only so often."""

    def __init__(self, limits: Limits, settings: Settings) -> None:
        super().__init__(settings.check_networks, settings.sending_addresses)
        self._limits = limits

    def why_not(self, text: str) -> Text | None:
        """As ever, and why not now."""
        if reason := super().why_not(text):
            return reason
        if wait := self._limits.wait(f"server {text}", _PER_SERVER):
            return say(
                "{address} was asked often enough for now. Try again in {wait} s.",
                address=text,
                wait=wait,
            )
        return None


def _ways(root: routes.Node) -> Iterator[tuple[str, list[Destination]]]:
    """Addresses that leave this server, and whereto."""
    for _, node in routes.walk(root):
        if node.kind is routes.Kind.SMTP and node.hosts and not node.is_hidden:
            yield node.address, [_destination(each, at) for at, each in enumerate(node.hosts)]


def _destination(host: routes.Host, at: int) -> Destination:
    return Destination(
        host=host.name,
        preference=at if host.mx is None else host.mx,
        addresses=host.ips,
        port=host.port,
        is_exchanger=host.mx is not None,
        is_secure=host.dnssec is routes.Dnssec.SECURE,
    )


def _nothing(address: str, sender: str, root: routes.Node) -> Probe:
    """What is to be said where no server is to be asked; the viewer sees this route."""
    trouble = next((each for each in routes.ends(root) if each.is_trouble), None)
    if trouble:
        verdict = say("No server was asked. {why}", why=trouble.words)
    else:
        verdict = say(
            "Mail for {address} is not handed to another server from here: there is nobody to ask.",
            address=address,
        )
    return Probe(
        address=address,
        sender=sender,
        at=time.time_ns() // 1000,
        took=0,
        outcome=Outcome.NOT_ASKED,
        verdict=verdict,
        conversations=(),
    )
