"""What stands before the queue: tcpserver, rblsmtpd, qmail-smtpd and its patches, filters.

What refuses mail is an event, and the rest is noise: qmail-send tells of all that was accepted.

    rblsmtpd: IP pid N: 451 WORDS                                       (ucspi-tcp, rblsmtpd.c)
    rblsmtpd: LIST blocked IP WORDS                                     (older)
    tcpserver: deny N HERE:IP:PORT NAME:IP:USER:PORT                    (ucspi-tcp, tcpserver.c)
    qmail-smtpd: 421 WORDS: ip IP WORDS
    qmail-smtpd: pid N Reject::RCPT::Failed_Rcptto P:PROTOCOL S:IP:NAME H:HELO F:S T:R ['WORDS']
                                                                        (SPAMCONTROL, s/qmail)
    CHKUSER rejected rcpt: from <S:USER:ID> remote <HELO:NAME:IP> rcpt <R> : WORDS      (chkuser 2)
    CHKUSER rejected rcpt: from <S|remoteinfo/auth-id:USER|chkuser-identify:ID>
        remote <helo:HELO|remotehostname:NAME|remotehostip:IP> rcpt <R> : WORDS
    spamdyke[N]: DENIED_REASON from: S to: R origin_ip: IP origin_rdns: NAME auth: USER
        [encryption: WORDS reason: WORDS]                               (spamdyke.h, filter.c)
    simscan:[N]:STATE[ (SCORES)]:SECONDSs:SUBJECT:IP:S:R[,R...]         (simscan.c, log_message)

HELO, sender and recipient are a stranger's; they are read up to the last place where what
follows them fits.
"""

from __future__ import annotations

import re

from postroad.model.event import NOISE, Rejected
from postroad.parsers.qmail.line import Read, Sample


def rblsmtpd(at: int, host: str, text: str) -> Read:
    """Read a line of rblsmtpd: a client on a blocklist, or how long one was made to wait."""
    found = _LISTED.fullmatch(text)
    if found:
        ip, source, words = found[1] or found[2], found[3], found[4]
        code = int(words[:3])
        reply = f"{source}: {words}" if source else words
        return Rejected(
            at=at,
            host=host,
            command="CONNECT",
            temporary=code < _PERMANENT,
            smtp_code=code,
            reply=reply,
            client_ip=ip,
        )
    found = _BLOCKED.fullmatch(text)
    if found:
        return Rejected(at=at, host=host, command="CONNECT", reply=text, client_ip=found[1])
    return NOISE


def tcpserver(at: int, host: str, text: str) -> Read:
    """Read a line of tcpserver or sslserver: only a client that is not let in matters."""
    words = text.split(" ")
    if words[0] != "deny":
        return NOISE
    peer = words[-1].split(":")
    # NAME:IP:USER:PORT; an IPv6 address has more colons.
    ip = ":".join(peer[1:-2])
    return Rejected(
        at=at, host=host, command="CONNECT", reply=text, client_host=peer[0], client_ip=ip
    )


def qmail_smtpd(at: int, host: str, text: str) -> Read:
    """Read what patches of qmail-smtpd say of mail that they refused."""
    found = _REJECT.fullmatch(text)
    if found:
        kind, client, helo, sender, recipient = found.groups()[:5]
        name, ip = _client(client)
        return Rejected(
            at=at,
            host=host,
            command="DATA" if kind == "DATA" else "RCPT" if recipient else kind,
            sender=sender or "",
            has_sender=sender is not None,
            recipient=recipient or "",
            reply=text[found.start(1) - 8 :] if not found[6] else f"{found[7]}: {found[6]}",
            client_host=name,
            client_ip=ip,
            helo=helo or "",
        )
    found = _CODED.match(text)
    if not found:
        return NOISE
    code = int(found[1])
    return Rejected(
        at=at,
        host=host,
        command="CONNECT",
        temporary=code < _PERMANENT,
        smtp_code=code,
        reply=text,
        client_ip=found[2] or "",
    )


