"""Postfix: what each of its log lines says.

Comes in: the lines of a mail log, with any envelope that `prefix` knows, written by any Postfix
from 1.x to 3.12, and by the programs that share the log with it. Goes out: events.

A tag is `instance[/service]/daemon`. `READERS` tells which daemon's lines are read by which
function; a line is told apart by its daemon, by the queue id its text begins with, and by its first
words, and is then read from left to right. Severities stand before the queue id:
`warning: QUEUE_ID: text`.

Limits: short queue ids come round again, so nothing here takes one for unique; telling lives apart
is the correlator's work.
"""

from __future__ import annotations

import msgspec

from postroad.model.event import NOISE, Arrived, Event, Noise, Noted
from postroad.parsers import neighbours
from postroad.parsers.clock import MINUTE, SECOND, Clock
from postroad.parsers.postfix import (
    cleanup,
    delivery,
    policy,
    queue,
    session,
    smtpd,
)
from postroad.parsers.postfix.ids import LEADING, created_at
from postroad.parsers.postfix.line import NOQUEUE, DaemonReader, Origin, Read, Sample
from postroad.parsers.prefix import Envelope, Prefix

__all__ = ["READERS", "SAMPLES", "Reader", "recognises"]


def _postscreen(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    if queue_id:
        return policy.verdict(head, origin, queue_id, text)
    return session.background(head, origin, queue_id, text)


def _stranger(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read a line of a daemon that is not known by name: services that spawn(8) runs, mostly."""
    del head, queue_id, text
    return NOISE if origin.daemon.startswith("policy") else None


#: Which daemon's lines are read by which function.
READERS: dict[str, DaemonReader] = {
    "smtp": delivery.client,
    "lmtp": delivery.client,
    "local": delivery.agent,
    "virtual": delivery.agent,
    "pipe": delivery.agent,
    "error": delivery.agent,
    "retry": delivery.agent,
    "discard": delivery.agent,
    "smtpd": smtpd.server,
    "qmqpd": smtpd.server,
    "pickup": smtpd.pickup,
    "cleanup": cleanup.cleanup,
    "qmgr": queue.manager,
    "oqmgr": queue.manager,
    "nqmgr": queue.manager,
    "bounce": queue.bounce,
    "defer": queue.bounce,
    "trace": queue.bounce,
    "postsuper": queue.operator,
    "postscreen": _postscreen,
    **dict.fromkeys(
        (
            "anvil",
            "dnsblog",
            "flush",
            "master",
            "postalias",
            "postcat",
            "postconf",
            "postdrop",
            "postfix",
            "postfix-script",
            "postfix-tls-script",
            "postkick",
            "postlock",
            "postlog",
            "postlogd",
            "postmap",
            "postmulti",
            "postqueue",
            "proxymap",
            "proxywrite",
            "rewrite",
            "scache",
            "sendmail",
            "showq",
            "spawn",
            "tlsmgr",
            "tlsproxy",
            "trivial-rewrite",
            "verify",
        ),
        session.background,
    ),
}

#: Lines that must be understood, and how.
SAMPLES: tuple[Sample, ...] = (
    *delivery.SAMPLES,
    *smtpd.SAMPLES,
    *policy.SAMPLES,
    *cleanup.SAMPLES,
    *queue.SAMPLES,
    *session.SAMPLES,
)

_SEVERITIES = ("warning: ", "error: ", "fatal: ", "panic: ")
_QUARTER = 15 * MINUTE
#: How long after its queue file was made a message's first line may be written.
_SOON = MINUTE


class _Speaker(msgspec.Struct, frozen=True, gc=False):
    """What a tag tells: the origin, and who reads its lines."""

    origin: Origin
    read: DaemonReader


class Reader:
    """Reads one log of Postfix.

    `host` stands in where the envelope names none, as lines of several hosts may share a log.
    """

    def __init__(self, host: str, clock: Clock) -> None:
        """Begin before the first line; `clock` dates the lines."""
        self.clock = clock
        #: Seconds by which the log's stamps are off what long queue ids say, if that is the
        #: difference of two zones. None if they agree or nothing tells.
        self.zone_hint: int | None = None
        self._host = host
        self._envelope = Envelope(self.clock)
        self._speakers: dict[str, _Speaker | None] = {}
        self._instances: set[str] = set()
        self._memory = neighbours.Memory()

    @property
    def carried(self) -> bytes:
        """What the lines so far leave to be remembered when reading goes on later."""
        return self._memory.carried

    def carry(self, data: bytes) -> None:
        """Take up what `carried` gave."""
        self._memory.carry(data)

    def read(self, line: str) -> Event | Noise | None:
        """Say what one line (without its newline) says; None if it is not understood."""
        head = self._envelope.split(line)
        if head is None:
            # journalctl writes "-- Boot ... --" between entries.
            return NOISE if not line.strip() or line.startswith("-- ") else None
        if not head.host and self._host:
            head = msgspec.structs.replace(head, host=self._host)
        try:
            speaker = self._speakers[head.tag]
        except KeyError:
            speaker = self._meet(head.tag)
        if speaker is None:
            return neighbours.read(head, self._instance(), self._memory)
        origin = speaker.origin
        text = head.text
        if found := LEADING.match(text):
            queue_id = found[1]
            text = text[found.end() :]
            if text.startswith("to="):
                return delivery.attempt(head, origin, queue_id, text)
            event = speaker.read(head, origin, queue_id, text)
            if event.__class__ is Arrived and "z" in queue_id:
                self._compare(head.at, queue_id)
            return event
        if text.startswith(_SEVERITIES):
            return _severe(head, origin, text)
        return speaker.read(head, origin, "", text)

    def _meet(self, tag: str) -> _Speaker | None:
        """Find out who writes under a tag; None if it is no part of Postfix."""
        speaker = None
        if origin := _origin(tag):
            speaker = _Speaker(origin, READERS.get(origin.daemon, _stranger))
            self._instances.add(origin.instance)
        if len(self._speakers) < _TAGS_REMEMBERED:
            self._speakers[tag] = speaker
        return speaker

    def _instance(self) -> str:
        """The instance that other programs' queue ids are taken to be of."""
        return next(iter(self._instances)) if len(self._instances) == 1 else "postfix"

    def _compare(self, at: int, queue_id: str) -> None:
        """Compare a stamp with the time in a long id."""
        created = created_at(queue_id)
        if not created:
            return
        quarters, rest = divmod(at - created + _SOON, _QUARTER)
        if rest <= 2 * _SOON:
            self.zone_hint = quarters * _QUARTER // SECOND or None


def recognises(line: str, prefix: Prefix | None) -> bool:
    """Whether a line, whose envelope is `prefix`, was written by Postfix."""
    del line
    return prefix is not None and _origin(prefix.tag) is not None


def _origin(tag: str) -> Origin | None:
    """Take a tag apart; None if it is no part of Postfix that bears it."""
    instance, _, path = tag.partition("/")
    service, _, daemon = path.rpartition("/")
    if daemon in READERS or (daemon and instance.startswith("postfix")):
        return Origin(instance, daemon, service or daemon)
    return None


def _severe(head: Prefix, origin: Origin, text: str) -> Read:
    """Read `warning: [QUEUE_ID: ]text` and its kin."""
    text = text[text.index(": ") + 2 :]
    found = LEADING.match(text)
    if not found or found[1] == NOQUEUE:
        return NOISE
    if origin.daemon == "cleanup":
        return cleanup.warned(head, origin, found[1], text[found.end() :])
    return Noted(at=head.at, host=head.host, instance=origin.instance, queue_id=found[1])


_TAGS_REMEMBERED = 4096
