"""qmail: what its log lines say, and those of the programs around it.

Comes in: the lines of a log of qmail-send or qmail-smtpd, written by multilog(8) with a TAI64N
stamp, through tai64nlocal(8), or through splogger(8) and syslog. Goes out: events. Understood are
qmail 1.03, netqmail, notqmail, s/qmail, and indimail, which names its queues at the end of lines.

A message's number is an inode and comes round again, so nothing here takes one for unique.
Results name a delivery by a number that only the line of its start explains: a reader remembers
what is under way, and can hand that on (`carried`, `carry`).

Limits: qmail logs neither Message-IDs nor subjects, nor from where a message came. splogger cuts
lines after 800 characters; what it puts on lines of their own is kept, but not put together again.
Forwards (`did_0+1+0/qp_31067/`) are shown as delivered, and what they became as messages of their
own.
"""

from __future__ import annotations

from postroad.model.event import (
    NOISE,
    Arrived,
    Attempted,
    Described,
    Ended,
    EndKind,
    Event,
    Noise,
    Noted,
)
from postroad.model.status import Outcome
from postroad.parsers.clock import MINUTE, SECOND, Clock
from postroad.parsers.prefix import Envelope, Prefix
from postroad.parsers.qmail import door, memory
from postroad.parsers.qmail.line import LineReader, Read, Sample, is_number
from postroad.parsers.qmail.queue import Queue

__all__ = ["SAMPLES", "Reader", "recognises"]

#: Programs before the queue, by how they name themselves.
_DOOR: dict[str, LineReader] = {
    "rblsmtpd": door.rblsmtpd,
    "tcpserver": door.tcpserver,
    "sslserver": door.tcpserver,
    "qmail-smtpd": door.qmail_smtpd,
    "CHKUSER": door.chkuser,
    "spamdyke": door.spamdyke,
    "simscan": door.simscan,
}
#: Programs around qmail whose lines say nothing of any message.
_BACKGROUND = ("qmail-scanner", "qmail-daemon", "policy_check", "mail recv", "authup", "recordio")
#: Other mail servers, whose lines are not understood here.
_OTHERS = ("postfix", "exim", "sendmail", "sm-mta", "courier", "opensmtpd")
_QUARTER = 15 * MINUTE


class Reader:
    """Reads one log of qmail. `host` stands in where the envelope names none."""

    def __init__(self, host: str, clock: Clock) -> None:
        """Begin before the first line; `clock` dates lines that have no stamp in UTC."""
        self.clock = clock
        #: Seconds by which syslog's stamps are off splogger's, if that is the difference of zones.
        self.zone_hint: int | None = None
        self._host = host
        self._envelope = Envelope(clock)
        self._queue = Queue()
        self._readers = self._queue.readers
        #: The message that the last line of splogger was about.
        self._last: Event | None = None

    @property
    def carried(self) -> bytes:
        """What must be remembered to go on reading here: which deliveries are under way."""
        return self._queue.memory.pack()

    def carry(self, data: bytes) -> None:
        """Take up what `carried` gave; anything else is nothing."""
        self._queue.memory = memory.unpack(data)

    def read(self, line: str) -> Event | Noise | None:
        """Say what one line (without its newline) says; None if it is not understood."""
        head = self._envelope.split(line)
        if head is None:
            # journalctl writes "-- Boot ... --" between entries.
            return NOISE if not line.strip() or line.startswith("-- ") else None
        host = head.host or self._host
        if head.tag or head.host:
            return self._tagged(head, host)
        text = head.text
        word, _, rest = text.partition(" ")
        reader = self._readers.get(word)
        if reader is not None:
            return reader(head.at, host, rest)
        return _around(head.at, host, text)

    def _tagged(self, head: Prefix, host: str) -> Read:
        """Read a line that came through syslog."""
        tag, text, at = head.tag, head.text, head.at
        if not tag:
            return NOISE if head.repeated or text.startswith("-- MARK --") else None
        stamp = _stamp(text)
        if stamp:
            self._compare(at, stamp)
            at = stamp
            self.clock.witness(at)
            if text[_STAMP] == "+":
                return self._continued(at)
            text = text[_STAMP + 1 :]
        elif tag in _DOOR:
            return _DOOR[tag](at, host, text)
        elif not tag.startswith("qmail"):
            return None if tag.startswith(_OTHERS) else NOISE
        word, _, rest = text.partition(" ")
        reader = self._readers.get(word)
        event = reader(at, host, rest) if reader else _around(at, host, text)
        if stamp:
            self._last = event if isinstance(event, Arrived | Attempted | Described) else None
        elif event is None and tag not in _QUEUE_TAGS:
            return NOISE
        return event

    def _continued(self, at: int) -> Read:
        """Read a further piece of a long line: it belongs to what the first piece was about."""
        last = self._last
        if last is None:
            return NOISE
        return Noted(at=at, host=last.host, instance=last.instance, queue_id=last.queue_id)

    def _compare(self, at: int, stamp: int) -> None:
        """Compare the time that syslog wrote with splogger's own, which is in UTC."""
        quarters, rest = divmod(at - stamp + MINUTE, _QUARTER)
        if rest <= 2 * MINUTE:
            self.zone_hint = quarters * _QUARTER // SECOND or None


