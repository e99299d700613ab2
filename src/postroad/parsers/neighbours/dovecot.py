"""Dovecot: what LMTP, the local delivery agent and Sieve did with a message.

A line is `SERVICE(USER)<PID><SESSION>: [LEVEL: ][SESSION: ][sieve: ]TEXT` (`mail_log_prefix`;
before 2.3 `lmtp(PID, USER): SESSION: ` or `lda(USER): `, before 2.0 `deliver(USER): `). TEXT is
what `deliver_log_format` makes of a message: `msgid=%m: %$`, or whatever an administrator prefers;
`%$` is what happened. Its words are those of lib-lda/mail-deliver.c and lmtp/lmtp-proxy.c of
Dovecot 1.2 to 2.4 and of Pigeonhole's sieve-actions.c, cmd-redirect.c, cmd-discard.c, ext-reject.c
and cmd-vacation.c.

The Message-ID, the subject and the sender are chosen by whoever sends mail, and may hold anything,
words of Dovecot's own included. Where `%$` comes first, nothing before it is theirs. Where it comes
last, as it does by default, the last words that make a whole report are Dovecot's. What is left:
a folder named like an address in brackets may be missed, and a Message-ID is not believed where
another `msgid=` stands before it.

Whether a quota that is exceeded is final is not logged; it is unless `quota_full_tempfail` is set.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from postroad.model.event import NOISE, Attempted, Noted
from postroad.model.status import Outcome
from postroad.parsers.neighbours.folder import readable
from postroad.parsers.neighbours.memory import Memory
from postroad.parsers.neighbours.words import Read, Sample, bracketed
from postroad.parsers.prefix import Prefix

INSTANCE = "dovecot"


class _Told(NamedTuple):
    """What Dovecot's own words say. Without an outcome they only note something."""

    outcome: Outcome | None = None
    mailbox: str = ""
    #: Instead of the service's own name.
    transport: str = ""


class _Source(NamedTuple):
    """Whose process wrote the line."""

    #: `lmtp` or `lda`.
    service: str
    user: str
    session: str


def read(head: Prefix, instance: str, memory: Memory) -> Read:
    """Read a line of Dovecot, with its own prefix in front of the text."""
    del instance, memory
    text = head.text if head.tag == "dovecot" else f"{head.tag}: {head.text}"
    if text[:3].lower() not in _DELIVERING:
        return NOISE
    return told(head, text)


def told(head: Prefix, text: str) -> Read:
    """Read `SERVICE(USER)<PID><SESSION>: TEXT`; `head` says when and where."""
    found = _PREFIX.match(text)
    if not found:
        return NOISE
    source = _source(found)
    rest = text[found.end() :]
    if named := _SESSION.match(rest):
        source = source._replace(session=source.session or named[1])
        rest = rest[named.end() :]
    if rest.startswith(("Sent message to <", "Failed to send message to <")):
        return _proxied(head, source, rest)
    if rest.startswith(("Connect from ", "Disconnect from ")):
        return NOISE
    return _delivered(head, source, rest.removeprefix("sieve: "))


def _source(found: re.Match[str]) -> _Source:
    service, named, brackets = found[1].lower(), found[2] or "", found[3]
    session = ""
    for group in brackets[1:-1].split("><") if brackets else ():
        # The process id is a number; the session's name has 22 digits to the base 64.
        if not group.isdecimal():
            session = group
    first, comma, second = named.partition(", ")
    if comma and first.isdecimal():
        user = second
    elif named.isdecimal() and not brackets:
        user = ""
    else:
        user = named.partition(",")[0]
    return _Source("lmtp" if service == "lmtp" else "lda", user, session)


def _delivered(head: Prefix, source: _Source, text: str) -> Read:
    """Read what `deliver_log_format` made."""
    named, colon, words = text.partition(">: ")
    if (
        colon
        and named.startswith("msgid=<")
        and " " not in named
        and not _BREAK.search(words, _behind_action(words))
        and (said := _say(words))
    ):
        # As it is by default, and nothing in it that could be anything else.
        return _reported(head, source, said, words, f"{named[6:]}>", "")
    if found := _FIRST.match(text):
        # The words stand in front; fields follow them.
        words, fields = _cut(text[found.start() :])
        before = ""
    else:
        at = _last_words(text)
        if at < 0:
            return _unsaid(head, source, text)
        words, behind = _cut(text[at:])
        before, fields = text[:at], text[:at] + behind
    message_id = bracketed(_message_id(before, fields))
    source = source._replace(session=source.session or _field(fields, "session"))
    sender = _field(fields, "from").strip("<>")
    return _reported(head, source, _say(words) or _Told(), words, message_id, sender)


