"""Refusals: by rules (parseaddr.c, `rscheck`), by milters (srvrsmtp.c, milter.c), of recipients.

`ruleset=NAME, arg1=A[, arg2=B][, relay=HOST], reject=TEXT | quarantine=TEXT | discard`;
`Milter: to=<R>, reject=TEXT`, `Milter: from=<S>, discard`, `Milter: data, reject=TEXT`;
`<R>... User unknown` for a recipient that was refused with 450, 550 or 553 (err.c, `fmtmsg`).

The first argument of a rule for a header is the header itself, so there the line is taken apart
from its end; that of other rules is an address, a name or a number, and read from the left.
"""

from __future__ import annotations

from postroad.model.event import NOISE, Described, Noted, Rejected
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
)


def rule(head: Prefix, queue_id: str, text: str, memory: Memory) -> Read:
    """Read `ruleset=...`."""
    name, argument, rest = _rule_parts(text)
    if not rest:
        return None
    relay, action, what = _action(rest)
    if not action:
        return None
    command = _COMMANDS.get(name, "END-OF-MESSAGE")
    if command == "":
        # Rules about hosts we deliver to, and about commands that move no mail.
        return _noted(head, queue_id)
    if action == "quarantine":
        return _held(head, queue_id, what)
    address = path(argument)
    return _refused(
        head,
        queue_id,
        command,
        what if action == "reject" else "",
        memory,
        client=peer(relay) if relay else _NOBODY,
        address=address,
        discarded=action == "discard",
    )


def milter(head: Prefix, queue_id: str, text: str, memory: Memory) -> Read:
    """Read `Milter: COMMAND, reject=TEXT` and the like."""
    _, _, told = text.partition(": ")
    keyword = next((each for each in _MILTER if told.startswith(each)), "")
    if not keyword:
        return _noted(head, queue_id)
    command, start = _MILTER[keyword], len(keyword)
    address = ""
    if command in _WITH_ADDRESS:
        end = end_of_address(told, start)
        address, start = path(told[start:end]), end
    if command == "CONNECT":
        name, _, rest = told[start:].partition(", addr=")
        ip, comma, rest = rest.partition(", ")
        address, told, start = f"{name} [{ip}]", comma + rest, 0
    _, action, what = _action(told[start:])
    if action not in {"reject", "discard"}:
        return _noted(head, queue_id)
    return _refused(
        head,
        queue_id,
        command,
        what,
        memory,
        client=peer(address) if command == "CONNECT" else _NOBODY,
        address=address,
        discarded=action == "discard",
    )


def recipient(head: Prefix, queue_id: str, text: str, memory: Memory) -> Read:
    """Read `<R>... User unknown`."""
    del memory
    end = _end_of_path(text)
    if not text.startswith("... ", end):
        return _noted(head, queue_id)
    reply = text[end + 4 :]
    code, enhanced = codes(reply)
    lower = reply.lower()
    return Rejected(
        at=head.at,
        host=head.host,
        queue_id=queue_id,
        command="RCPT",
        temporary=code // 100 == _LATER if code else any(word in lower for word in _LATER_WORDS),
        recipient=path(text[:end]),
        smtp_code=code,
        enhanced_code=enhanced,
        reply=reply,
        pid=head.pid,
    )


def of_milter(head: Prefix, queue_id: str, text: str, memory: Memory) -> Read:
    """Read `milter=NAME, ...`: what is not refused by another line is held, or is a remark."""
    del memory
    _, separator, why = text.partition(", quarantine=")
    return _held(head, queue_id, why) if separator else _noted(head, queue_id)


def quarantine(head: Prefix, queue_id: str, text: str, memory: Memory) -> Read:
    """Read `quarantine=TEXT`, which an operator did."""
    del memory
    return _held(head, queue_id, text.partition("=")[2])