def chkuser(at: int, host: str, text: str) -> Read:
    """Read a line of chkuser behind its name."""
    found = _CHKUSER.fullmatch(text)
    if not found:
        return None
    brief, origin, client, recipient, words = found.groups()
    if brief not in _REFUSED_BY_CHKUSER:
        return NOISE
    sender, user, _ = _three(origin)
    helo, name, ip = _three(client)
    return Rejected(
        at=at,
        host=host,
        command="MAIL" if "sender" in brief else "RCPT",
        temporary=words in _LATER_BY_CHKUSER,
        sender=sender,
        has_sender=True,
        recipient=recipient,
        reply=f"{brief}: {words}",
        client_host="" if name == "unknown" else name,
        client_ip=ip,
        helo=helo,
        user=user,
    )


def spamdyke(at: int, host: str, text: str) -> Read:
    """Read a line of spamdyke: one for each recipient, whether denied or allowed."""
    if not text.startswith("DENIED_"):
        return NOISE
    found = _SPAMDYKE.fullmatch(text)
    if not found:
        return None
    rule, sender, recipient, ip, name, user, words = map(_known, found.groups())
    reply = words.replace("_", " ") if rule == "DENIED_OTHER" else words
    code = int(reply[:3]) if _CODE.match(reply) else None
    return Rejected(
        at=at,
        host=host,
        command="RCPT",
        temporary=code < _PERMANENT if code else rule in _LATER_BY_SPAMDYKE,
        sender=sender,
        has_sender=True,
        recipient=recipient,
        smtp_code=code,
        reply=f"{rule} {reply}" if reply else rule,
        client_host=name,
        client_ip=ip,
        user=user,
        user_proven=user != "",
    )


def simscan(at: int, host: str, text: str) -> Read:
    """Read `[N]:STATE...`: colons in subjects were made underscores (simscan.c, is_spam)."""
    found = _SIMSCAN.fullmatch(text)
    if not found:
        return NOISE
    state, subject, ip, sender, recipients = found.groups()
    first, *others = recipients.split(",")
    word = state.partition(" (")[0]
    return Rejected(
        at=at,
        host=host,
        command="DATA",
        discarded=word.endswith((" DROPPED", " DROP")),
        sender=sender,
        has_sender=True,
        recipient=first,
        recipients=tuple(others),
        reply=state if word.startswith("SPAM") else f"{state}: {subject}",
        client_ip="" if ip == "(null)" else ip,
    )


def _three(text: str) -> tuple[str, str, str]:
    """Take the three parts of what chkuser puts between brackets apart, old and new form."""
    parts = text.rsplit("|", 2)
    if len(parts) == _PARTS:
        first, second, third = parts
        return first.removeprefix("helo:"), second.partition(":")[2], third.partition(":")[2]
    first, _, rest = text.rpartition(":")
    before, _, second = first.rpartition(":")
    return before, second, rest


def _client(text: str) -> tuple[str, str]:
    """Take `IP:NAME` or `NAME:IP` apart: name and address."""
    head, _, name = text.rpartition(":")
    if _ADDRESS.fullmatch(head):
        return "" if name == "unknown" else name, head
    name, _, ip = text.partition(":")
    return "" if name == "unknown" else name, ip


def _known(word: str | None) -> str:
    """What spamdyke does not know, it says in parentheses."""
    return "" if word is None or word in _MISSING else word