def _reported(
    head: Prefix, source: _Source, said: _Told, words: str, message_id: str, sender: str
) -> Read:
    """Put together what a line says of a message."""
    queue_id = message_id or source.session
    if not queue_id:
        return NOISE
    if said.outcome is None:
        return Noted(at=head.at, host=head.host, instance=INSTANCE, queue_id=queue_id)
    return Attempted(
        at=head.at,
        host=head.host,
        instance=INSTANCE,
        queue_id=queue_id,
        outcome=said.outcome,
        address=source.user,
        mailbox=said.mailbox,
        message_id=message_id[1:-1],
        session=source.session,
        transport=said.transport or source.service,
        reply=words,
        sender=sender,
        pid=head.pid,
    )


def _behind_action(words: str) -> int:
    """Where the words proper begin behind `fileinto action: `."""
    found = _ACTION.match(words)
    return found.end() if found else 0


def _unsaid(head: Prefix, source: _Source, text: str) -> Read:
    """Other words: they belong to a message if a Message-ID stands in front of them."""
    if text.startswith("msgid=<"):
        message_id, colon, _ = text[6:].partition(">: ")
        if colon and len(message_id) > 1:
            queue_id = f"{message_id}>"
            return Noted(at=head.at, host=head.host, instance=INSTANCE, queue_id=queue_id)
    del source
    return NOISE


def _last_words(text: str) -> int:
    """Find where Dovecot's own words begin, -1 if nowhere: the last whole report."""
    starts = [found.start(1) for found in _LATER.finditer(text)]
    for start in reversed(starts):
        if _is_whole(text[start:]):
            return start
    return starts[-1] if starts else -1


def _is_whole(words: str) -> bool:
    """Whether words are a report from beginning to end, with a folder that is likely one."""
    said = _say(words) or _Told()
    return "<" not in said.mailbox and ">" not in said.mailbox and _complete(words)


def _complete(words: str) -> bool:
    bare = words[_behind_action(words) :]
    lead = next((lead for lead in _ADDRESSED if bare.startswith(lead)), None)
    return lead is None or bare.startswith("<", len(lead))


def _cut(text: str) -> tuple[str, str]:
    """Split words that stand first from the fields behind them."""
    found = _FIELD_BEHIND.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def _message_id(before: str, fields: str) -> str:
    """Find the Message-ID among the fields; "" where it cannot be told from the sender's text."""
    if before.startswith("msgid="):
        value = before[6:].removesuffix(" ").removesuffix(":").removesuffix(",")
        named = _NAMED.search(value)
        if named is None:
            return value
        # Other fields follow, or the Message-ID looks as if they did.
        return _value(value)
    places = [found for found in _NAMED.finditer(fields) if found[1] == "msgid"]
    return _value(fields[places[0].end() :]) if len(places) == 1 else ""


def _value(text: str) -> str:
    if text[:1] == "<":
        return text[: text.find(">") + 1]
    return _END.split(text, maxsplit=1)[0]


def _field(fields: str, name: str) -> str:
    """The value of the one field of this name, "" if there is none or more than one."""
    places = [found for found in _NAMED.finditer(fields) if found[1] == name]
    return _value(fields[places[0].end() :]) if len(places) == 1 else ""


def _say(words: str) -> _Told | None:
    """Understand Dovecot's own words; None if they are not known."""
    bare = words[_behind_action(words) :]
    for lead, reader in _BY_FIRST.get(bare.partition(" ")[0], ()):
        if bare.startswith(lead):
            return reader(bare[len(lead) :])
    return None


def _saved(rest: str) -> _Told:
    return _Told(Outcome.DELIVERED, readable(rest))


def _stored(rest: str) -> _Told:
    """`'Asked for'`, or `'Asked for' (as it is called)`."""
    if rest[:1] != "'":
        return _saved(rest)
    asked, quote, real = rest[1:].rpartition("' (")
    if quote and real.endswith(")"):
        return _Told(Outcome.DELIVERED, readable(real[:-1]) or asked)
    return _Told(Outcome.DELIVERED, readable(rest[1:].removesuffix("'")))