def recognises(line: str, prefix: Prefix | None) -> bool:
    """Whether a line, whose envelope is `prefix`, was written by qmail or what stands before it."""
    del line
    if prefix is None:
        return False
    tag, text = prefix.tag, prefix.text
    if tag:
        return tag.startswith("qmail") or tag in _DOOR or _stamp(text) != 0
    return not prefix.host and (_is_of_queue(text) or _program(text) is not None)


def _is_of_queue(text: str) -> bool:
    """Whether a text without a tag looks like qmail-send's."""
    first, _, rest = text.partition(" ")
    second, _, rest = rest.partition(" ")
    match first:
        case "new" | "end" | "info" | "bounce":
            return second == "msg" and is_number(rest.partition(" ")[0].rstrip(":"))
        case "starting":
            return second == "delivery"
        case "delivery":
            return second[-1:] == ":" and is_number(second[:-1])
        case "status:":
            return second in {"local", "exiting"}
        case _:
            return False


def _program(text: str) -> tuple[LineReader, str] | None:
    """The program that a text names first, and the text behind its name."""
    name, end = text, len(text)
    for sign in ":[ ":
        at = text.find(sign, 0, _LONGEST_NAME)
        if 0 <= at < end:
            name, end = text[:at], at
    reader = _DOOR.get(name)
    if reader is None:
        return None
    if name == "simscan":
        return reader, text[end + 1 :]
    if text[end : end + 1] == "[":
        end = text.find("]", end) + 1
    return reader, text[end:].removeprefix(":").removeprefix(" ")


def _around(at: int, host: str, text: str) -> Read:
    """Read a line of a program before the queue, or around it."""
    found = _program(text)
    if found is None:
        return NOISE if text.startswith(_BACKGROUND) else None
    reader, rest = found
    return reader(at, host, rest)


def _stamp(text: str) -> int:
    """The time that splogger puts first (`SECONDS.MICROSECONDS`), microseconds UTC; 0 if none."""
    if text[10:11] != "." or text[_STAMP : _STAMP + 1] not in {" ", "+"}:
        return 0
    seconds, micro = text[:10], text[11:_STAMP]
    if not (seconds.isascii() and seconds.isdigit() and micro.isascii() and micro.isdigit()):
        return 0
    return int(seconds) * SECOND + int(micro)


#: Length of splogger's stamp.
_STAMP = 17
_LONGEST_NAME = 20
#: Tags of programs whose every line should be understood.
_QUEUE_TAGS = frozenset({"qmail", "qmail-send", "qmail-todo"})

_INFO = "info msg 2638395: bytes 4233 from <ann@sender.example> qp 30980 uid 65534"
_REMOTE = "starting delivery 592293: msg 2638395 to remote bob@other.example"
_LOCAL = "starting delivery 7: msg 2638395 to local anna@example.com"
_SAID = "Remote_host_said:_"


def _remote(result: str, report: str, **fields: object) -> Sample:
    """A result of a delivery to another host."""
    return Sample(f"delivery 592293: {result}: {report}", Attempted, fields, (_REMOTE,))


def _local(result: str, report: str, **fields: object) -> Sample:
    """A result of a delivery on this host."""
    return Sample(f"delivery 7: {result}: {report}", Attempted, fields, (_LOCAL,))