def _refused(
    head: Prefix,
    queue_id: str,
    command: str,
    reply: str,
    memory: Memory,
    *,
    client: Peer,
    address: str,
    discarded: bool,
) -> Rejected:
    if command in _OF_THE_MESSAGE and queue_id:
        memory.begin(f"refused {head.host} {queue_id}", reply)
    code, enhanced = codes(reply)
    return Rejected(
        at=head.at,
        host=head.host,
        queue_id=queue_id,
        command=command,
        temporary=code // 100 == _LATER if code else enhanced.startswith("4"),
        discarded=discarded,
        sender=address if command == "MAIL" else "",
        has_sender=command == "MAIL",
        recipient=address if command == "RCPT" else "",
        smtp_code=code,
        enhanced_code=enhanced,
        reply=reply,
        client_host=client.name,
        client_ip=client.ip,
        pid=head.pid,
    )


def _rule_parts(text: str) -> tuple[str, str, str]:
    """A rule's name, its first argument, and what stands behind; "" for that if it is no rule."""
    name, separator, rest = text[8:].partition(", arg1=")
    if not separator:
        return name, "", ""
    if rest.startswith("<"):
        end = end_of_address(rest, 0)
    elif name in _COMMANDS:
        end = rest.find(", ")
    else:
        end = rest.rfind(", relay=")
        if end < 0:
            end = max(rest.rfind(f", {action}") for action in ("reject=", "quarantine=", "discard"))
    return (name, rest[:end], rest[end:]) if end >= 0 else (name, "", "")


def _action(text: str) -> tuple[str, str, str]:
    """What was done: the host it was done to, the word for it, and the text behind that."""
    relay = ""
    while text.startswith(", "):
        text = text[2:]
        if text == "discard":
            return relay, text, ""
        key, equals, rest = text.partition("=")
        if equals and key in {"reject", "quarantine"}:
            return relay, key, rest
        end = rest.find(", ")
        if key not in {"arg2", "relay"} or end < 0:
            break
        if key == "relay":
            relay = rest[:end]
        text = rest[end:]
    return "", "", ""


def _end_of_path(text: str) -> int:
    """Where an address ends that begins a text: behind its bracket, or at `... `."""
    is_quoted = False
    for position, char in enumerate(text):
        if char == '"':
            is_quoted = not is_quoted
        elif char == ">" and not is_quoted and text.startswith("... ", position + 1):
            return position + 1
    return text.find("... ")


def _held(head: Prefix, queue_id: str, why: str) -> Read:
    if not queue_id:
        return NOISE
    return Described(
        at=head.at,
        host=head.host,
        queue_id=queue_id,
        waiting=f"quarantined: {why}" if why else "quarantined",
    )


def _noted(head: Prefix, queue_id: str) -> Read:
    if not queue_id:
        return NOISE
    return Noted(at=head.at, host=head.host, queue_id=queue_id)


_LATER = 4
#: What our own server says of a recipient that may be tried again.
_LATER_WORDS = ("temporar", "try again", "later", "greylist", "deferred")
_NOBODY = Peer("", "", "")
#: At which command a rule is asked; "" for what refuses no mail that comes in. Others are for
#: headers.
_COMMANDS = {
    "check_relay": "CONNECT",
    "check_mail": "MAIL",
    "check_rcpt": "RCPT",
    "check_data": "DATA",
    "check_compat": "",
    "check_etrn": "",
    "check_expn": "",
    "check_vrfy": "",
    "check_other": "",
    "trust_auth": "",
    "tls_client": "",
    "tls_server": "",
    "tls_rcpt": "",
    "tls_clt_features": "",
    "tls_srv_features": "",
    "try_tls": "",
    "authinfo": "",
    "srv_features": "",
    "oc_rate": "",
    "oc_conc": "",
    "bcc": "",
}
#: What stands behind `Milter: `, and the command it is about.
_MILTER = {
    "to=": "RCPT",
    "from=": "MAIL",
    "data": "END-OF-MESSAGE",
    "cmd=data": "DATA",
    "connect: host=": "CONNECT",
}
_WITH_ADDRESS = frozenset({"RCPT", "MAIL"})
_OF_THE_MESSAGE = frozenset({"DATA", "END-OF-MESSAGE"})

#: What begins a line of this kind, up to the first `=`, and who reads it.
READERS: dict[str, LineReader] = {
    "ruleset": rule,
    "milter": of_milter,
    "quarantine": quarantine,
}
