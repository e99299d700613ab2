"""Exim: arrivals, `<=` and `(=` (receive.c).

Comes in: the text behind the flag. Goes out: `Arrived`, or None if it is not written so.

    sender [R=id] [DS] [H=host] [I=] [TFO] [U=login] [Ci=] [P=protocol] [L] [SPF] [X=tls] [CV=]
    [DN=""] [SNI=] [A=auth[:id]] [PRDR] [PRX=] [K] S=size [M8S=] [DKIM=] [ARC] [DMARC] [RT=] [Q=]
    [id=message-id] [T="subject"] [from <raw sender>] [for recipients]
"""

from __future__ import annotations

import re

from postroad.model.event import Arrived
from postroad.parsers.exim.fields import (
    ADDRESS,
    ANGLE,
    CLIENT,
    MINOR,
    QUOTED,
    TLS,
    Head,
    number,
    subject,
)

#: Recipients end the line. A message id of a stranger's making may hold ` for ` and an address:
#: what follows is then no list of recipients, and the id is taken to go on.
_RECIPIENT = r'(?:"(?:[^"\\]|\\.)*+"[^ ]*|(?!for )[^ "]+(?= |$))'
_RECIPIENTS = re.compile(_RECIPIENT)


def _pattern(address: str, words: str, message_id: str) -> re.Pattern[str]:
    return re.compile(
        rf"{address}"
        rf"(?: R=([^ ]+))?(?: DS)?"
        rf"(?: H=(?:{CLIENT}|([^ \[(]+)(?! [\[(])))?{MINOR}"
        rf"(?: U=({words}))?{MINOR}"
        rf"(?: P=([^ ]+))?{MINOR}"
        rf"{TLS}{MINOR}"
        rf"(?: A=({words}))?{MINOR}"
        rf"(?: S=(\w+))?{MINOR}"
        rf"(?: id\*?=({message_id}))?"
        rf"(?: T={QUOTED})?"
        rf"(?: from {ANGLE})?"
        rf"(?: for ({_RECIPIENT}(?: {_RECIPIENT})*+))?$",
    )


#: As Exim writes it in all but the oddest cases, ...
_PLAIN = _pattern(ADDRESS, "[^ ]+", "[^ ]+")
#: ... and with spaces inside of values that come from the client.
_ODD = _pattern("(.{1,999}?)", r"[^ ]+(?: (?![A-Z]{1,4}=)[^ ]+)*?", ".+?")


def arrived(head: Head, line: str, start: int, *, fake_reject: bool = False) -> Arrived | None:
    """Read the text of `<=`, which begins at `start`."""
    found = _PLAIN.match(line, start) or _ODD.match(line, start)
    if not found:
        return None
    (
        sender,
        bounce_of,
        name,
        helo,
        ip,
        other_host,
        ident,
        protocol,
        tls,
        auth,
        size,
        message_id,
        title,
        _,
        recipients,
    ) = found.groups("")
    mechanism, user, proven = auth, "", bool(auth)
    if auth:
        mechanism, _, user = auth.partition(":")
        user = _without_sender(user)
    elif not ip and not other_host:
        user = ident
        proven = bool(ident) and "local" in protocol[:9]
    return Arrived(
        at=head.at,
        host=head.host,
        queue_id=head.queue_id,
        sender="" if sender == "<>" else sender,
        has_sender=True,
        recipients=_recipients(recipients) if recipients else (),
        message_id=message_id,
        subject=subject(title),
        size=number(size),
        client_host=name or other_host,
        client_ip=ip,
        helo=helo,
        protocol=protocol,
        auth=mechanism,
        user=user,
        user_proven=proven and bool(user),
        tls=tls,
        bounce_of=bounce_of,
        fake_reject=fake_reject,
        pid=head.pid,
    )


def _without_sender(user: str) -> str:
    """Take the id out of `id[:sender]` (log selector `smtp_mailauth`)."""
    return user.partition(":")[0] if ":" in user else user


def _recipients(text: str) -> tuple[str, ...]:
    found = _RECIPIENTS.findall(text) if '"' in text else text.split(" ")
    return tuple(address for address in found if address != "<trunc>")
