"""Mail that goes on: to other hosts (mta.c, mta_session.c), to mailboxes (mda.c), out of the queue.

Since 6.4: `SESSION mta delivery evpid=E from=<S> to=<R> rcpt=<O|-> source="IP" relay="IP (HOST)"
delay=D result="Ok|TempFail|PermFail" stat="..."` and `SESSION mda delivery evpid=E from=<S> to=<R>
[rcpt=<O> ]user=U delay=D result=Ok stat=...`, the latter without quotes. From 5.9 on it was
`event=delivery`, with `method=M` for mailboxes; before, and still for what the queue
itself ends (queue.c, `queue_log`), `relay: Ok for E: [session=S, ]from=<S>, to=<R>, rcpt=<O>, ...,
delay=D, stat=...`.

`to` is where the copy goes, `rcpt` the recipient it was addressed to.
"""

from __future__ import annotations

import re

from postroad.model.event import NOISE, Attempted, Noted, SessionTls
from postroad.model.status import Outcome
from postroad.parsers.exim.fields import next_queue_id, seconds
from postroad.parsers.opensmtpd.line import (
    LineReader,
    Read,
    Sessions,
    bare,
    number,
    queue_id,
    sender,
)
from postroad.parsers.postfix.line import ADDRESS, codes
from postroad.parsers.prefix import Prefix


