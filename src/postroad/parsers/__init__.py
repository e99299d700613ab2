"""Parsers: what the log lines of each mail server say.

Comes in: one log line as text. Goes out: an event of `postroad.model.event`, `NOISE` for a line
that is understood and of no interest to any message, or None for one that is not understood.

Every server has a module with a class `Reader`. Parsers are pure: time and zone are arguments.
They never raise, whatever the line holds, because half of a mail log is written by strangers.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from postroad.model.event import Event, Noise
from postroad.parsers.clock import Clock
from postroad.parsers.prefix import Envelope

#: The mail servers that have a parser: names of modules here.
MAIL_SERVERS = ("exim", "postfix", "opensmtpd", "sendmail", "qmail")
#: Mailbox servers and content filters that may keep logs of their own.
NEIGHBOURS = ("dovecot", "rspamd", "spamassassin", "amavis", "mailscanner")
#: All that have a parser.
SERVERS = (*MAIL_SERVERS, *NEIGHBOURS)


class Reader(Protocol):
    """Reads the lines of one log of one host, front to back."""

    #: The clock that dates the lines; whoever follows a growing log moves its `newest` on.
    clock: Clock

    @property
    def zone_hint(self) -> int | None:
        """Seconds that the log's time is ahead of the server's own UTC time.

        A multiple of a quarter of an hour, as a zone that is set wrong makes it; None while there
        is no such sign.
        """

    def read(self, line: str) -> Event | Noise | None:
        """Say what one line says."""


@runtime_checkable
class Remembering(Protocol):
    """A reader for which earlier lines of a log say what later ones mean.

    qmail gives deliveries a number when they start, OpenSMTPD says once in a session who the
    client is.
    """

    @property
    def carried(self) -> bytes:
        """What to go on with behind the last line; of bounded size."""

    def carry(self, data: bytes) -> None:
        """Go on with what was `carried`; data of another version is ignored."""


def reader(
    server: str, *, host: str, zone: ZoneInfo, newest: int, first_year: int | None = None
) -> Reader:
    """Make a reader for one log of a server out of `SERVERS`.

    `host` is whose log it is, `zone` the zone of stamps that name none, `newest` (microseconds
    UTC) the latest time that a line without a year may bear, `first_year` the year of the first
    such line if it is known (`clock.first_year`). Raises `ValueError` for any other server.
    """
    if server not in SERVERS:
        msg = f"There is no parser for {server!r}; there are {', '.join(SERVERS)}."
        raise ValueError(msg)
    module = importlib.import_module(f"postroad.parsers.{server}")
    made: Reader = module.Reader(host, Clock(zone, newest, first_year=first_year))
    return made


def detect(lines: Sequence[str]) -> str | None:
    """Name the server that wrote most of these lines, or None if no parser knows any of them.

    A log that neighbours share with a mail server is the mail server's, however little it says.
    """
    modules = {name: importlib.import_module(f"postroad.parsers.{name}") for name in SERVERS}
    envelope = Envelope(Clock(ZoneInfo("UTC"), _FAR))
    counts = dict.fromkeys(SERVERS, 0)
    for line in lines:
        prefix = envelope.split(line)
        for name, module in modules.items():
            counts[name] += bool(module.recognises(line, prefix))
    for kind in (MAIL_SERVERS, NEIGHBOURS):
        best = max(kind, key=lambda name: counts[name])
        if counts[best]:
            return best
    return None


#: Detection asks for the shape of a line, not for its time: any year will do.
_FAR = 4_000_000_000_000_000
