"""qmail-send: what its lines say (qmail-send.c, qmail-log(5)).

    new msg M
    info msg M: bytes N from <S> qp Q uid U
    starting delivery D: msg M to local|remote ADDRESS
    delivery D: success|deferral|failure: REPORT
    delivery D: report mangled, will defer
    bounce msg M qp Q
    triple bounce: discarding bounce/M
    end msg M
    status: local 1/10 remote 0/20[ exitasap]
    status: exiting
    warning: ... FILE ...

In every line but the reports, addresses have no spaces (logsafe), so a name of a queue behind the
last word is none of theirs. M is the inode of the message's file, and free again at once after
`end msg M`.

A result whose start was not read is noise: it belongs to a message, but nothing tells to which.
"""

from __future__ import annotations

import re

from postroad.model.event import (
    NOISE,
    Arrived,
    Attempted,
    Described,
    Ended,
    EndKind,
    Linked,
    LinkKind,
    Noted,
)
from postroad.model.status import Outcome
from postroad.parsers.qmail import report
from postroad.parsers.qmail.line import LineReader, Read, is_number, queue_name
from postroad.parsers.qmail.memory import Memory, Started


class Queue:
    """Reads the lines of qmail-send; remembers what is under way."""

    def __init__(self) -> None:
        """Nothing is under way."""
        self.memory = Memory()
        #: By the first word of a line.
        self.readers: dict[str, LineReader] = {
            "new": self._new,
            "info": self._info,
            "starting": self._starting,
            "delivery": self._delivery,
            "end": self._end,
            "bounce": self._bounce,
            "triple": _discarding,
            "double": _discarding,
            "status:": self._status,
            "warning:": _warning,
            "alert:": _remark,
            "exiting": _remark,
            "running": _remark,
            "number": _remark,
            # indimail: sender, recipient and size once more.
            "local:": _remark,
            "remote:": _remark,
            "local": _remark,
            "remote": _remark,
        }

    def _new(self, at: int, host: str, text: str) -> Read:
        queue_id, queue = _message(text)
        if not queue_id:
            return None
        return Arrived(at=at, host=host, instance=queue, queue_id=queue_id)

    def _info(self, at: int, host: str, text: str) -> Read:
        colon = text.find(": bytes ")
        start = text.find(" from <", colon)
        # The sender is a stranger's choice, but has no spaces.
        end = text.find("> qp ", start)
        queue_id, size = text[4:colon], text[colon + 8 : start]
        if text[:4] != "msg " or colon < 0 or start < 0 or end < 0:
            return None
        process, _, rest = text[end + 5 :].partition(" uid ")
        uid, space, name = rest.partition(" ")
        queue = queue_name(space + name)
        if queue is None or not all(map(is_number, (queue_id, size, process, uid))):
            return None
        sender = text[start + 7 : end]
        bounce_of = ""
        if sender in _FROM_NOBODY:
            bounce_of = self.memory.arrive(queue, process, queue_id, at)
        return Described(
            at=at,
            host=host,
            instance=queue,
            queue_id=queue_id,
            sender=sender,
            has_sender=True,
            size=int(size),
            bounce_of=bounce_of,
            # It was read from where qmail-queue had put it, and is in the queue now.
            waiting="-",
        )

    def _starting(self, at: int, host: str, text: str) -> Read:
        # delivery D: msg M to CHANNEL ADDRESS[ QUEUE]
        words = text.split(" ", 7)
        if len(words) < _STARTING or words[0] != "delivery" or words[2] != "msg":
            return None
        number, queue_id, channel, address = words[1][:-1], words[3], words[5], words[6]
        queue = queue_name(" " + words[7]) if len(words) > _STARTING else ""
        is_remote = channel == "remote"
        if (
            queue is None
            or words[1][-1:] != ":"
            or not is_number(number)
            or not is_number(queue_id)
            or (not is_remote and channel != "local")
        ):
            return None
        if not is_remote:
            address = without_prefix(address)
        self.memory.start(queue, number, Started(queue_id, address, is_remote, at))
        return Described(at=at, host=host, instance=queue, queue_id=queue_id, recipient=address)

    def _delivery(self, at: int, host: str, text: str) -> Read:
        number, _, rest = text.partition(": ")
        result, _, told = rest.partition(": ")
        outcome = report.OUTCOMES.get(result)
        queue = ""
        if outcome is None:
            if not rest.startswith(_MANGLED):
                return None
            outcome = Outcome.DEFERRED
            told, tail = rest[: len(_MANGLED)], rest[len(_MANGLED) :]
        elif told.endswith("/"):
            tail = ""
        else:
            # A report has no spaces, so a name behind one is the queue's.
            space = told.rfind(" ")
            told, tail = (told[:space], told[space:]) if space >= 0 else (told, "")
        if tail:
            queue = queue_name(tail) or ""
            if not queue:
                told += tail
        if not is_number(number):
            return None
        started = self.memory.finish(queue, number, at)
        if started is None:
            return NOISE
        queue_id, address, is_remote, _ = started
        said = report.read(told, address, is_remote=is_remote)
        is_delivered = outcome is Outcome.DELIVERED
        if is_delivered and not is_remote and said.reply == report.NOWHERE:
            outcome = Outcome.DISCARDED
        return Attempted(
            at=at,
            host=host,
            instance=queue,
            queue_id=queue_id,
            outcome=outcome,
            address=address,
            transport="remote" if is_remote else "local",
            remote=is_remote,
            remote_ip=said.remote_ip,
            smtp_code=said.smtp_code,
            enhanced_code=said.enhanced_code,
            reply=said.reply,
            next_queue_id=said.next_queue_id if is_delivered else "",
            expired=said.expired,
        )

    def _bounce(self, at: int, host: str, text: str) -> Read:
        # msg M qp Q[ QUEUE]
        words = text.split(" ", 4)
        if len(words) < _BOUNCE or words[0] != "msg" or words[2] != "qp":
            return None
        queue_id, process = words[1], words[3]
        queue = queue_name(" " + words[4]) if len(words) > _BOUNCE else ""
        if queue is None or not is_number(queue_id) or not is_number(process):
            return None
        other = self.memory.bounce(queue, process, queue_id, at)
        if other:
            return Linked(
                at=at,
                host=host,
                instance=queue,
                queue_id=queue_id,
                kind=LinkKind.BOUNCED_AS,
                other=other,
            )
        return Noted(at=at, host=host, instance=queue, queue_id=queue_id)

    def _end(self, at: int, host: str, text: str) -> Read:
        queue_id, queue = _message(text)
        if not queue_id:
            return None
        return Ended(at=at, host=host, instance=queue, queue_id=queue_id, kind=EndKind.COMPLETED)

    def _status(self, at: int, host: str, text: str) -> Read:
        """`status: exiting`, or how many deliveries are under way: at none, all are forgotten."""
        del at, host
        started = self.memory.started
        if started and (text.startswith(("local 0/", "exiting"))):
            # local 0/10 remote 0/20[ exitasap][ QUEUE]; patches have more pairs.
            words = text.split(" ")
            if all(word.startswith("0/") for word in words if "/" in word):
                is_named = words[-1] not in _STATUS_WORDS and "/" not in words[-1]
                self.memory.forget(words[-1] if is_named else "")
        return NOISE