def connecting(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read `address=smtp+tls://IP:PORT host=H`."""
    del head
    if found := _DESTINATION.match(text):
        known = sessions.begun(session)
        ip, port, host = found.groups()
        known.peer_ip, known.peer_host = bare(ip), host
        known.peer_port = int(port)
        return NOISE
    return None


def encrypted(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read `ciphers=C`."""
    known = sessions.begun(session)
    known.tls = text.removeprefix("ciphers=")
    return SessionTls(
        at=head.at,
        host=head.host,
        pid=number(session),
        peer_host=known.peer_host,
        peer_ip=known.peer_ip,
        peer_port=known.peer_port,
        outgoing=True,
        tls=known.tls,
    )


def relayed(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read what another host said about one recipient."""
    found = _MTA.match(text)
    if not found:
        return None
    envelope, from_, to, rcpt, relay, delay, result, reply = found.groups()
    outcome = _OUTCOMES.get(result)
    if outcome is None:
        return None
    return _relayed(
        head, session, (envelope, from_, to, rcpt, relay, delay), outcome, reply, sessions
    )


def _relayed(
    head: Prefix,
    session: str,
    fields: tuple[str, str, str, str, str, str],
    outcome: Outcome,
    reply: str,
    sessions: Sessions,
) -> Attempted:
    envelope, from_, to, rcpt, relay, delay = fields
    known = sessions.of(session)
    ip, _, host = relay.partition(" (")
    ip = bare(ip)
    is_host = host != "" or ip.replace(".", "").isdecimal() or ":" in ip
    code, enhanced = codes(reply)
    return Attempted(
        at=head.at,
        host=head.host,
        queue_id=queue_id(envelope),
        outcome=outcome,
        address=to,
        original="" if rcpt == "-" else rcpt,
        transport="mta",
        remote=True,
        remote_host=host.removesuffix(")"),
        remote_ip=ip if is_host else "",
        remote_port=known.peer_port if ip == known.peer_ip else None,
        tls=known.tls,
        smtp_code=code,
        enhanced_code=enhanced,
        reply=reply,
        next_queue_id=_next(reply) if outcome is Outcome.DELIVERED else "",
        sender=sender(from_),
        has_sender=True,
        pid=number(session),
        delay=seconds(delay),
    )


def filed(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read what became of one copy in a mailbox here."""
    del sessions
    found = _MDA.match(text)
    if not found:
        return None
    envelope, from_, to, rcpt, method, delay, result, reply = found.groups()
    outcome = _OUTCOMES.get(result)
    if outcome is None:
        return None
    if reply[:1] == reply[-1:] == '"':
        reply = reply[1:-1]
    return _filed(
        head, session, (envelope, from_, to, rcpt or "", method or "mda", delay), outcome, reply
    )


def _filed(
    head: Prefix,
    session: str,
    fields: tuple[str, str, str, str, str, str],
    outcome: Outcome,
    reply: str,
) -> Attempted:
    envelope, from_, to, rcpt, method, delay = fields
    return Attempted(
        at=head.at,
        host=head.host,
        queue_id=queue_id(envelope),
        outcome=outcome,
        address=to,
        original="" if rcpt == "-" else rcpt,
        transport=method,
        reply=reply,
        sender=sender(from_),
        has_sender=True,
        pid=number(session),
        delay=seconds(delay),
    )


def by_relay(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read what stands behind `relay: `."""
    del session
    return _of_old(head, text, sessions, is_remote=True)


def by_delivery(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read what stands behind `delivery: `."""
    del session
    return _of_old(head, text, sessions, is_remote=False)


def _of_old(head: Prefix, text: str, sessions: Sessions, *, is_remote: bool) -> Read:
    found = _OLD.match(text)
    if not found:
        return None
    result, envelope, session, from_, to, rcpt, method, relay, delay, reply = found.groups("")
    if result in _ENDS:
        return Attempted(
            at=head.at,
            host=head.host,
            queue_id=queue_id(envelope),
            outcome=Outcome.FAILED,
            address=to,
            original="" if rcpt == "-" else rcpt,
            transport="mta" if is_remote else "mda",
            remote=is_remote,
            reply=reply,
            counted=False,
            sender=sender(from_),
            has_sender=True,
            delay=seconds(delay),
            expired=result == "Expire",
        )
    outcome = _OUTCOMES.get(result)
    if outcome is None:
        return None
    if is_remote:
        fields = (envelope, from_, to, rcpt, relay, delay)
        return _relayed(head, session, fields, outcome, reply, sessions)
    return _filed(
        head, session, (envelope, from_, to, rcpt, method or "mda", delay), outcome, reply
    )


def of_old(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read what stands behind `smtp-out: `: sessions before 5.9, and routes and limits."""
    if found := _OLD_TLS.match(text):
        return encrypted(head, found[1], found[2], sessions)
    if found := _OLD_CONNECTING.match(text):
        return connecting(head, found[3], f"address={found[1]} host={found[2]}", sessions)
    del session
    return NOISE


def report(head: Prefix, session: str, text: str, sessions: Sessions) -> Read:
    """Read what stands behind `warn: `: of messages, that one's bounce could not be sent."""
    del session, sessions
    if found := _NO_BOUNCE.match(text):
        return Noted(at=head.at, host=head.host, queue_id=found[1])
    return NOISE


def _next(reply: str) -> str:
    """The id under which the next server goes on; another OpenSMTPD's is a message's number."""
    found = _NEXT.match(reply)
    return found[1] if found else next_queue_id(reply)


_OUTCOMES = {
    "Ok": Outcome.DELIVERED,
    "TempFail": Outcome.DEFERRED,
    "PermFail": Outcome.FAILED,
    "LoopDetected": Outcome.FAILED,
    "Loop": Outcome.FAILED,
}
#: What the queue itself does (queue.c): nobody was tried.
_ENDS = frozenset({"Expire", "Remove"})
_ID = r"([0-9a-f]{16})"
_MTA = re.compile(
    rf"evpid={_ID} from={ADDRESS} to={ADDRESS} rcpt={ADDRESS} "
    r'source="[^"]*" relay="([^"]*)" delay=(\S+) result="(\w+)" stat="(.*?)"?$',
    re.DOTALL,
)
_MDA = re.compile(
    rf"evpid={_ID} from={ADDRESS} to={ADDRESS} (?:rcpt={ADDRESS} )?"
    r'user=\S* (?:method=(\S+) )?delay=(\S+) result="?(\w+)"? stat=(.*)$',
    re.DOTALL,
)
_OLD = re.compile(
    rf"(\w+) for {_ID}: (?:session={_ID}, )?from={ADDRESS}, to={ADDRESS}, "
    rf"(?:rcpt={ADDRESS}, )?(?:user=[^,]*, )?(?:method=([^,]*), )?(?:source=[^,]*, )?"
    r"(?:relay=(.*?), )?delay=([^\s,]+), stat=(.*)$",
    re.DOTALL,
)
_DESTINATION = re.compile(r"address=[a-z+]+://(\[[^\]]*\]|[^:\s]+):(\d{1,5}) host=(\S*)", re.ASCII)
_OLD_TLS = re.compile(rf"Started TLS on session {_ID}: (.*)")
_OLD_CONNECTING = re.compile(rf"Connecting to (\S+) \((\S*)\) on session {_ID}")
_NO_BOUNCE = re.compile(r"\w+ injecting failure report on message ([0-9a-f]{8}) to ")
_NEXT = re.compile(r"250 (?:2\.0\.0:? )?([0-9a-f]{8}) Message accepted for delivery")

#: What lines of an outgoing session begin with behind `mta ` (and `event=`), and who reads them.
MTA_READERS: dict[str, LineReader] = {
    "connecting": connecting,
    "tls": encrypted,
    "starttls": encrypted,
    "delivery": relayed,
}
MTA_NOISES = frozenset(
    {
        "connected",
        "disconnected",
        "closed",
        "closing",
        "error",
        "host-rejects-all-mails",
        "server-cert-check",
        "cert-check",
        "ssl_check_name:",
        "downgrade",
    }
)
MDA_READERS: dict[str, LineReader] = {"delivery": filed}
