"""Everything else that sendmail says: of a message, of a session, of itself.

`ID: NEWID: DSN: TEXT` and its kin name a notification (savemail.c, `returntosender`), `ID: NEWID:
clone: owner=A` another envelope of the same mail (deliver.c), `ID: done; delay=D, ntries=N` the end
(envelope.c, from `LogLevel` 10 on). `STARTTLS=` and `AUTH=` lines bear no id, but the number of the
process that has the session (tls.c, srvrsmtp.c).
"""

from __future__ import annotations

import re

from postroad.model import address as addresses
from postroad.model.event import (
    NOISE,
    Described,
    Ended,
    EndKind,
    Linked,
    LinkKind,
    Noted,
    Rejected,
    SessionTls,
)
from postroad.parsers.prefix import Prefix
from postroad.parsers.sendmail import refusal
from postroad.parsers.sendmail.ids import is_id
from postroad.parsers.sendmail.line import Memory, Read, peer


def of_message(head: Prefix, queue_id: str, text: str, memory: Memory) -> Read:
    """Read a line that names a queue id, and begins with no field."""
    if text.startswith("<"):
        return refusal.recipient(head, queue_id, text, memory)
    word, _, rest = text.partition(": ")
    if word == "Milter":
        return refusal.milter(head, queue_id, text, memory)
    if is_id(word):
        return _related(head, queue_id, word, rest)
    if text.startswith("Milter"):
        return _header(head, queue_id, text)
    if text == "discarded":
        return _ended(head, queue_id, EndKind.DISCARDED, text)
    if text.startswith("done; delay="):
        return _ended(head, queue_id, EndKind.COMPLETED, "")
    if text.startswith("collect: "):
        return _ended(head, queue_id, EndKind.ABANDONED, text)
    if text == "unquarantine":
        return Described(at=head.at, host=head.host, queue_id=queue_id, waiting="-")
    if text.startswith(("message size (", "headers too large ")):
        return Rejected(
            at=head.at,
            host=head.host,
            queue_id=queue_id,
            command="END-OF-MESSAGE",
            reply=text,
            pid=head.pid,
        )
    if _OF_SESSION.search(text) or text.startswith(_SESSION_BEGINNINGS):
        return NOISE
    return Noted(at=head.at, host=head.host, queue_id=queue_id)


def nameless(head: Prefix, text: str, memory: Memory) -> Read:
    """Read a line without a queue id."""
    if text.startswith("STARTTLS="):
        return _tls(head, text, memory)
    if text.startswith("AUTH=server, relay="):
        return _login(head, text, memory)
    if text.startswith("ruleset="):
        return refusal.rule(head, "", text, memory)
    word = text.partition(" ")[0].rstrip(":,")
    if word in _BACKGROUND or text.startswith(_BEGINNINGS) or _OF_SESSION.search(text):
        return NOISE
    return None


def _related(head: Prefix, queue_id: str, other: str, text: str) -> Read:
    """Read `NEWID: KIND: TEXT`."""
    kind, _, why = text.partition(": ")
    if kind == "clone":
        link = LinkKind.FORWARDED_AS
    elif kind in {"postmaster notify", "return to sender"}:
        # What is returned is a notification itself: so this one goes to the postmaster.
        link = LinkKind.POSTMASTER_NOTIFIED_AS
    elif kind in {"sender notify", "DSN"}:
        link = LinkKind.BOUNCED_AS
        if why.startswith("Warning: "):
            link = LinkKind.DELAY_NOTIFIED_AS
        elif why == "Return receipt":
            link = LinkKind.DSN_SENT_AS
    else:
        return Noted(at=head.at, host=head.host, queue_id=queue_id)
    return Linked(
        at=head.at,
        host=head.host,
        queue_id=queue_id,
        kind=link,
        other=other,
        expired=link is LinkKind.BOUNCED_AS and why.startswith(_GIVEN_UP),
    )


def _header(head: Prefix, queue_id: str, text: str) -> Read:
    """Read what a milter did: of headers it added, those with a spam filter's verdict tell more."""
    found = _SPAM.match(text)
    if not found:
        return Noted(at=head.at, host=head.host, queue_id=queue_id)
    flag, status, score = found.groups()
    return Described(
        at=head.at,
        host=head.host,
        queue_id=queue_id,
        scanner="spamassassin",
        spam=(flag or status).lower() == "yes",
        spam_score=float(score) if score else None,
    )