#: Lines that must be understood, and how.
SAMPLES: tuple[Sample, ...] = (
    Sample("new msg 2638395", Arrived, {"queue_id": "2638395", "instance": ""}),
    Sample("new msg 2638395 queue5", Arrived, {"queue_id": "2638395", "instance": "queue5"}),
    Sample(
        _INFO,
        Described,
        {"queue_id": "2638395", "sender": "ann@sender.example", "has_sender": True, "size": 4233},
    ),
    Sample(
        "info msg 53: bytes 90 from <> qp 31496 uid 7794",
        Described,
        {"queue_id": "53", "sender": "", "has_sender": True, "bounce_of": "2638362"},
        ("bounce msg 2638362 qp 31496",),
    ),
    Sample(
        "info msg 53: bytes 814 from <a@b.example>_qp_1> qp 555 uid 0 queue5",
        Described,
        {"sender": "a@b.example>_qp_1", "instance": "queue5"},
    ),
    Sample(_REMOTE, Described, {"queue_id": "2638395", "recipient": "bob@other.example"}),
    Sample(
        "starting delivery 8: msg 53 to local example.com-anna@example.com queue5",
        Described,
        {"queue_id": "53", "recipient": "anna@example.com", "instance": "queue5"},
    ),
    _remote(
        "success",
        f"192.0.2.91_accepted_message./{_SAID}250_2.0.0_OK:_queued_as_4F5C64474F/",
        queue_id="2638395",
        outcome=Outcome.DELIVERED,
        address="bob@other.example",
        transport="remote",
        remote=True,
        remote_ip="192.0.2.91",
        smtp_code=250,
        enhanced_code="2.0.0",
        reply="192.0.2.91 accepted message. Remote host said: 250 2.0.0 OK: queued as 4F5C64474F",
        next_queue_id="4F5C64474F",
    ),
    _remote(
        "deferral",
        f"Connected_to_192.0.2.42_but_greeting_failed./{_SAID}421_too_many_connections/",
        outcome=Outcome.DEFERRED,
        remote_ip="192.0.2.42",
        smtp_code=421,
        reply="Connected to 192.0.2.42 but greeting failed. "
        "Remote host said: 421 too many connections",
    ),
    _remote(
        "failure",
        f"192.0.2.51_does_not_like_recipient./{_SAID}550-5.1.1_<no_one@other.example>_unknown/"
        "550_5.1.1_see_http://other.example/help/Giving_up_on_192.0.2.51./",
        outcome=Outcome.FAILED,
        remote_ip="192.0.2.51",
        smtp_code=550,
        enhanced_code="5.1.1",
        reply="192.0.2.51 does not like recipient. Remote host said: 550-5.1.1 "
        "<no_one@other.example> unknown\n550 5.1.1 see http://other.example/help "
        "Giving up on 192.0.2.51.",
    ),
    _remote(
        "deferral",
        "Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/",
        remote=True,
        remote_ip="",
        smtp_code=None,
        enhanced_code="4.4.1",
        reply="Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)",
    ),
    _remote(
        "failure",
        "Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/I'm_not_going_to_try_again;"
        "_this_message_has_been_in_the_queue_too_long./",
        expired=True,
        enhanced_code="4.4.1",
        reply="Sorry, I wasn't able to establish an SMTP connection. (#4.4.1) I'm not going to try "
        "again; this message has been in the queue too long.",
    ),
    _remote(
        "deferral",
        "Connected_to_2001:db8::25_but_connection_died._Possible_duplicate!_(#4.4.2)/",
        remote_ip="2001:db8::25",
        enhanced_code="4.4.2",
    ),
    _remote(
        "deferral",
        f"TLS_connect_failed:_timed_out;_connected_to_192.0.2.42./{_SAID}220_mx_ESMTP/",
        remote_ip="192.0.2.42",
    ),
    _local(
        "success",
        "did_1+0+0/",
        outcome=Outcome.DELIVERED,
        address="anna@example.com",
        transport="local",
        remote=False,
        reply="did 1+0+0",
    ),
    _local("success", "did_0+0+0/", outcome=Outcome.DISCARDED, reply="did 0+0+0"),
    _local("success", "did_0+1+0/qp_31067/", reply="did 0+1+0 qp 31067"),
    _local(
        "failure",
        "Sorry,_no_mailbox_here_by_that_name._vpopmail_(#5.1.1)/",
        outcome=Outcome.FAILED,
        enhanced_code="5.1.1",
        reply="Sorry, no mailbox here by that name. vpopmail (#5.1.1)",
    ),
    _local(
        "failure",
        "This_message_is_looping:_it_already_has_my_Delivered-To_line._(#5.4.6)/",
        enhanced_code="5.4.6",
    ),
    Sample(
        "delivery 7: report mangled, will defer",
        Attempted,
        {"outcome": Outcome.DEFERRED, "reply": "report mangled, will defer"},
        (_LOCAL,),
    ),
    Sample(
        "delivery 1: success: did_0+0+1/ queue5",
        Attempted,
        {"instance": "queue5", "queue_id": "53", "address": "anna@example.com"},
        ("starting delivery 1: msg 53 to local example.com-anna@example.com queue5",),
    ),
    Sample("delivery 99: success: did_1+0+0/", type(NOISE), {}),
    Sample("bounce msg 2638362 qp 31496", Noted, {"queue_id": "2638362"}),
    Sample("triple bounce: discarding bounce/2638362", Noted, {"queue_id": "2638362"}),
    Sample("double bounce: discarding bounce/2638362", Noted, {"queue_id": "2638362"}),
    Sample("end msg 2638395", Ended, {"queue_id": "2638395", "kind": EndKind.COMPLETED}),
    Sample(
        "warning: trouble marking local/3/2638395; message will be delivered twice!",
        Noted,
        {"queue_id": "2638395"},
    ),
    Sample("warning: internal error: delivery report out of range", type(NOISE), {}),
    Sample("alert: out of memory, sleeping...", type(NOISE), {}),
    Sample("status: local 0/10 remote 34/35", type(NOISE), {}),
    Sample("status: exiting", type(NOISE), {}),
    Sample("local: ann@example.com anna@example.com 814 queue5", type(NOISE), {}),
    *door.SAMPLES,
)