_PERMANENT = 500
_PARTS = 3
_ADDRESS = re.compile(r"[0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*", re.ASCII)
_LISTED = re.compile(
    r"(?:([0-9a-fA-F.:]+) pid \d+|pid \d+ from ([0-9a-fA-F.:]+))(?: ([^\s:]+))?: ([45]\d\d .*)",
    re.ASCII,
)
_BLOCKED = re.compile(r"[\w.-]+ blocked ([0-9a-fA-F.:]+)(?: .*)?", re.ASCII)
_REJECT = re.compile(
    r"(?:pid \d+ )?Reject::(\w+)::\w+:?(?: P:\S*)? S:(\S*)"
    r"(?: H:(.{0,999}?))?(?: F:(\S*))?(?: T:(\S*))?(?: (?:\?[~=] ?)?'(.*)')?",
    re.ASCII,
)
_CODED = re.compile(r"([45]\d\d) (?:[\w.-]+: ip ([0-9a-fA-F.:]+))?", re.ASCII)
_CHKUSER = re.compile(
    r"([\w ]+): from <(.{0,999})> remote <(.{0,999})> rcpt <(.{0,999})> : (.*)", re.DOTALL
)
_REFUSED_BY_CHKUSER = frozenset(
    {
        "rejected relaying",
        "rejected rcpt",
        "rejected sender",
        "rejected intrusion",
        "no auth resource",
        "mbx overquota",
        "must auth",
    }
)
_LATER_BY_CHKUSER = frozenset({"temporary DNS problem", "no auth resource available"})
_SPAMDYKE = re.compile(
    r"(\w+) from: (.{0,999}) to: (.{0,999}) origin_ip: (\S+) origin_rdns: (\S+) auth: (.{0,999}?)"
    r"(?: encryption: \S+(?: reason: (.*))?)?",
    re.DOTALL | re.ASCII,
)
#: spamdyke.h, REJECT_SEVERITY_TEMPORARY.
_LATER_BY_SPAMDYKE = frozenset(
    {
        "DENIED_TOO_MANY_RECIPIENTS",
        "DENIED_GRAYLISTED",
        "DENIED_RDNS_MISSING",
        "DENIED_RDNS_RESOLVE",
        "DENIED_SENDER_NO_MX",
        "DENIED_OTHER",
    }
)
_MISSING = frozenset({"(unknown)", "(empty)", "(none)"})
_CODE = re.compile(r"[45]\d\d[ -]", re.ASCII)
_SIMSCAN = re.compile(
    r"\[\d+\]:((?:SPAM (?:REJECT|DROP(?:PED)?)|VIRUS(?: DROPPED)?|ATTACH|REGEX)(?: \([^)]*\))?)"
    r":[\d.]+s:([^:]*):([0-9a-fA-F.:]+|\(null\)):([^:]*):([^:]*)",
    re.DOTALL | re.ASCII,
)