def _ended(head: Prefix, queue_id: str, kind: EndKind, by: str) -> Ended:
    return Ended(at=head.at, host=head.host, queue_id=queue_id, kind=kind, by=by)


def _tls(head: Prefix, text: str, memory: Memory) -> Read:
    """Read `STARTTLS=SIDE, relay=HOST, version=V, verify=R, cipher=C, bits=N/M`."""
    found = _STARTTLS.match(text)
    if not found:
        return NOISE
    side, relay, version, verify, cipher, bits = found.groups()
    tls = f"{version}:{cipher}:{bits} verify={verify}"
    other = peer(relay)
    key = relay if side == "server" else other.name or other.ip
    memory.met(head, key, side=side).tls = tls
    return SessionTls(
        at=head.at,
        host=head.host,
        pid=head.pid,
        peer_host=other.name,
        peer_ip=other.ip,
        outgoing=side == "client",
        tls=tls,
    )


def _login(head: Prefix, text: str, memory: Memory) -> Read:
    """Read `AUTH=server, relay=HOST, authid=USER, mech=M, bits=N`."""
    relay, separator, rest = text[19:].partition(", authid=")
    user, mechanism, _ = rest.rpartition(", mech=")
    if not separator or not mechanism:
        return None
    memory.met(head, relay, side="server").user = user
    return Described(
        at=head.at,
        host=head.host,
        user=user,
        domain=addresses.domain(user),
        client_ip=peer(relay).ip,
        pid=head.pid,
    )


_GIVEN_UP = ("Cannot send message ", "delivery time expired ")
_STARTTLS = re.compile(
    r"STARTTLS=(client|server), relay=(.*?), version=([^,]*), verify=([^,]*), cipher=([^,]*), "
    r"bits=([^,]*)"
)
#: A header that spamass-milter and its kin add (SpamAssassin's Mail::SpamAssassin::Conf(3)).
_SPAM = re.compile(
    r"Milter(?: \([^)]*\))? (?:add|insert \(\d+\)): header: X-Spam-"
    r"(?:Flag: (YES|NO)|Status: (Yes|No), score=(-?\d{1,6}(?:\.\d{1,6})?))",
    re.ASCII,
)
#: What a session ends with that moved no mail, whatever id it has.
_OF_SESSION = re.compile(
    r"did not issue MAIL/EXPN/VRFY/ETRN during connection to \S*$"
    r"|: possible SMTP attack: command="
    r"|: probable open proxy: command="
    r"|: SMTP violation, input too long: "
    r"|: Possible SMTP RCPT flood, "
    r"|: (?:EXPN|VRFY|ETRN|expn|vrfy|etrn)\b"
    r"|\[rejected\]$"
)
_SESSION_BEGINNINGS = (
    "rejecting commands from ",
    "AUTH failure (",
    "AUTH decode64 ",
    "AUTH encode64 ",
    "invalid domain name ",
    "tcpwrappers (",
    "SMTP ",
    "delaying=",
    "Milter: connect to filters",
    "--- ",
    "<-- ",
)
#: What nameless lines begin with: their first words.
_BACKGROUND = frozenset(
    {
        "AUTH",
        "AUTH=client",
        "AUTH=server",
        "ERROR",
        "Milter",
        "NOQUEUE",
        "STARTTLS",
        "SYSERR",
        "SYSERR(root)",
        "TLSA",
        "WARNING",
        "Warning",
        "WorkList",
        "accepting",
        "alias",
        "checkqueuerunner",
        "connect",
        "daemon",
        "engine",
        "gethostbyaddr(",
        "getmodifiers",
        "grew",
        "hostsignature",
        "main",
        "makeconnection",
        "persistent",
        "poststats",
        "queue",
        "rejecting",
        "restarting",
        "runqueue",
        "rwg",
        "shared",
        "sql_select",
        "started",
        "starting",
        "stopping",
        "str_union",
        "unable",
        "unauthorized",
        "user",
        "x-connect",
    }
)
_BEGINNINGS = (
    "My unqualified host name",
    "My unqualifed host name",
    "File descriptors missing ",
    "SYSERR",
    "gethostbyaddr(",
    "tls_srv_features",
    "tls_clt_features",
    "/",
    "aliases ",
    "dangerous permissions",
    "server=",
    "deferring connections ",
    "rejecting connections ",
    "delaying connections ",
    "can't ",
    "could not ",
    "timeout waiting for input ",
)