def _not_saved(rest: str) -> _Told:
    lowered = rest.lower()
    is_full = any(sign in lowered for sign in ("quota exceeded", "mailbox full", "is full"))
    return _Told(Outcome.FAILED if is_full else Outcome.DEFERRED)


def _discarded(rest: str) -> _Told:
    del rest
    return _Told(Outcome.DISCARDED, transport="sieve")


def _rejected(rest: str) -> _Told:
    del rest
    return _Told(Outcome.FAILED, transport="sieve")


def _refused(rest: str) -> _Told:
    del rest
    return _Told(Outcome.FAILED)


def _forwarded(rest: str) -> _Told:
    del rest
    return _Told(Outcome.DELIVERED, transport="sieve redirect")


def _noted(rest: str) -> _Told:
    del rest
    return _Told()


def _proxied(head: Prefix, source: _Source, text: str) -> Read:
    """Read `Sent message to <R> at HOST:PORT: REPLY (1/1 at 5 ms)` (lmtp-proxy.c)."""
    found = _PROXIED.match(text)
    if not found:
        return NOISE
    recipient, host, port, reply = found.groups()
    reply = _COUNT.sub("", reply)
    behind = _SAVED.search(reply)
    session = behind[1] if behind else source.session
    if not session:
        return NOISE
    told = _CODES.match(reply)
    code, enhanced = (int(told[1]), told[2] or "") if told else (None, "")
    is_ip = ":" in host or host.replace(".", "").isdecimal()
    if text.startswith("Sent"):
        outcome = Outcome.DELIVERED
    else:
        outcome = Outcome.FAILED if code and code >= _PERMANENT else Outcome.DEFERRED
    return Attempted(
        at=head.at,
        host=head.host,
        instance=INSTANCE,
        queue_id=session,
        outcome=outcome,
        address=recipient,
        session=session,
        transport="lmtp proxy",
        remote=True,
        remote_host="" if is_ip else host,
        remote_ip=host if is_ip else "",
        remote_port=int(port),
        smtp_code=code,
        enhanced_code=enhanced,
        reply=reply,
        pid=head.pid,
    )


_PERMANENT = 500
#: The services that deliver, by three letters: lmtp, lda, deliver and what bears their names.
_DELIVERING = frozenset({"lmt", "lda", "del", "dov"})
_LEVEL = r"(?:(?:Debug|Info|Warning|Error|Fatal|Panic): )?"
_PREFIX = re.compile(
    r"(?:dovecot-)?(lmtp|lda|deliver)(?:\(([^()]*)\))?((?:<[^<>\s]*>)*)"
    rf"(?:\[[^\[\]\s]*\])?: {_LEVEL}",
    re.IGNORECASE | re.ASCII,
)
_SESSION = re.compile(r"<?([A-Za-z0-9+/]{22}(?::[A-Za-z0-9]+)*)>?: ", re.ASCII)
_ACTION = re.compile(r"[a-z]+ action: ", re.ASCII)

#: What the words begin with, longer beginnings first, and what they mean.
_WORDS: tuple[tuple[str, Callable[[str], _Told]], ...] = (
    ("saved mail to ", _saved),
    ("stored mail into mailbox ", _stored),
    ("save failed to ", _not_saved),
    ("failed to store into mailbox ", _not_saved),
    ("Failed to store into mailbox ", _not_saved),
    ("marked message to be discarded if not explicitly delivered", _discarded),
    ("Marked message to be discarded if not explicitly delivered", _discarded),
    ("discarded message", _discarded),
    ("rejected message from ", _rejected),
    ("discarded reject to <>", _discarded),
    ("rejected: ", _refused),
    ("forwarded to ", _forwarded),
    ("sent vacation response to ", _noted),
    ("failed to send vacation response to ", _noted),
    ("discarded vacation ", _noted),
    ("discarding vacation ", _noted),
    ("not sending vacation ", _noted),
    ("discarded duplicate ", _noted),
    ("not forwarding message to ", _noted),
    ("failed to redirect message to ", _noted),
    ("failed to send rejection message to ", _noted),
    ("left message in mailbox ", _noted),
    ("store into mailbox ", _noted),
    ("Store into mailbox ", _noted),
    ("sent mail notification to ", _noted),
    ("sent notification ", _noted),
    ("reject action aborted: ", _noted),
    ("Auto-submitted message discarded: ", _noted),
    ("Return-Path missing, rejection reason: ", _noted),
)
_BY_FIRST: dict[str, list[tuple[str, Callable[[str], _Told]]]] = {}
for _lead, _reader in _WORDS:
    _BY_FIRST.setdefault(_lead.partition(" ")[0], []).append((_lead, _reader))
