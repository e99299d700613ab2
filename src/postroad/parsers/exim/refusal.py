"""Exim: what it says about a session: refusals, warnings, verifications (acl.c, smtp_in.c).

Comes in: the text of a line that is led by the client, or by the word `rejected`. Goes out:
`Rejected` where a message or a recipient was refused, otherwise an event of less weight or
`NOISE`; None if it is not written so.

    [H=host] [I=] [U=login] [Ci=] [X=tls] [CV=] [DN=""] [F=<sender>] [A=auth:id] [temporarily ]
    rejected RCPT <recipient>: words

A refusal has a message id only if the message's text was read already. One that names no id, no
sender and no recipient speaks of a connection, not of mail.
"""

from __future__ import annotations

import re

import msgspec

from postroad.model.event import NOISE, Described, Event, Noise, Noted, Rejected
from postroad.parsers.exim import fields
from postroad.parsers.exim.fields import ANGLE, CLIENT, MINOR, TLS, Head

_SENDER = rf"(?:{ANGLE}|([^ ]+))"
_SESSION = re.compile(
    rf"(?:(?: DS)? F={_SENDER})?(?: DS)?(?: H={CLIENT})?{MINOR}(?: U=([^ ]+))?{MINOR}"
    rf"{TLS}{MINOR}(?: F={_SENDER})?(?: A=([^ ]+))?{MINOR}(?: P=([^ ]+))?"
    r"(?=[ :]|$)"
)
_BARE = r"([^ ]*?)(?=: |$| [A-Z]=)"
_ADDRESS = rf"(?:{ANGLE}|{_BARE})"
_REJECTED = re.compile(r" (temporarily )?rejected (?=[^ ])")
_DISCARDED = re.compile(rf" RCPT {_ADDRESS}: discarded by (MAIL|RCPT) ACL(?:: (.*))?$", re.DOTALL)
_RECIPIENT = re.compile(rf"RCPT {_ADDRESS}(?:: (.*))?$", re.DOTALL)
_MAIL = re.compile(rf"MAIL (?:FROM:)?{_ADDRESS}((?: [A-Z]=.*?)?)(?:: (.*))?$", re.DOTALL)
_FROM = re.compile(rf"from {_ADDRESS}((?: [A-Z]=.*?)?): (.*)$", re.DOTALL)
_UNQUALIFIED = re.compile(rf"unqualified (sender|recipient) rejected: {ANGLE}(.*)$", re.DOTALL)
_TOO_MANY = re.compile(
    rf"too many recipients: (excess temporarily rejected|message rejected): sender={ANGLE}(.*)$"
)
_SPAM = re.compile(
    r'"?SpamAssassin as .* detected message as (NOT )?spam \((-?\d{1,9}(?:\.\d{1,9})?)\)"?$',
    re.DOTALL,
)

#: What was refused, by the words for it, and the command or moment that stands for it.
_MOMENTS = {
    "after DATA PRDR": "END-OF-MESSAGE",
    "after DATA": "END-OF-MESSAGE",
    "during MIME ACL checks": "END-OF-MESSAGE",
    "by local_scan()": "END-OF-MESSAGE",
    "by non-SMTP ACL": "END-OF-MESSAGE",
    "DKIM": "END-OF-MESSAGE",
    "DATA": "DATA",
    "BDAT": "DATA",
    "MAIL": "MAIL",
    "connection": "CONNECT",
    "EHLO": "HELO",
    "HELO": "HELO",
    "AUTH": "AUTH",
    "VRFY": "VRFY",
    "EXPN": "EXPN",
    "ETRN": "ETRN",
    "ATRN": "ATRN",
    "STARTTLS": "STARTTLS",
    "HELP": "HELP",
    "NOOP": "NOOP",
    "RSET": "RSET",
    "QUIT": "QUIT",
    "XCLIENT": "XCLIENT",
    "WELLKNOWN": "WELLKNOWN",
}
#: What else follows a client; none of it decides a message's fate.
_REMARKS = (
    " sender verify fail for ",
    " sender verify defer for ",
    " sender verify OK ",
    " Warning: ",
    " incomplete transaction (",
    " dropped by ",
    " discarded by ",
    " TLS error on connection ",
    " Warning:",
)
#: What Exim says of a host that it tried for a message without settling a recipient (smtp.c).
_TRIED = re.compile(r"(?::? [^ ].*)?$", re.DOTALL)


class _Session(msgspec.Struct, gc=False):
    """The client that a line begins with."""

    client_host: str = ""
    client_ip: str = ""
    helo: str = ""
    ident: str = ""
    auth: str = ""
    protocol: str = ""
    sender: str = ""
    has_sender: bool = False


def led_by_client(head: Head, text: str) -> Event | Noise | None:
    """Read a line that begins with `H=`, `U=` or `F=`; `text` begins with a space."""
    found = _SESSION.match(text)
    if not found or not found.end():
        return None
    session = _session(found.groups())
    rest = text[found.end() :]
    if rejected := _REJECTED.match(rest):
        return _refusal(head, session, rest[rejected.end() :], temporary=bool(rejected[1]))
    if discarded := _DISCARDED.match(rest):
        return _rejected(
            head,
            session,
            command=discarded[3],
            recipient=discarded[1] or discarded[2] or "",
            words=discarded[4] or "",
            discarded=True,
        )
    if rest.startswith(_REMARKS):
        return _remark(head, rest)
    if head.queue_id and _TRIED.match(rest):
        return Noted(
            at=head.at, host=head.host, queue_id=head.queue_id, tried_host=text.removeprefix(" H=")
        )
    return None


