"""The one box: whatever somebody types or pastes, to the named values of a question.

Comes in: an address, a domain, a queue id, a Message-ID, an IP address or network, a pasted line
of a log or of a message's header, or part of a subject. Goes out: a value under the name that it
is understood as (`address to from subject id message_id ip`). Pure; never refuses anything: what
is nothing else is part of a subject.

Limits: `local@domain` can be an address or a Message-ID (RFC 5322 section 3.6.4); it is taken for
a Message-ID where its left part looks like one that programs make.
"""

from __future__ import annotations

import ipaddress
import re

#: Longest text that is looked at, in characters: a long log line.
LONGEST = 4_000

_EXIM_ID = r"[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{3,4})"
#: Postfix: microseconds and inode in hexadecimal; long ids with `z` between their halves.
_SHORT_ID = r"[0-9A-F]{6,20}"
_LONG_ID = r"[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,14}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]{1,14}"
#: By themselves ids have to look like nothing else: short ones have nine characters or more.
_ID = re.compile(
    rf"{_EXIM_ID}|[0-9A-F]{{9,20}}|{_LONG_ID}|[0-9a-fA-F]{{24}}|[0-9a-fA-F]{{16}}", re.ASCII
)
_EXIM_WORD = re.compile(rf"(?<![\w-])(?:E(?=\w{{6}}-))?({_EXIM_ID})(?![\w-])", re.ASCII)
#: A queue id of Postfix where its lines have it.
_LINE_ID = re.compile(
    rf"""
    (?: postfix\S*/\w+\[\d+\]:\s (?:\w+:\s)? | \bqueued\sas\s ) ({_SHORT_ID}|{_LONG_ID}) (?!\w)
    | (?<![^\s"\ufeff]) ({_SHORT_ID}|{_LONG_ID}) :\s
      (?=(?:to|from|client|uid|message-id|orig_to|removed|size|hold|reject)\b)
    """,
    re.VERBOSE | re.ASCII,
)
#: The same of other servers: sendmail (letters and digits), OpenSMTPD (a message is the first half
#: of its envelopes), qmail (an inode), MailScanner, filters that name the server's.
_OTHER_LINE_ID = re.compile(
    r"""
    [ /](?:sendmail|sm-[\w-]+|send-mail|sm)(?:\[\d+\])?:\s
        (?=[A-Za-z0-9]{0,19}\d)([A-Za-z0-9]{8,20}):\s
    | \b(?:msgid|evpid)=([0-9a-f]{8})(?:[0-9a-f]{8})?(?!\w)
    | \b(?:new|info|end|bounce)\ msg\ (\d{1,20})(?!\w)
    | \bstarting\ delivery\ \d{1,20}:\ msg\ (\d{1,20})(?!\w)
    | \bMailScanner\[\d+\]:\ (?:Spam\ Actions:\ message|Message|Requeue:)\ ([\w-]{6,40})
    | \b(?:qid:?\s|qid=|Queue-ID:\s)<?([\w-]{6,40})
    """,
    re.VERBOSE | re.ASCII,
)
_LINE_MESSAGE_ID = re.compile(
    r"(?:message-id:?[=\s]\s*|\b(?:id|mid|msgid)[=:]\s?|spamd: (?:processing|checking) message )"
    r"<?([^\s<>;,@]+@[^\s<>;,]+)",
    re.IGNORECASE,
)
#: Names of a message's fields: several of them are a header, whose lines a browser may have joined.
_HEADER = re.compile(
    r"(?:Message-ID|Received|Return-Path|Delivered-To|Date|From|To|Subject|MIME-Version):\s",
    re.IGNORECASE,
)
#: So many are one.
_FIELDS = 3
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"'=@]{1,64}@(?:[\w.-]{0,254}\w|\[[\w.:]{1,60}\])")
_BRACKETED = re.compile(r"<([^\s<>@]+@[^\s<>@]+)>")
_RECIPIENT = re.compile(
    r"(?:\bto=|\brcpt(?: to)?:?\s*|=> \S* ?|-> \S* ?)<([^\s<>@]+@[^\s<>@]+)>", re.IGNORECASE
)
_DOMAIN = re.compile(r"(?:[\w](?:[\w-]{0,61}[\w])?\.)+(?:[^\W\d_]{2,63}|xn--[\w-]{2,59})")
#: Endings of names that look like domains and are files.
_FILES = (".pdf", ".docx", ".xlsx", ".pptx", ".doc", ".xls", ".csv", ".txt", ".jpg", ".png")
_NAMED = re.compile(
    r"(to|from|subject|message-?id|id|ip|sender|recipient|address)\s*:\s*(.+)",
    re.IGNORECASE | re.DOTALL,
)
_NAMES = {
    "messageid": "message_id",
    "message-id": "message_id",
    "sender": "from",
    "recipient": "to",
}
#: Left parts of Message-IDs as programs make them.
_MADE = re.compile(
    rf"""
    E{_EXIM_ID}                                                # Exim
    | \d{{14}}\.\w+                                            # Postfix
    | [0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f-]{{17,}}             # UUID
    | CA[+\w=-]{{20,}} | [+\w.$-]*\d[+\w.$-]*\$[+\w.$-]+       # Google, Outlook
    | (?=(?:[^\d]*\d){{6}})(?![^=]*=[\w.-]+\.\w)[\w.$!~+-]{{18,}}
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def understand(text: str) -> dict[str, str]:
    """The values that a text stands for; none for an empty one."""
    text = " ".join(text[:LONGEST].split())
    if not text:
        return {}
    if len(_HEADER.findall(text)) >= _FIELDS and (names := _LINE_MESSAGE_ID.findall(text)):
        # Of a bounce the last: that of the message which was returned.
        return {"message_id": names[-1]}
    if named := _NAMED.fullmatch(text):
        name = named[1].lower()
        return _under(_NAMES.get(name, name), named[2])
    if " " in text:
        return _of_words(text)
    return _of_word(text)


def network(word: str) -> str:
    """An address or network in its usual form; "" if it is none."""
    if "." not in word and ":" not in word:
        return ""
    word = word.removeprefix("[").removesuffix("]")
    if word[:5].lower() == "ipv6:":
        word = word[5:]
    try:
        found = ipaddress.ip_network(word, strict=False)
    except ValueError:
        return ""
    is_one = found.prefixlen == found.max_prefixlen
    return str(found.network_address if is_one else found)


def _under(name: str, value: str) -> dict[str, str]:
    """A value whose name stands before it, as in a message's header."""
    if name in ("to", "from", "address") and (found := _address_in(value)):
        return {name: found}
    if name in ("to", "from", "address") and _is_domain(value):
        return {name: f"@{value}"}
    if name == "message_id":
        value = value.strip("<>")
    return {name: value}


def _of_words(text: str) -> dict[str, str]:
    """Several words: a line of a log, an address with a name, or part of a subject."""
    ids = [each for pattern in (_EXIM_WORD, _LINE_ID) if (each := pattern.search(text))]
    if ids:
        # The line is about the message that it names first.
        first = min(ids, key=lambda each: each.start())
        return {"id": next(filter(None, first.groups()))}
    if found := _OTHER_LINE_ID.search(text):
        return {"id": next(filter(None, found.groups()))}
    if found := _LINE_MESSAGE_ID.search(text):
        return {"message_id": found[1]}
    if address := _address_in(text):
        return {"address": address}
    return {"subject": text}


def _of_word(text: str) -> dict[str, str]:
    """One word."""
    bare = text.removeprefix("mailto:").strip("<>").rstrip(",;")
    if found := network(bare):
        return {"ip": found}
    if _is_id(bare):
        return {"id": bare}
    local, at, domain = bare.rpartition("@")
    if at and domain:
        if _MADE.fullmatch(local):
            return {"message_id": bare}
        return {"address": f"@{domain}" if local in ("", "*") else bare}
    if _is_domain(bare):
        return {"address": f"@{bare}"}
    return {"subject": text}


def _address_in(text: str) -> str:
    """The address that a text speaks of: of a log line the recipient; "" if there is none."""
    for pattern in (_RECIPIENT, _BRACKETED):
        if found := pattern.search(text):
            return found[1]
    found = _ADDRESS.search(text)
    return found[0] if found else ""


def _is_id(word: str) -> bool:
    """Whether a word by itself is a queue id: a plain number or word is none."""
    return bool(_ID.fullmatch(word)) and not word.isdigit() and any(c.isdigit() for c in word)


def _is_domain(word: str) -> bool:
    return bool(_DOMAIN.fullmatch(word)) and not word.lower().endswith(_FILES)