#: Those that an address in brackets follows.
_ADDRESSED = tuple(
    lead for lead, _ in _WORDS if lead.endswith((" to ", " from ")) and not lead.startswith("save")
)
_LEADS = "|".join(re.escape(lead) for lead, _ in _WORDS)
_FIRST = re.compile(rf"(?:[a-z]+ action: )?(?:{_LEADS})", re.ASCII)
#: What may stand between other text and Dovecot's words, or fields.
_BREAK = re.compile(r"[:,;|>)\"'-] |=")
_LATER = re.compile(rf"(?<=[:,;|>)\"'-] )((?:[a-z]+ action: )?(?:{_LEADS}))", re.ASCII)
_NAMES = r"msgid|from|from_envelope|subject|size|psize|vsize|session|delivery_time"
_NAMED = re.compile(rf"(?:(?<=[ ,;:(\[|])|^)({_NAMES})=", re.ASCII)
_FIELD_BEHIND = re.compile(rf"(?:(?<![,;:|(])[,;:|(]++ ?| )[(\[]?(?:{_NAMES})=", re.ASCII)
_END = re.compile(r"[,;:|)\]]? |[,;:|)\]]?$")
_PROXIED = re.compile(
    r"(?:Sent|Failed to send) message to <(.*?)> at (?:<)?([^\s<>]*?)>?:(\d{1,5}): (.*)",
    re.ASCII | re.DOTALL,
)
_CODES = re.compile(r"([245]\d\d)[ -](?:([245]\.\d{1,3}\.\d{1,3})(?![\d.]))?", re.ASCII)
_COUNT = re.compile(r" \(\d+/\d+ at \d+ ms\)$", re.ASCII)
_SAVED = re.compile(r" ([A-Za-z0-9+/]{22}(?::[A-Za-z0-9]+)*) Saved", re.ASCII)

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "dovecot",
        "lmtp(ann@example.com)<9956><IkiQKTt+117kJgAAWP5Hkg>: msgid=<a1@sender.example>: saved "
        "mail to INBOX",
        Attempted,
        {
            "instance": "dovecot",
            "queue_id": "<a1@sender.example>",
            "message_id": "a1@sender.example",
            "session": "IkiQKTt+117kJgAAWP5Hkg",
            "outcome": Outcome.DELIVERED,
            "address": "ann@example.com",
            "mailbox": "INBOX",
            "transport": "lmtp",
            "reply": "saved mail to INBOX",
        },
    ),
    Sample(
        "dovecot",
        "lda(ann)<218><sbuvCr1ufmnaAAAA8Bi3+g>: sieve: msgid=<a2@sender.example>: fileinto action: "
        "stored mail into mailbox 'Lists/Z&APw-rich'",
        Attempted,
        {"outcome": Outcome.DELIVERED, "mailbox": "Lists/Zürich", "transport": "lda"},
    ),
    Sample(
        "dovecot",
        "lmtp(30301, ann@example.com): z5FOLrRhDVpddgAABvoInA: sieve: msgid=<a3@sender.example>: "
        "marked message to be discarded if not explicitly delivered (discard action)",
        Attempted,
        {
            "address": "ann@example.com",
            "outcome": Outcome.DISCARDED,
            "transport": "sieve",
            "session": "z5FOLrRhDVpddgAABvoInA",
        },
    ),
    Sample(
        "deliver(ann)",
        "msgid=<a4@sender.example>: save failed to INBOX: Quota exceeded (mailbox for user is "
        "full)",
        Attempted,
        {"address": "ann", "outcome": Outcome.FAILED, "transport": "lda", "mailbox": ""},
    ),
    Sample(
        "dovecot",
        "lmtp(2170): IkiQKTt+117kJgAAWP5Hkg: Sent message to <ann@example.com> at 192.0.2.8:24: "
        "250 2.0.0 <ann@example.com> wArTL0TxF2AccAAAYr7Zvw Saved (1/1 at 34 ms)",
        Attempted,
        {
            "queue_id": "wArTL0TxF2AccAAAYr7Zvw",
            "outcome": Outcome.DELIVERED,
            "remote_ip": "192.0.2.8",
            "remote_port": 24,
            "smtp_code": 250,
            "transport": "lmtp proxy",
        },
    ),
)