def without_prefix(address: str) -> str:
    """A local address as it was addressed to, if what stands before it is its own domain.

    qmail-send puts what control/virtualdomains says, and a hyphen, before addresses of virtual
    domains (qmail-send.c, rewrite). vpopmail and indimail have the domain itself there:
    `example.com-anna@example.com` is anna@example.com. Any other prefix cannot be told from a name.
    """
    local, at, domain = address.rpartition("@")
    length = len(domain)
    if at and local[length : length + 1] == "-" and local[:length].lower() == domain.lower():
        return local[length + 1 :] + at + domain
    return address


def _message(text: str) -> tuple[str, str]:
    """Read `msg M[ QUEUE]`; two empty words if it is something else."""
    word, _, rest = text.partition(" ")
    queue_id, space, name = rest.partition(" ")
    queue = queue_name(space + name)
    if word != "msg" or queue is None or not is_number(queue_id):
        return "", ""
    return queue_id, queue


def _discarding(at: int, host: str, text: str) -> Read:
    """Read `triple bounce: discarding bounce/M`: nobody is told of this one."""
    found = _DISCARDING.fullmatch(text)
    if not found:
        return None
    queue = queue_name(found[2] or "") or ""
    return Noted(at=at, host=host, instance=queue, queue_id=found[1])


def _warning(at: int, host: str, text: str) -> Read:
    """Read a warning: about a message if it names one of its files, which bear its number."""
    found = _FILE.search(text)
    if not found:
        return NOISE
    queue = queue_name(found[2] or "") or ""
    return Noted(at=at, host=host, instance=queue, queue_id=found[1])


def _remark(at: int, host: str, text: str) -> Read:
    del at, host, text
    return NOISE


#: The null sender, and that of bounces of bounces (qmail-send.c, injectbounce).
_FROM_NOBODY = frozenset({"", "#@[]"})
_MANGLED = "report mangled, will defer"
#: Words of the lines behind their first, without a queue's name.
_STARTING, _BOUNCE = 7, 4
_STATUS_WORDS = frozenset({"exiting", "exitasap"})
_DISCARDING = re.compile(r"bounce: discarding bounce/(\d{1,20})( .+)?", re.ASCII)
#: qmail-send.c, fnmake_*; `split` is the number of a directory (fmtqfn.c).
_FILE = re.compile(
    r"(?:^| )(?:todo|foop|bounce|(?:info|mess|local|remote)/\d{1,9})/(\d{1,20})(?![\w/])"
    r"(?:.*( [A-Za-z]+\d+))?",
    re.ASCII,
)
