"""Arrivals, as headers.c (`logsender`) writes them.

`from=S, size=N, class=N, nrcpts=N[, msgid=M][, bodytype=B][, proto=P][, daemon=D][, tls_verify=V]
[, tls_version=T][, cipher=C][, auth=A], relay=HOST`

The line is written when the message was read, and as well when a transaction ends without one
(`RSET`, `QUIT`): then nobody was accepted (`nrcpts=0`), or nothing was read (`size=0`), and there
is no message. Sender and Message-ID are a stranger's words; the fields behind them are found from
the end.

Who submits on this host stands as `USER@localhost`. The login of an SMTP session is on a line of
its own without queue id, and is joined by process and client.

Limit: a client that announced a size, had a recipient accepted and left before it sent the message
looks as if the message was still here.
"""

from __future__ import annotations

from postroad.model.event import Arrived, Described
from postroad.parsers.exim.fields import number
from postroad.parsers.prefix import Prefix
from postroad.parsers.sendmail.line import Memory, Read, end_of_address, path, peer


def sender(head: Prefix, queue_id: str, text: str, memory: Memory) -> Read:
    """Read the whole line."""
    start = text.find(", size=", _sender_ends(text))
    before, separator, relay = text.rpartition(", relay=")
    if start < 0 or not separator or len(before) < start:
        return None
    size, _, rest = text[start + 7 : len(before)].partition(", class=")
    _, _, rest = rest.partition(", nrcpts=")
    count, _, rest = rest.partition(", ")
    message_id, told = _tail(rest)
    client = peer(relay)
    address = path(text[5:start])
    octets = number(size)
    nothing_read = octets == 0 and not message_id and not client.user
    if count == "0" or nothing_read:
        return Described(
            at=head.at,
            host=head.host,
            queue_id=queue_id,
            sender=address,
            has_sender=True,
            message_id=message_id,
            client_host=client.name,
            client_ip=client.ip,
            protocol=told.get("proto", ""),
        )
    session = memory.session(head, relay, side="server")
    user = client.user or (session.user if session else "")
    return Arrived(
        at=head.at,
        host=head.host,
        queue_id=queue_id,
        sender=address,
        has_sender=True,
        message_id=message_id,
        size=octets,
        client_host="" if relay in _OURSELVES else client.name,
        client_ip=client.ip,
        protocol=told.get("proto", ""),
        auth=told.get("auth", "").replace("NONE", ""),
        user=user,
        user_proven=user != "",
        tls=session.tls if session else "",
        pid=head.pid,
    )


def _sender_ends(text: str) -> int:
    """Where the sender ends: senders are cut after 200 characters, quotes and all."""
    if text.startswith(", size=", 5 + _LONGEST_SENDER):
        return 5 + _LONGEST_SENDER
    if '"' not in text[5 : 5 + _LONGEST_SENDER]:
        return 5
    return end_of_address(text, 5)


def _tail(text: str) -> tuple[str, dict[str, str]]:
    """Take the fields off the end, in their order; what is left is the Message-ID."""
    told: dict[str, str] = {}
    allowed = len(_FIELDS)
    while text:
        before, separator, last = text.rpartition(", ")
        key, equals, value = last.partition("=")
        place = _FIELDS.get(key, allowed)
        if not equals or place >= allowed:
            break
        allowed = place
        told[key] = value
        text = before if separator else ""
    return path(text.removeprefix("msgid=")), told


#: The order of the fields behind the Message-ID.
_FIELDS = {
    "bodytype": 0,
    "proto": 1,
    "daemon": 2,
    "tls_verify": 3,
    "tls_version": 4,
    "cipher": 5,
    "auth": 6,
}
_LONGEST_SENDER = 200
#: What stands for the client where there is none: sendmail made the message itself.
_OURSELVES = frozenset({"[RESPONSE]", "localhost"})
