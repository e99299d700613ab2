"""Postfix's delivery agents: smtp, lmtp, local, virtual, pipe, error, retry, discard.

They report the fate of one recipient with one line (global/log_adhoc.c):
`to=<R>[, orig_to=<O>], relay=RELAY[, conn_use=N], delay=D[, delays=a/b/c/d][, tls=F][, dsn=x.y.z],
status=STATUS (TEXT)`. The fields stand in this order, so they are read from left to right and TEXT,
which is the other server's, is never searched for one. Postfix before 2.3 wrote neither `delays`
nor `dsn`, and before that no brackets.

Limit: an unquoted address that itself holds `>, relay=` (Postfix before 3.5, or
`info_log_address_format = internal`) ends there.
"""

from __future__ import annotations

import re
from functools import lru_cache

from postroad.model.event import NOISE, Attempted, Noted
from postroad.model.status import Outcome
from postroad.parsers.postfix import session
from postroad.parsers.postfix.ids import QUEUE_ID
from postroad.parsers.postfix.line import (
    ADDRESS,
    NOQUEUE,
    Origin,
    Read,
    Sample,
    codes,
    spoken,
    tried,
)
from postroad.parsers.prefix import Prefix


def attempt(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read `to=<...>, relay=..., status=... (...)`, which bounce, qmgr and cleanup write too."""
    found = _FIELDS.match(text) or _OLD_FIELDS.match(text)
    if not found:
        return None
    address, original, relay, delay, tls, dsn, status, reply = found.groups()
    reply = _inside(reply)
    if status not in _OUTCOMES:
        return (
            Noted(at=head.at, host=head.host, instance=origin.instance, queue_id=queue_id)
            if status in _PROBES
            else None
        )
    daemon = origin.daemon
    outcome, counted = _outcome(status, daemon, reply)
    host, ip, port = _relay(relay)
    remote = ip != ""
    transport = origin.service
    if relay == "none" and daemon in _MAYBE_REMOTE:
        host, ip, port = tried(reply)
        remote = daemon == "smtp" or ip != ""
    elif daemon == "pipe":
        transport = relay
    start = spoken(reply)
    code, enhanced = codes(reply, start) if start >= 0 else (None, "")
    return Attempted(
        at=head.at,
        host=head.host,
        instance=origin.instance,
        queue_id=queue_id,
        outcome=outcome,
        address=address,
        original=original or "",
        transport=transport,
        remote=remote,
        remote_host=host,
        remote_ip=ip,
        remote_port=port,
        tls=tls or "",
        smtp_code=code,
        enhanced_code=enhanced or dsn or "",
        reply=reply,
        next_queue_id=_next_queue_id(reply) if outcome is _DELIVERED else "",
        forwarded_as=_forwarded_as(reply) if daemon == "local" else "",
        counted=counted,
        pid=head.pid,
        delay=float(delay),
    )


def client(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read what smtp and lmtp say beside their reports: hosts tried, sessions, TLS."""
    if not queue_id:
        return session.outgoing(head, origin, text)
    if queue_id == NOQUEUE:
        return None
    found = tried(text)
    if found[0] or found[1] or text.startswith(_REMARKS):
        return Noted(
            at=head.at,
            host=head.host,
            instance=origin.instance,
            queue_id=queue_id,
            tried_host=f"{found[0]}[{found[1]}]" if found[1] else "",
        )
    return None


def agent(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read what the other agents say beside their reports: nothing that is known."""
    del head, origin, text
    return None if queue_id else NOISE


def _outcome(status: str, daemon: str, reply: str) -> tuple[Outcome, bool]:
    """Tell how the attempt ended, and whether there was one."""
    outcome = _OUTCOMES[status]
    if outcome is Outcome.DEFERRED:
        if reply.startswith(_UNTRIED):
            return outcome, False
        if reply == "deferred transport":
            return Outcome.POSTPONED, False
    elif outcome is _DELIVERED and (
        daemon == "discard"
        or reply == "delivered to file: /dev/null"
        or (reply.startswith("250 ") and ", discarded" in reply[:40])
    ):
        return Outcome.DISCARDED, True
    return outcome, True


def _inside(reply: str | None) -> str:
    """Take the closing parenthesis off; a line that was cut has none."""
    if not reply:
        return ""
    return reply[:-1] if reply[-1] == ")" else reply


@lru_cache(maxsize=4096)
def _relay(relay: str) -> tuple[str, str, int | None]:
    """Take `host[ip]:port` apart; what is no host of the network gives empty words."""
    found = _RELAY.fullmatch(relay)
    if not found or "/" in found[2]:
        return "", "", None
    port = found[3]
    return found[1], found[2], int(port) if port else None


def _next_queue_id(reply: str) -> str:
    """Find the next server's id: Postfix's `queued as X`, Exim's `OK id=X`."""
    at = reply.rfind("queued as ")
    if at >= 0:
        word = reply[at + 10 :]
        if word.isalnum():
            return word
        found = _ID_WORD.match(word)
    else:
        at = reply.find("OK id=")
        found = _ID_WORD.match(reply, at + 6) if at >= 0 else None
    return found[0].rstrip(".") if found else ""


def _forwarded_as(reply: str) -> str:
    """Read the id under which local(8) sent the copy on: `forwarded as X`."""
    if not reply.startswith("forwarded as "):
        return ""
    found = QUEUE_ID.fullmatch(reply, 13)
    return found[0] if found else ""


_DELIVERED = Outcome.DELIVERED
_OUTCOMES = {
    "sent": Outcome.DELIVERED,
    "deferred": Outcome.DEFERRED,
    "bounced": Outcome.FAILED,
    # `soft_bounce = yes` turns "never" into "later".
    "SOFTBOUNCE": Outcome.DEFERRED,
}
#: Address verification (verify(8), `sendmail -bv`): no mail moved.
_PROBES = frozenset(
    {
        "deliverable",
        "undeliverable",
        "deliverable-but-not-cached",
        "undeliverable-but-not-cached",
    }
)
#: The queue manager knows that trying is in vain, or has nobody to try (qmgr_deliver.c).
_UNTRIED = (
    "delivery temporarily suspended",
    "mail transport unavailable",
    "unknown mail transport error",
)
#: With these `relay=none` may stand for a host that could not be reached.
_MAYBE_REMOTE = frozenset({"smtp", "lmtp", "error", "retry", "qmgr", "oqmgr", "nqmgr"})
#: What smtp(8) says about a message that names no host, or not first.
_REMARKS = (
    "enabling PIX ",
    "disabling PIX ",
    "Cannot start TLS: ",
    "TLS ",
    "Server certificate ",
    "SASL authentication failed",
    "smtp_",
    "DSN ",
    "client TLS configuration problem",
    "Host or domain name not found",
    "mail for ",
    "Encryption was requested",
    "REQUIRETLS ",
    "SMTPUTF8 is required",
    "breaking line > ",
    "numeric domain name",
)

_STATUS = r"status=([A-Za-z-]+)(?: \((.*)|$)"
_FIELDS = re.compile(
    rf"to={ADDRESS}, "
    rf"(?:orig_to={ADDRESS}, )?"
    r"relay=([^,]*), "
    r"(?:conn_use=\d+, )?"
    r"delay=(\d{1,12}(?:\.\d{0,9})?), "
    r"(?:delays=[\d./]*, )?"
    r"(?:tls=([^ ,]*), )?"
    r"(?:dsn=([\d.]*), )?" + _STATUS,
    re.DOTALL | re.ASCII,
)
_OLD_FIELDS = re.compile(
    r"to=<?(.{0,999}?)>?, "
    r"(?:orig_to=<?(.{0,999}?)>?, )?"
    r"relay=([^,]*), "
    r"(?:conn_use=\d+, )?"
    r"delay=(\d{1,12}(?:\.\d{0,9})?), "
    r"(?:delays=[\d./]*, )?"
    r"(?:tls=([^ ,]*), )?"
    r"(?:dsn=([\d.]*), )?" + _STATUS,
    re.DOTALL | re.ASCII,
)
_RELAY = re.compile(r"([^\[]*)\[([^\]]*)\](?::(\d{1,5}))?", re.ASCII)
_ID_WORD = re.compile(r"[\w.-]+", re.ASCII)

#: Lines this module must understand.
SAMPLES = (
    Sample(
        "smtp",
        "08ACF1541B01: to=<b@ex.test>, relay=mx.ex.test[192.0.2.7]:25, delay=1.9, "
        "delays=0.1/0/1.5/0.3, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4F5C64474F)",
        Attempted,
        {
            "queue_id": "08ACF1541B01",
            "outcome": Outcome.DELIVERED,
            "address": "b@ex.test",
            "remote": True,
            "remote_host": "mx.ex.test",
            "remote_ip": "192.0.2.7",
            "remote_port": 25,
            "transport": "smtp",
            "smtp_code": 250,
            "enhanced_code": "2.0.0",
            "next_queue_id": "4F5C64474F",
            "delay": 1.9,
        },
    ),
    Sample(
        "smtp",
        "08ACF1541B01: to=<b@ex.test>, orig_to=<root>, relay=127.0.0.1[127.0.0.1]:10024, "
        "conn_use=2, delay=6.8, delays=0.2/0/0/6.6, dsn=2.0.0, status=sent (250 2.0.0 from "
        "MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as AED441541AFC)",
        Attempted,
        {"original": "root", "remote_ip": "127.0.0.1", "next_queue_id": "AED441541AFC"},
    ),
    Sample(
        "smtp",
        "4PbC4z6W5Qz3tG3: to=<c@ex.test>, relay=mx.ex.test[2001:db8::7]:25, delay=2, "
        "delays=0.1/0/1/1, dsn=5.1.1, status=bounced (host mx.ex.test[2001:db8::7] said: "
        "550-5.1.1 <c@ex.test> no such user (status=sent 550 5.1.1 to=<x@ex.test>) "
        "(in reply to RCPT TO command))",
        Attempted,
        {
            "outcome": Outcome.FAILED,
            "remote_ip": "2001:db8::7",
            "smtp_code": 550,
            "enhanced_code": "5.1.1",
            "reply": "host mx.ex.test[2001:db8::7] said: 550-5.1.1 <c@ex.test> no such user "
            "(status=sent 550 5.1.1 to=<x@ex.test>) (in reply to RCPT TO command)",
        },
    ),
    Sample(
        "smtp",
        '08ACF1541B01: to=<"odd> one, relay=x"@ex.test>, relay=none, delay=5, delays=0/0/5/0, '
        "dsn=4.4.1, status=deferred (connect to mx.ex.test[192.0.2.7]:25: Connection refused)",
        Attempted,
        {
            "address": '"odd> one, relay=x"@ex.test',
            "outcome": Outcome.DEFERRED,
            "remote": True,
            "remote_host": "mx.ex.test",
            "remote_ip": "192.0.2.7",
            "remote_port": 25,
            "enhanced_code": "4.4.1",
            "counted": True,
        },
    ),
    Sample(
        "error",
        "08ACF1541B01: to=<b@ex.test>, relay=none, delay=500, delays=499/0.2/0/0.1, dsn=4.4.1, "
        "status=deferred (delivery temporarily suspended: connect to mx.ex.test[192.0.2.7]:25: "
        "Connection timed out)",
        Attempted,
        {"outcome": Outcome.DEFERRED, "counted": False, "remote_ip": "192.0.2.7", "remote": True},
    ),
    Sample(
        "local",
        "08ACF1541B01: to=anna@mail.ex.test, orig_to=root@localhost, relay=local, delay=0, "
        'status=sent (delivered to command: procmail -a "$EXTENSION")',
        Attempted,
        {
            "address": "anna@mail.ex.test",
            "original": "root@localhost",
            "remote": False,
            "transport": "local",
            "reply": 'delivered to command: procmail -a "$EXTENSION"',
        },
    ),
    Sample(
        "local",
        "08ACF1541B01: to=<anna@mail.ex.test>, relay=local, delay=0.1, delays=0.1/0/0/0, "
        "dsn=2.0.0, status=sent (forwarded as 1AB0F52301)",
        Attempted,
        {"forwarded_as": "1AB0F52301", "outcome": Outcome.DELIVERED},
    ),
    Sample(
        "lmtp",
        "08ACF1541B01: to=<anna@ex.test>, relay=mail.ex.test[private/dovecot-lmtp], delay=0.2, "
        "delays=0.1/0/0/0.1, dsn=2.0.0, status=sent (250 2.0.0 <anna@ex.test> wArTL0Tx Saved)",
        Attempted,
        {"remote": False, "remote_host": "", "smtp_code": 250},
    ),
    Sample(
        "pipe",
        "08ACF1541B01: to=<anna@ex.test>, relay=dovecot, delay=1.9, delays=1.7/0/0/0.2, "
        "dsn=2.0.0, status=sent (delivered via dovecot service)",
        Attempted,
        {"transport": "dovecot", "remote": False},
    ),
    Sample(
        "discard",
        "08ACF1541B01: to=<b@ex.test>, relay=none, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, "
        "status=sent (ex.test)",
        Attempted,
        {"outcome": Outcome.DISCARDED, "remote": False},
    ),
    Sample(
        "smtp",
        "08ACF1541B01: to=<b@ex.test>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "
        "delays=0/0/0/1, dsn=2.7.0, status=sent (250 2.7.0 Ok, discarded, id=01234-05 - spam)",
        Attempted,
        {"outcome": Outcome.DISCARDED, "next_queue_id": ""},
    ),
    Sample(
        "smtp",
        "08ACF1541B01: to=<b@ex.test>, relay=mx.ex.test[192.0.2.7]:25, delay=1, delays=0/0/1/0, "
        "tls=dane/!requiretls:nocertmatch, dsn=4.0.0, status=SOFTBOUNCE (host mx.ex.test[192.0.2.7]"
        " said: 550 no (in reply to DATA command))",
        Attempted,
        {"outcome": Outcome.DEFERRED, "tls": "dane/!requiretls:nocertmatch", "smtp_code": 550},
    ),
    Sample(
        "smtp",
        "08ACF1541B01: to=<b@ex.test>, relay=mx.ex.test[192.0.2.7]:25, delay=6, delays=0/0/6/0, "
        "dsn=2.1.5, status=deliverable (250 2.1.5 Ok)",
        Noted,
        {"queue_id": "08ACF1541B01"},
    ),
    Sample(
        "smtp",
        "08ACF1541B01: host mx.ex.test[192.0.2.7] said: 450 4.7.1 Greylisted (in reply to RCPT "
        "TO command)",
        Noted,
        {"tried_host": "mx.ex.test[192.0.2.7]"},
    ),
    Sample(
        "smtp",
        "08ACF1541B01: lost connection with mx.ex.test[192.0.2.7] while sending RCPT TO",
        Noted,
        {"tried_host": "mx.ex.test[192.0.2.7]"},
    ),
)
