"""What Postfix says when a rule had something to say about mail that is offered.

smtpd(8), milters in smtpd and cleanup, and postscreen(8) write (smtpd_check.c `log_whatsup`,
cleanup_milter.c, postscreen_smtpd.c)
`ACTION: WHERE from HOST[IP][:port]: TEXT; from=<S> to=<R> proto=P helo=<H> sasl_username=...`
where every field may be missing and postscreen puts commas between them.

TEXT and the addresses hold what the client said, so the fields are believed only where one reading
of them reaches the very end of the line. Where none does, TEXT is kept whole and they stay empty.
"""

from __future__ import annotations

import re
from itertools import islice

import msgspec

from postroad.model.event import NOISE, Described, Rejected
from postroad.parsers.postfix.line import ADDRESS, NOQUEUE, Origin, Read, Sample, codes, peer
from postroad.parsers.prefix import Prefix


class Offer(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The fields behind the text: what was offered, and by whom."""

    text: str
    sender: str = ""
    has_sender: bool = False
    recipient: str = ""
    protocol: str = ""
    helo: str = ""
    auth: str = ""
    user: str = ""


def offer(text: str) -> Offer:
    """Take `TEXT; from=<S> to=<R> ...` apart."""
    for start in islice(_FIELDS_BEGIN.finditer(text), _READINGS):
        found = _FIELDS.match(text, start.start())
        if found:
            sender, recipient, protocol, helo, auth, user = found.groups()
            return Offer(
                text=text[: start.start()],
                sender=sender or "",
                has_sender=sender is not None,
                recipient=recipient or "",
                protocol=protocol or "",
                helo=helo or "",
                auth=auth or "",
                user=user or "",
            )
    return Offer(text=text)


def verdict(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read `ACTION: WHERE from HOST[IP]: TEXT; ...`, or return None if the text is none."""
    found = _VERDICT.match(text)
    if not found:
        return None
    action, command, host, ip = found.groups()
    client = peer(host, ip)
    is_queued = queue_id != NOQUEUE
    action = action.removeprefix("milter-")
    if action in _REFUSALS:
        if command in _NO_MAIL and not is_queued:
            return NOISE
        said = offer(text[found.end() :])
        return _refusal(
            head,
            origin,
            queue_id,
            said,
            command=command,
            client=client,
            discarded=action == "discard",
        )
    if not is_queued and action in _HOLDS:
        return Described(
            at=head.at,
            host=head.host,
            instance=origin.instance,
            client_ip=client[1],
            waiting="on hold",
            pid=head.pid,
        )
    if not is_queued:
        return NOISE
    said = offer(text[found.end() :])
    return Described(
        at=head.at,
        host=head.host,
        instance=origin.instance,
        queue_id=queue_id,
        sender=said.sender,
        has_sender=said.has_sender,
        # A recipient that is just being offered may still be refused.
        recipient=said.recipient if command in _AFTER_RCPT and action != "redirect" else "",
        client_host=client[0],
        client_ip=client[1],
        helo=said.helo,
        protocol=said.protocol,
        waiting="on hold" if action in _HOLDS else "",
    )


def proxied(head: Prefix, origin: Origin, text: str) -> Read:
    """Read `proxy-reject: WHERE: REPLY; from=...`: the answer of a filter before the queue.

    The same answer given to all recipients; the last one is named.
    """
    found = _PROXIED.match(text)
    if not found:
        return None
    action, command = found.groups()
    said = offer(text[found.end() :])
    if action == "accept" and ", discarded" not in said.text[:40]:
        return NOISE
    discarded = action == "accept"
    return _refusal(head, origin, NOQUEUE, said, command=command, discarded=discarded)


def _refusal(
    head: Prefix,
    origin: Origin,
    queue_id: str,
    said: Offer,
    *,
    command: str,
    client: tuple[str, str] = ("", ""),
    discarded: bool,
) -> Rejected:
    code, enhanced = codes(said.text)
    temporary = code // 100 == _LATER if code else enhanced.startswith("4")
    if not code and not enhanced:
        # postscreen's "all server ports busy" and a filter that hung up: the client gets a 421.
        temporary = not discarded and (command == "CONNECT" or not said.text)
    return Rejected(
        at=head.at,
        host=head.host,
        instance=origin.instance,
        queue_id="" if queue_id == NOQUEUE else queue_id,
        command=command,
        temporary=temporary,
        discarded=discarded,
        sender=said.sender,
        has_sender=said.has_sender,
        recipient=said.recipient,
        smtp_code=code,
        enhanced_code=enhanced,
        reply=said.text,
        client_host=client[0],
        client_ip=client[1],
        helo=said.helo,
        protocol=said.protocol,
        auth=said.auth,
        user=said.user,
        user_proven=said.user != "",
        pid=head.pid,
    )


_LATER = 4
#: How many readings of a line's fields are tried.
_READINGS = 16
_REFUSALS = frozenset({"reject", "discard"})
_HOLDS = frozenset({"hold", "quarantine"})
#: Commands that offer no mail.
_NO_MAIL = frozenset({"VRFY", "ETRN", "AUTH", "STARTTLS"})
_AFTER_RCPT = frozenset({"DATA", "BDAT", "END-OF-MESSAGE", "EOH", "BODY"})

_VERDICT = re.compile(
    r"([a-z][a-z_-]*): ([A-Za-z-]+) from ([^\s\[]*)\[([^\s\]]*)\](?::(?:\d+|unknown))?: ?",
    re.ASCII,
)
_PROXIED = re.compile(r"proxy-(accept|reject): ([A-Z-]+): ?", re.ASCII)
_FIELDS_BEGIN = re.compile(r";(?= from=<| to=<| proto=|$)")
_FIELDS = re.compile(
    rf";(?:,? from={ADDRESS})?(?:,? to={ADDRESS})?(?:,? proto=([^ ,]*))?(?:,? helo=<?([^>]*)>?)?"
    r"(?:,? sasl_method=([^ ,]*))?(?:,? sasl_username=(.*?))?(?:,? sasl_sender=.*)?$",
    re.DOTALL,
)

#: Lines this module must understand.
SAMPLES = (
    Sample(
        "smtpd",
        "NOQUEUE: reject: RCPT from mx.ex.test[192.0.2.7]: 550 5.1.1 <b@a.test>: Recipient address "
        "rejected: User unknown in virtual mailbox table; from=<s@ex.test> to=<b@a.test> "
        "proto=ESMTP helo=<mx.ex.test>",
        Rejected,
        {
            "queue_id": "",
            "command": "RCPT",
            "temporary": False,
            "sender": "s@ex.test",
            "recipient": "b@a.test",
            "smtp_code": 550,
            "enhanced_code": "5.1.1",
            "reply": "550 5.1.1 <b@a.test>: Recipient address rejected: User unknown in virtual "
            "mailbox table",
            "client_host": "mx.ex.test",
            "client_ip": "192.0.2.7",
            "helo": "mx.ex.test",
            "protocol": "ESMTP",
        },
    ),
    Sample(
        "submission/smtpd",
        "08ACF1541B01: reject: RCPT from unknown[2001:db8::5]: 454 4.7.1 <b@a.test>: Relay access "
        "denied; from=<> to=<b@a.test> proto=ESMTP helo=<[192.0.2.5]> sasl_method=PLAIN "
        "sasl_username=anna@ex.test",
        Rejected,
        {
            "queue_id": "08ACF1541B01",
            "temporary": True,
            "sender": "",
            "has_sender": True,
            "client_host": "",
            "client_ip": "2001:db8::5",
            "helo": "[192.0.2.5]",
            "auth": "PLAIN",
            "user": "anna@ex.test",
            "user_proven": True,
        },
    ),
    Sample(
        "smtpd",
        'NOQUEUE: reject: RCPT from mx.ex.test[192.0.2.7]: 554 5.7.1 <"x; from=<v@a.test> '
        'to=<w@a.test> proto=SMTP helo=<y>"@ex.test>: Sender address rejected; '
        'from=<"x; from=<v@a.test> to=<w@a.test> proto=SMTP helo=<y>"@ex.test> to=<b@a.test> '
        "proto=SMTP helo=<mx>",
        Rejected,
        {
            "sender": '"x; from=<v@a.test> to=<w@a.test> proto=SMTP helo=<y>"@ex.test',
            "recipient": "b@a.test",
        },
    ),
    Sample(
        "postscreen",
        "NOQUEUE: reject: RCPT from [192.0.2.7]:4984: 550 5.7.1 Service unavailable; client "
        "[192.0.2.7] blocked using dnsbl.test; from=<s@ex.test>, to=<b@a.test>, proto=ESMTP, "
        "helo=<ex.test>",
        Rejected,
        {
            "sender": "s@ex.test",
            "recipient": "b@a.test",
            "client_ip": "192.0.2.7",
            "helo": "ex.test",
            "reply": "550 5.7.1 Service unavailable; client [192.0.2.7] blocked using dnsbl.test",
        },
    ),
    Sample(
        "postscreen",
        "NOQUEUE: reject: CONNECT from [192.0.2.7]:4984: all server ports busy",
        Rejected,
        {"command": "CONNECT", "temporary": True, "smtp_code": None},
    ),
    Sample(
        "smtpd",
        "NOQUEUE: discard: MAIL from mx.ex.test[192.0.2.7]: <s@ex.test>: Sender address SPAM; "
        "from=<s@ex.test> proto=ESMTP helo=<mx.ex.test>",
        Rejected,
        {"discarded": True, "temporary": False, "recipient": ""},
    ),
    Sample(
        "cleanup",
        "B37FD2E05B9: milter-reject: END-OF-MESSAGE from mx.ex.test[192.0.2.7]: 4.7.1 Try again "
        "later; from=<s@ex.test> to=<b@a.test> proto=ESMTP helo=<mx.ex.test>",
        Rejected,
        {"queue_id": "B37FD2E05B9", "temporary": True, "enhanced_code": "4.7.1", "smtp_code": None},
    ),
    Sample(
        "smtpd",
        "NOQUEUE: reject_warning: RCPT from mx.ex.test[192.0.2.7]: 553 5.7.1 <s@ex.test>: Sender "
        "address rejected: not owned by user; from=<s@ex.test> to=<b@a.test> proto=ESMTP helo=<x>",
        type(NOISE),
        {},
    ),
    Sample(
        "smtpd",
        "NOQUEUE: reject: VRFY from mx.ex.test[192.0.2.7]: 454 4.7.1 <b@a.test>: Relay access "
        "denied; to=<b@a.test> proto=SMTP helo=<me>",
        type(NOISE),
        {},
    ),
    Sample(
        "smtpd",
        "08ACF1541B01: hold: DATA from mx.ex.test[192.0.2.7]: <DATA>: Data command triggers HOLD; "
        "from=<s@ex.test> to=<b@a.test> proto=ESMTP helo=<x>",
        Described,
        {"waiting": "on hold", "recipient": "b@a.test", "client_ip": "192.0.2.7"},
    ),
    Sample(
        "smtpd",
        "proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, id=31619-02 - spam; from=<> to=<b@a.test> "
        "proto=SMTP helo=<192.0.2.7>",
        Rejected,
        {"command": "END-OF-MESSAGE", "recipient": "b@a.test", "smtp_code": 554},
    ),
    Sample(
        "smtpd",
        "proxy-reject: END-OF-MESSAGE: ; from=<s@ex.test> to=<b@a.test> proto=ESMTP helo=<x>",
        Rejected,
        {"temporary": True, "reply": "", "sender": "s@ex.test"},
    ),
    Sample(
        "smtpd",
        "proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as A0320E00C3; from=<s@ex.test> "
        "to=<b@a.test> proto=ESMTP helo=<x>",
        type(NOISE),
        {},
    ),
)
