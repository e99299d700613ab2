"""Attempts, as deliver.c (`logdelivery`) writes them.

`to=R1,R2[, [more]][, ctladdr=A (uid/gid)], delay=D[, xdelay=D][, mailer=M], pri=N
[, relay=HOST [IP]][, dsn=x.y.z][, ntries=N][, reply=TEXT], stat=TEXT`

One line speaks of all recipients that fared alike in one session. The class of the status code,
which stands before the other server's words, tells how. Without one (before 8.10, and where nothing
was tried) the text tells. `ctladdr` is under whose name a mailer runs: mostly that of a sender who
bears a local user's name. A sender is what the client said, so it proves nothing.

Where a message is refused after all, its recipients are logged without a mailer (srvrsmtp.c,
`logundelrcpts`).

Limit: the address of an alias is nowhere, only those that it leads to.
"""

from __future__ import annotations

import re

from postroad.model.event import Attempted, Ended, EndKind, Rejected
from postroad.model.status import Outcome
from postroad.parsers.exim.fields import next_queue_id
from postroad.parsers.postfix.line import codes
from postroad.parsers.prefix import Prefix
from postroad.parsers.sendmail.line import (
    LineReader,
    Memory,
    Peer,
    Read,
    end_of_address,
    path,
    peer,
    seconds,
)


def recipients(head: Prefix, queue_id: str, text: str, memory: Memory) -> Read:
    """Read the whole line."""
    addresses, start = _addresses(text)
    found = _FIELDS.match(text, start) if start >= 0 else None
    if found is None:
        return None
    delay, mailer, relay, dsn, said, stat = found.groups("")
    if not mailer and stat not in _WAITING:
        return _taken_back(head, queue_id, addresses, stat, memory)
    remote = peer(relay) if relay else _NOBODY
    outcome = _outcome(dsn, stat, addresses[0])
    reply = said or stat
    code, enhanced = codes(reply.removeprefix("Deferred: "))
    is_remote = remote.ip != "" or mailer in _SMTP
    session = memory.session(head, remote.name or remote.ip, side="client") if is_remote else None
    return Attempted(
        at=head.at,
        host=head.host,
        queue_id=queue_id,
        outcome=outcome,
        address=addresses[0],
        also=tuple(addresses[1:]),
        transport=mailer,
        remote=is_remote,
        remote_host=remote.name if is_remote else "",
        remote_ip=remote.ip,
        tls=session.tls if session else "",
        smtp_code=code,
        enhanced_code=enhanced or dsn,
        reply=reply,
        next_queue_id=next_queue_id(stat) if outcome is Outcome.DELIVERED else "",
        counted=outcome is not Outcome.POSTPONED,
        pid=head.pid,
        delay=seconds(delay),
    )


def _addresses(text: str) -> tuple[list[str], int]:
    """The addresses behind `to=`, and where the fields begin."""
    end = text.find(", ", 3)
    listed = text[3:end]
    if end >= 0 and '"' not in listed and "(" not in listed:
        found = listed.split(",")
        return [_address(each) for each in found if each], end
    addresses = []
    start = 3
    while True:
        end = end_of_address(text, start)
        addresses.append(_address(text[start:end]))
        if end >= len(text) or text[end + 1 : end + 2] == " ":
            return addresses, end
        start = end + 1


def _address(text: str) -> str:
    """An address as others write it: in brackets, or behind a backslash, which ends expansion."""
    return path(text).removeprefix("\\")


def _outcome(dsn: str, stat: str, address: str) -> Outcome:
    """Tell how the attempt ended: by the status code's class, or else by the text."""
    if stat.startswith(_DISCARDED) or (address == "/dev/null" and stat.startswith("Sent")):
        return Outcome.DISCARDED
    if stat in _WAITING:
        return Outcome.POSTPONED
    if dsn[:2] in _CLASSES:
        return _CLASSES[dsn[:2]]
    if stat.startswith("Sent"):
        return Outcome.DELIVERED
    return Outcome.DEFERRED if stat.startswith(_LATER) else Outcome.FAILED


def _taken_back(
    head: Prefix, queue_id: str, addresses: list[str], stat: str, memory: Memory
) -> Read:
    """Say what became of recipients that no mailer was asked for."""
    if stat == "discarded":
        return Attempted(
            at=head.at,
            host=head.host,
            queue_id=queue_id,
            outcome=Outcome.DISCARDED,
            address=addresses[0],
            also=tuple(addresses[1:]),
            reply=stat,
            counted=False,
        )
    if stat == "aborted by sender" or stat in _COMMANDS:
        return Ended(at=head.at, host=head.host, queue_id=queue_id, kind=EndKind.ABANDONED, by=stat)
    # What was answered stands on the line of the rule or the filter, with its code.
    reply = memory.begun(f"refused {head.host} {queue_id}") or stat
    code, enhanced = codes(reply)
    return Rejected(
        at=head.at,
        host=head.host,
        queue_id=queue_id,
        command="END-OF-MESSAGE",
        temporary=reply[:1] == "4",
        recipient=addresses[0],
        recipients=tuple(addresses[1:]),
        smtp_code=code,
        enhanced_code=enhanced,
        reply=reply,
        pid=head.pid,
    )


#: The fields behind the addresses, in their order. What is somebody's words ends where the next
#: field that must come begins for the first time.
_FIELDS = re.compile(
    r"(?:, \[more\])?(?:, ctladdr=(?>.*?(?=, delay=)))?, delay=([^,]*)(?:, xdelay=[^,]*)?"
    r"(?:, mailer=([^,]*))?(?:, tls_verify=[^,]*)?(?:, tls_version=[^,]*)?(?:, cipher=[^,]*)?"
    r"(?:, pri=[^,]*)?(?:, relay=([^,]*))?(?:, quarantine=(?>.*?(?=, (?:dsn|stat)=)))?"
    r"(?:, dsn=([^,]*))?(?:, ntries=[^,]*)?(?:, stage=[^,]*)?"
    r"(?:, (?:reply|status)=((?>.*?(?=, stat=))))?, stat=(.*)",
    re.DOTALL,
)
_NOBODY = Peer("", "", "")
_CLASSES = {"2.": Outcome.DELIVERED, "4.": Outcome.DEFERRED, "5.": Outcome.FAILED}
#: Nothing was tried: the queue runner will (queue.c, `queueup`).
_WAITING = frozenset({"queued", "quarantined"})
_DISCARDED = ("discarded",)
#: Texts of mailers that ask for another try (libsm/strexit.c, `sm_sysexmsg`).
_LATER = ("Deferred", "I/O error", "Operating system error")
#: Commands that end a transaction before its message.
_COMMANDS = frozenset({"RSET", "HELO", "EHLO", "MAIL", "QUIT", "STARTTLS", "AUTH"})
_SMTP = frozenset({"smtp", "esmtp", "smtp8", "dsmtp", "relay"})

#: What begins a line of this kind, and who reads it.
READERS: dict[str, LineReader] = {"to": recipients}