#: Lines this module must understand, with the word that names the program.
SAMPLES: tuple[Sample, ...] = (
    Sample(
        "rblsmtpd: 198.51.100.77 pid 19597 sbl.list.example: 451 http://www.list.example/query",
        Rejected,
        {
            "client_ip": "198.51.100.77",
            "smtp_code": 451,
            "temporary": True,
            "reply": "sbl.list.example: 451 http://www.list.example/query",
        },
    ),
    Sample(
        "rblsmtpd: 2001:db8::7 pid 19597: 553 listed, see http://www.list.example/",
        Rejected,
        {"client_ip": "2001:db8::7", "smtp_code": 553, "temporary": False},
    ),
    Sample("rblsmtpd: 198.51.100.77 pid 19597: greetdelay: 15", type(NOISE), {}),
    Sample(
        "rblsmtpd: relays.list.example blocked 198.51.100.77 test.list.example -",
        Rejected,
        {"client_ip": "198.51.100.77"},
    ),
    Sample("tcpserver: status: 1/40", type(NOISE), {}),
    Sample("tcpserver: ok 31 mx1:192.0.2.1:25 h.example:198.51.100.7::4321", type(NOISE), {}),
    Sample(
        "tcpserver: deny 31 mx1:192.0.2.1:25 h.example:198.51.100.7::4321",
        Rejected,
        {"client_ip": "198.51.100.7", "client_host": "h.example"},
    ),
    Sample(
        "qmail-smtpd: 421 badiprbl: ip 198.51.100.54 rbl: list.example",
        Rejected,
        {"client_ip": "198.51.100.54", "smtp_code": 421, "temporary": True},
    ),
    Sample(
        "qmail-smtpd: pid 71 Reject::RCPT::Failed_Rcptto P:ESMTP S:198.51.100.7:h.example "
        "H:h.example F:ann@sender.example T:nobody@example.com",
        Rejected,
        {
            "command": "RCPT",
            "client_ip": "198.51.100.7",
            "client_host": "h.example",
            "helo": "h.example",
            "sender": "ann@sender.example",
            "recipient": "nobody@example.com",
        },
    ),
    Sample(
        "qmail-smtpd: pid 71 Accept::RCPT::Rcpthosts_Rcptto P:ESMTP S:198.51.100.7:unknown "
        "H:h F:a@sender.example T:b@example.com",
        type(NOISE),
        {},
    ),
    Sample(
        "CHKUSER rejected rcpt: from <ann@sender.example::> remote <h.example:unknown:198.51.100.7>"
        " rcpt <nobody@example.com> : not existing recipient",
        Rejected,
        {
            "command": "RCPT",
            "sender": "ann@sender.example",
            "recipient": "nobody@example.com",
            "client_ip": "198.51.100.7",
            "helo": "h.example",
            "reply": "rejected rcpt: not existing recipient",
        },
    ),
    Sample(
        "CHKUSER rejected relaying: from <ann@example.com|remoteinfo/auth-id:|chkuser-identify:> "
        "remote <helo:[198.51.100.7]|remotehostname:h.example|remotehostip:198.51.100.7> "
        "rcpt <bob@other.example> : client not allowed to relay",
        Rejected,
        {
            "sender": "ann@example.com",
            "client_host": "h.example",
            "client_ip": "198.51.100.7",
            "helo": "[198.51.100.7]",
        },
    ),
    Sample(
        "CHKUSER accepted rcpt: from <ann@sender.example::> remote <h.example:unknown:198.51.100.7>"
        " rcpt <anna@example.com> : found existing recipient",
        type(NOISE),
        {},
    ),
    Sample(
        "spamdyke[29207]: DENIED_RDNS_MISSING from: ann@sender.example to: anna@example.com "
        "origin_ip: 198.51.100.7 origin_rdns: (unknown) auth: (unknown) encryption: (none) "
        "reason: (empty)",
        Rejected,
        {
            "command": "RCPT",
            "temporary": True,
            "sender": "ann@sender.example",
            "recipient": "anna@example.com",
            "client_ip": "198.51.100.7",
            "client_host": "",
            "user": "",
            "reply": "DENIED_RDNS_MISSING",
        },
    ),
    Sample(
        "spamdyke[29207]: DENIED_OTHER from: ann@sender.example to: anna@example.com "
        "origin_ip: 198.51.100.7 origin_rdns: h.example auth: (unknown) encryption: TLS "
        "reason: 553_sorry,_that_domain_isn't_in_my_list_of_allowed_rcpthosts_(#5.7.1)",
        Rejected,
        {"smtp_code": 553, "temporary": False, "client_host": "h.example"},
    ),
    Sample(
        "spamdyke[29207]: ALLOWED from: ann@sender.example to: anna@example.com origin_ip: "
        "198.51.100.7 origin_rdns: h.example auth: (unknown) encryption: TLS reason: 250_ok",
        type(NOISE),
        {},
    ),
    Sample(
        "simscan:[25608]:SPAM REJECT (12.10/5.00/9.00):3.3011s:Buy_ now:198.51.100.7:"
        "ann@sender.example:anna@example.com,bert@example.com",
        Rejected,
        {
            "command": "DATA",
            "reply": "SPAM REJECT (12.10/5.00/9.00)",
            "sender": "ann@sender.example",
            "recipient": "anna@example.com",
            "recipients": ("bert@example.com",),
            "client_ip": "198.51.100.7",
            "discarded": False,
        },
    ),
    Sample(
        "simscan:[25608]:VIRUS DROPPED:0.2100s:Eicar-Test-Signature:198.51.100.7:"
        "ann@sender.example:anna@example.com",
        Rejected,
        {"discarded": True, "reply": "VIRUS DROPPED: Eicar-Test-Signature"},
    ),
    Sample(
        "simscan:[25608]:CLEAN (-1.21/9999.00):3.3s:Lunch:198.51.100.7:ann@sender.example:"
        "anna@example.com",
        type(NOISE),
        {},
    ),
)