def led_by_verdict(head: Head, text: str) -> Event | Noise | None:
    """Read a line that begins with the refusal; the client comes behind it."""
    if text.startswith(("rejected ", "temporarily rejected ")):
        temporary = text.startswith("temporarily ")
        return _refusal(head, _Session(), text.partition("rejected ")[2], temporary=temporary)
    if found := _UNQUALIFIED.match(text):
        session = _client_in(found[3])
        if found[1] == "recipient":
            return _rejected(
                head, session, command="RCPT", recipient=found[2], words="unqualified recipient"
            )
        session.sender, session.has_sender = found[2], True
        return _rejected(head, session, command="MAIL", words="unqualified sender")
    if found := _TOO_MANY.match(text):
        session = _client_in(found[3])
        session.sender, session.has_sender = found[2], True
        return _rejected(
            head,
            session,
            command="RCPT",
            words=f"too many recipients: {found[1]}",
            temporary="temporarily" in found[1],
        )
    return None


def _refusal(
    head: Head, session: _Session, what: str, *, temporary: bool
) -> Rejected | Noise | None:
    """Read what stands behind `rejected `."""
    if found := _RECIPIENT.match(what):
        return _rejected(
            head,
            session,
            command="RCPT",
            recipient=found[1] or found[2] or "",
            words=found[3] or "",
            temporary=temporary,
        )
    if (found := _MAIL.match(what)) and (found[1] is not None or "@" in found[2]):
        session = _client_in(found[3]) if found[3] else session
        session.sender, session.has_sender = found[1] or found[2] or "", True
        return _rejected(head, session, command="MAIL", words=found[4] or "", temporary=temporary)
    if found := _FROM.match(what):
        session = _client_in(found[3]) if found[3] else session
        session.sender, session.has_sender = found[1] or found[2] or "", True
        return _rejected(
            head, session, command="END-OF-MESSAGE", words=found[4], temporary=temporary
        )
    words = next((words for words in _MOMENTS if what.startswith(words)), "")
    if not words:
        return NOISE if what.startswith('"') else None
    if not head.queue_id and not session.has_sender:
        return NOISE
    return _rejected(
        head,
        session,
        command=_MOMENTS[words],
        words=what[len(words) :].partition(": ")[2],
        temporary=temporary,
        # Only a process of this host submits mail otherwise than by SMTP.
        proven=words == "by non-SMTP ACL",
    )


def _rejected(
    head: Head,
    session: _Session,
    *,
    command: str,
    words: str,
    recipient: str = "",
    temporary: bool = False,
    discarded: bool = False,
    proven: bool = False,
) -> Rejected:
    if len(words) > 1 and words[0] == words[-1] == '"':
        words = words[1:-1]
    reply = fields.reply(words)
    codes = fields.read_reply(reply)
    mechanism, _, user = session.auth.partition(":")
    if not session.auth and not session.client_ip:
        user = session.ident
    return Rejected(
        at=head.at,
        host=head.host,
        queue_id=head.queue_id,
        command=command,
        temporary=temporary,
        discarded=discarded,
        sender=session.sender,
        has_sender=session.has_sender,
        recipient=recipient,
        smtp_code=codes.smtp_code,
        enhanced_code=codes.enhanced_code,
        reply=reply,
        client_host=session.client_host,
        client_ip=session.client_ip,
        helo=session.helo,
        protocol=session.protocol,
        auth=mechanism,
        user=user,
        user_proven=proven or bool(user),
        pid=head.pid,
    )


def _remark(head: Head, rest: str) -> Event | Noise:
    """A warning or a verification: evidence if it speaks of a message."""
    if not head.queue_id:
        return NOISE
    if found := _SPAM.match(rest.removeprefix(" Warning: ")):
        return Described(
            at=head.at,
            host=head.host,
            queue_id=head.queue_id,
            scanner="spamassassin",
            spam=not found[1],
            spam_score=float(found[2]),
            spam_verdict=f"{found[1] or ''}spam",
        )
    return Noted(at=head.at, host=head.host, queue_id=head.queue_id)


def _session(groups: tuple[str | None, ...]) -> _Session:
    first, first_bare, name, helo, ip, ident, _, second, second_bare, auth, protocol = groups
    senders = (first, first_bare, second, second_bare)
    sender = next((each for each in senders if each is not None), None)
    return _Session(
        client_host=name or "",
        client_ip=ip or "",
        helo=helo or "",
        ident=ident or "",
        auth=auth or "",
        protocol=protocol or "",
        sender=sender or "",
        has_sender=sender is not None,
    )


def _client_in(text: str) -> _Session:
    """Read the client where it stands behind the verdict."""
    found = _SESSION.match(text)
    return _session(found.groups()) if found else _Session()
