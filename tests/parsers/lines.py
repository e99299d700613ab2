"""Lines of Dovecot and of content filters, and how tests have them read."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from postroad import parsers
from postroad.model.event import Attempted, Described
from postroad.parsers import neighbours
from postroad.parsers.neighbours import Memory
from postroad.parsers.prefix import Prefix

NEWEST = 1_780_000_000_000_000
AT = 1_770_000_000_000_000
LMTP = "lmtp(ann@example.com)<9956><IkiQKTt+117kJgAAWP5Hkg>: "
MID = "<a1@sender.example>"


def read(text: str, tag: str = "dovecot", memory: Memory | None = None, pid: int = 7) -> object:
    """Read the text of one line of a program."""
    return neighbours.read(Prefix(AT, "mx1", tag, pid, text), "postfix", memory)


def said(text: str, tag: str = "dovecot", memory: Memory | None = None) -> Attempted:
    """Read a line that says what became of a copy."""
    event = read(text, tag, memory)
    assert isinstance(event, Attempted)
    return event


def described(text: str, tag: str, memory: Memory | None = None) -> Described:
    """Read a line that describes a message."""
    event = read(text, tag, memory)
    assert isinstance(event, Described)
    return event


def new_reader(server: str) -> parsers.Reader:
    """A reader of a log of its own."""
    return parsers.reader(server, host="mx1", zone=ZoneInfo("UTC"), newest=NEWEST)


_FIELDS = (
    f"user=vmail,uid=5000,required_score=5.0,rhost=::1,raddr=::1,rport=33770,mid={MID},autolearn=no"
)
SPAMD = (
    f"spamd: processing message {MID} for vmail:5000",
    "spamd: clean message (0.9/5.0) for vmail:5000 in 2.7 seconds, 3164 bytes.",
    f"spamd: result: .  0 - HTML_MESSAGE,SPF_PASS scantime=2.7,size=3164,{_FIELDS}",
)
AMAVIS = (
    "[192.0.2.25]:4711 [192.0.2.25] <carol@sender.example> -> <ann@example.com>, Queue-ID: "
    "4AA091855DA0, Message-ID: {id}, mail_id: 6aLEkMwQa8H2, Hits: {hits}, size: 888, queued_as: "
    "776E41855DB2, 80 ms"
)
AMAVIS_CLEAN = AMAVIS.format(id=MID, hits="-")
