"""Mail that comes in: sessions, messages, recipients, refusals (smtp_session.c).

Since 6.4: `SESSION smtp connected address=A host=H`, `smtp tls ciphers=C`,
`smtp authentication user=U result=ok`, `smtp message msgid=M size=N nrcpt=N proto=P`, and for each
recipient `smtp envelope evpid=E from=<S> to=<R>`; `smtp failed-command command="C" result="R"`.
From 5.9 on the words were `event=connected` and so on, and `event=message ... from=<S> to=<R>`
stood once for each recipient. Before, all began with `smtp-in: `, as
`Accepted message M on session S: `.

A command is what the client wrote, with quotes and all, so a refusal is taken apart at the last
place where our own words begin.

Limits: no line names the sender of a recipient that was refused, nor the user who submits on this
host.
"""

from __future__ import annotations

import re

from postroad.model.event import NOISE, Arrived, Described, Rejected, SessionTls
from postroad.parsers.opensmtpd.line import (
    LineReader,
    Read,
    Sessions,
    bare,
    client,
    number,
    queue_id,
)
from postroad.parsers.postfix.line import ADDRESS, codes
from postroad.parsers.prefix import Prefix


def connected(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read `address=A host=H`."""
    address, separator, host = text.removeprefix("address=").partition(" host=")
    if not separator:
        return None
    return _came(head, session, client(host, address), sessions)


def _came(head: Prefix, session: str, peer: tuple[str, str], sessions: Sessions) -> Read:
    known = sessions.begun(session)
    known.client_host, known.client_ip = peer
    return Described(
        at=head.at,
        host=head.host,
        client_host=known.client_host,
        client_ip=known.client_ip,
        pid=number(session),
    )


def encrypted(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read `ciphers=C`, or `version=V, cipher=C, bits=N` of before 6.4."""
    known = sessions.begun(session)
    known.tls = text.removeprefix("ciphers=")
    return SessionTls(
        at=head.at,
        host=head.host,
        pid=number(session),
        peer_host=known.client_host,
        peer_ip=known.client_ip,
        tls=known.tls,
    )


def authenticated(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read `user=U result=ok`; the user of a login that failed is anybody's word."""
    user, separator, result = text.removeprefix("user=").rpartition(" result=")
    if not separator:
        return None
    return _logged_in(head, session, user, sessions) if result == "ok" else NOISE


def _logged_in(head: Prefix, session: str, user: str, sessions: Sessions) -> Read:
    known = sessions.begun(session)
    known.user = user
    return Described(
        at=head.at, host=head.host, user=user, client_ip=known.client_ip, pid=number(session)
    )


def message(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read `msgid=M size=N nrcpt=N proto=P`, or older ones with `from=<S> to=<R>`."""
    found = _MESSAGE.fullmatch(text)
    if found:
        message_id, size, protocol = found.groups()
        return _arrived(head, session, message_id, size, protocol, sessions)
    found = _MESSAGE_FOR.fullmatch(text)
    return _accepted(head, session, found, sessions) if found else None


def envelope(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read `evpid=E from=<S> to=<R>`: one recipient."""
    del session, sessions
    found = _ENVELOPE.fullmatch(text)
    if not found:
        return None
    return _recipient(head, queue_id(found[1]), found[2], found[3])


def _recipient(head: Prefix, message_id: str, sender: str, recipient: str) -> Described:
    return Described(
        at=head.at,
        host=head.host,
        queue_id=message_id,
        sender=sender,
        has_sender=True,
        recipient=recipient,
        nrcpt=1,
    )


def _accepted(head: Prefix, session: str, found: re.Match[str], sessions: Sessions) -> Read:
    """Say what a line tells that stands once for each recipient: the first is the arrival."""
    message_id, sender, recipient, size, protocol = found.groups()
    known = sessions.begun(session)
    # The same line again, in a log that is read twice, means the same again.
    if known.message.startswith(f"{message_id} ") and known.message != f"{message_id} {recipient}":
        return _recipient(head, message_id, sender, recipient)
    known.message = f"{message_id} {recipient}"
    return Arrived(
        at=head.at,
        host=head.host,
        queue_id=message_id,
        sender=sender,
        has_sender=True,
        recipients=(recipient,) if recipient is not None else (),
        size=int(size),
        client_host=known.client_host,
        client_ip=known.client_ip,
        protocol=protocol,
        user=known.user,
        user_proven=known.user != "",
        tls=known.tls,
        pid=number(session),
    )


def _arrived(
    head: Prefix, session: str, message_id: str, size: str, protocol: str, sessions: Sessions
) -> Arrived:
    known = sessions.of(session)
    return Arrived(
        at=head.at,
        host=head.host,
        queue_id=message_id,
        size=int(size),
        client_host=known.client_host,
        client_ip=known.client_ip,
        protocol=protocol,
        user=known.user,
        user_proven=known.user != "",
        tls=known.tls,
        pid=number(session),
    )


def failed(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read `command="C" result="R"`."""
    # Some versions name the client first.
    command, separator, reply = text.partition('command="')[2].rpartition('" result="')
    if not separator:
        return None
    return _refused(head, session, command, reply.removesuffix('"'), sessions)


def _refused(head: Prefix, session: str, command: str, reply: str, sessions: Sessions) -> Read:
    """Tell whether mail was refused, or only a command that moves none."""
    verb = command[:4].upper()
    if verb not in _MOVING or not reply[:3].isdecimal():
        return NOISE
    if verb == "DATA" and reply.startswith("50"):
        # There was nothing to send: the recipients before were refused, each on its own line.
        return NOISE
    known = sessions.of(session)
    code, enhanced = codes(reply)
    found = _PATH.match(command)
    path = found[1] if found else ""
    return Rejected(
        at=head.at,
        host=head.host,
        command=verb,
        temporary=reply[0] == "4",
        sender=path if verb == "MAIL" else "",
        has_sender=verb == "MAIL" and found is not None,
        recipient=path if verb == "RCPT" else "",
        smtp_code=code,
        enhanced_code=enhanced,
        reply=reply,
        client_host=known.client_host,
        client_ip=known.client_ip,
        user=known.user,
        user_proven=known.user != "",
        pid=number(session),
    )


def of_old(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read what stands behind `smtp-in: `, as it was before 5.9."""
    del session
    for beginning, read in _OLD:
        if found := beginning.match(text):
            return read(head, found, sessions)
    return NOISE if text.startswith(_OLD_NOISE) else None


def _old_session(head: Prefix, found: re.Match[str], sessions: Sessions) -> Read:
    name, host, address = found.groups()
    peer = ("", "") if address == "local" else (host, bare(address))
    return _came(head, name, client(peer[0], peer[1] or "local"), sessions)


def _old_login(head: Prefix, found: re.Match[str], sessions: Sessions) -> Read:
    return _logged_in(head, found[2], found[1], sessions)


def _old_tls(head: Prefix, found: re.Match[str], sessions: Sessions) -> Read:
    return encrypted(head, found[1], found[2], sessions)


def _old_message(head: Prefix, found: re.Match[str], sessions: Sessions) -> Read:
    message_id, session, rest = found.groups()
    fields = _OLD_MESSAGE.fullmatch(rest)
    if not fields:
        return None
    whole = _OLD_ORDER.fullmatch(f"{message_id}, {rest}")
    return _accepted(head, session, whole, sessions) if whole else None


def _old_refusal(head: Prefix, found: re.Match[str], sessions: Sessions) -> Read:
    command, separator, reply = found[2].rpartition('" => ')
    return _refused(head, found[1], command, reply, sessions) if separator else None


#: Commands whose refusal is that of a message or a recipient.
_MOVING = frozenset({"MAIL", "RCPT", "DATA"})
_PATH = re.compile(rf"(?:MAIL FROM|RCPT TO): ?{ADDRESS}", re.IGNORECASE | re.DOTALL)
_MESSAGE = re.compile(
    r"(?:address=\S+ host=\S+ )?msgid=([0-9a-f]{8}) size=(\d{1,15}) nrcpt=\d+ proto=(\S+)", re.ASCII
)
_MESSAGE_FOR = re.compile(
    rf"(?:address=\S+ host=\S+ )?msgid=([0-9a-f]{{8}}) from={ADDRESS} to={ADDRESS}"
    r" size=(\d{1,15}) ndest=\d+ proto=(\S+)",
    re.ASCII | re.DOTALL,
)
_ENVELOPE = re.compile(rf"evpid=([0-9a-f]{{16}}) from={ADDRESS} to={ADDRESS}", re.ASCII | re.DOTALL)
_SESSION = "([0-9a-f]{16})"
_OLD_MESSAGE = re.compile(r"from=<.*, proto=\S+", re.DOTALL)
_OLD_ORDER = re.compile(
    rf"([0-9a-f]{{8}}), from={ADDRESS}, (?:to={ADDRESS}, )?size=(\d{{1,15}}),"
    r" (?:ndest|nrcpts)=\d+, proto=(\S+)",
    re.ASCII | re.DOTALL,
)
#: What older lines begin with, and who reads them.
_OLD = (
    (re.compile(rf"New session {_SESSION} from host (\S*) \[([^\]]*)\]"), _old_session),
    (
        re.compile(rf"Accepted message ([0-9a-f]{{8}}) on session {_SESSION}: (.*)", re.DOTALL),
        _old_message,
    ),
    (re.compile(rf'Failed command on session {_SESSION}: "(.*)', re.DOTALL), _old_refusal),
    (re.compile(rf"Accepted authentication for user (\S+) on session {_SESSION}"), _old_login),
    (re.compile(rf"Started TLS on session {_SESSION}: (.*)"), _old_tls),
)
_OLD_NOISE = (
    "Closing session ",
    "Disconnecting session ",
    "Received disconnect from session ",
    "Bad input on session ",
    "Authentication failed for user ",
    "Authentication temporarily failed for user ",
    "Client certificate verification ",
    "session ",
    "Disconnected session ",
    "Timeout on session ",
    "Error on session ",
)

#: What lines of an incoming session begin with behind `smtp ` (and `event=`), and who reads them.
READERS: dict[str, LineReader] = {
    "connected": connected,
    "tls": encrypted,
    "starttls": encrypted,
    "authentication": authenticated,
    "message": message,
    "envelope": envelope,
    "failed-command": failed,
}
#: Those that say nothing about a message.
NOISES = frozenset(
    {
        "bad-input",
        "disconnected",
        "closed",
        "client-cert-check",
        "cert-check",
        "proxy",
        "rejected",
        "limited",
    }
)
