"""amavis: what it made of a message (the templates behind `__DATA__` in amavisd).

    (id) Passed CLEAN {RelayedInbound}, [client]:port [origin] <S> -> <R>,<R>, quarantine: Q,
    Queue-ID: QID, Message-ID: <id>, mail_id: X, Hits: 1.2, size: N, queued_as: QID, ... 80 ms

in one line. `Passed` says that the mail went on, and nothing of whether it arrived; the mail
server links both queue ids itself. Where there is no `Queue-ID:`, as before 2.8, the queue id is
that of the mail on its way back.

A line longer than 980 octets comes in pieces, of which the first alone is read. Names of files and
viruses stand before the queue id and may hold anything: a line that names two queue ids is not
believed.
"""

from __future__ import annotations

import re

from postroad.model.event import NOISE, Described
from postroad.parsers.neighbours.memory import Memory
from postroad.parsers.neighbours.words import ADDRESS, Read, Sample, home, number
from postroad.parsers.prefix import Prefix


def read(head: Prefix, instance: str, memory: Memory) -> Read:
    """Read a line of amavis; `instance` is the mail server's, whose queue ids it names."""
    del memory
    text = head.text
    start = text.find(") ") + 2
    if text[:1] != "(" or not text.startswith(("Passed ", "Blocked "), start):
        return NOISE
    found = _VERDICT.match(text, start)
    if not found:
        return NOISE
    word, category, names, actions = found.group("word", "category", "names", "actions")
    rest = text[found.end() :]
    queue_id = _queue_id(rest, behind_names=bool(names))
    if not queue_id:
        return NOISE
    hits = _HITS.match(rest)
    tests = _TESTS.search(rest, hits.end()) if hits else None
    rules = tests[1].split(",") if tests else []
    if names and category == "INFECTED":
        rules += names.split(", ")
    verdict = f"{word} {category}"
    return Described(
        at=head.at,
        host=head.host,
        instance=home(queue_id, instance),
        queue_id=queue_id,
        scanner="amavis",
        spam=_SPAM.get(category),
        spam_score=number(hits[1]) if hits else None,
        spam_verdict=f"{verdict} {{{actions}}}" if actions else verdict,
        spam_rules=tuple(rule.partition("=")[0] for rule in rules if rule),
    )


def _queue_id(rest: str, *, behind_names: bool) -> str:
    """Find the queue id behind the recipients; "" if none can be believed."""
    parties = _PARTIES.match(rest)
    if not parties:
        return ""
    named = _QUEUE_ID.match(rest, parties.end())
    if not named:
        back = _QUEUED_AS.search(rest, parties.end())
        return back[1] if back else ""
    if behind_names and rest.count(", Queue-ID: ") > 1:
        return ""
    return named[1]


_SPAM = {"CLEAN": False, "SPAMMY": True, "SPAM": True}
_VERDICT = re.compile(
    r"(?P<word>Passed|Blocked) (?P<category>[A-Z]+(?:-[A-Z\d]+)*)"
    r"(?: \((?P<names>.*?)\)(?=,| \{))?(?: \{(?P<actions>[A-Za-z0-9,_-]*)\})?,",
    re.ASCII,
)
#: Policy bank, client, origin, protocols; sender and recipients; way, and quarantine.
_PARTIES = re.compile(
    rf"[^<]*?{ADDRESS} -> {ADDRESS}(?:,{ADDRESS})*(?:, \([^()]*\))?(?:, tls: [^,]*)?"
    r"(?:, quarantine: [^\s,]*(?:,[^\s,]+)*)?",
    re.ASCII,
)
_QUEUE_ID = re.compile(r", Queue-ID: ([0-9A-Za-z-]+)(?=,)", re.ASCII)
#: Behind the Message-ID, which may hold anything: the last that is followed by what amavis wrote.
_HITS = re.compile(
    r".*, mail_id: [\w+-]+(?:, b: [^\s,]+)?, Hits: (-?[\d.]*)[\d.+-]*(?=,)", re.ASCII | re.DOTALL
)
_TESTS = re.compile(r", Tests: \[([^\]]*)\]", re.ASCII)
_QUEUED_AS = re.compile(r", mail_id: .*?, queued_as: ([0-9A-Za-z-]+)", re.ASCII)

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "amavis",
        "(02279-04) Passed SPAMMY {RelayedTaggedInbound}, [192.0.2.25]:6101 [192.0.2.25] "
        "<carol@sender.example> -> <ann@example.com>, Queue-ID: 4AA091855DA0, Message-ID: "
        "<v1@sender.example>, mail_id: 6aLEkMwQa8H2, Hits: 7.125, size: 888, queued_as: "
        "776E41855DB2, Tests: [BAYES_50=0.8,HTML_MESSAGE=0.001], 80 ms",
        Described,
        {
            "instance": "postfix",
            "queue_id": "4AA091855DA0",
            "scanner": "amavis",
            "spam": True,
            "spam_score": 7.125,
            "spam_verdict": "Passed SPAMMY {RelayedTaggedInbound}",
            "spam_rules": ("BAYES_50", "HTML_MESSAGE"),
        },
    ),
    Sample(
        "/usr/sbin/amavisd-new",
        "(03491-01) Blocked INFECTED (Eicar-Signature) {DiscardedInbound,Quarantined}, "
        "[192.0.2.25]:47508 [192.0.2.25] <carol@sender.example> -> <ann@example.com>,"
        "<bob@example.com>, quarantine: W/virus-WK3LMJCskwci, Queue-ID: E52312222F, Message-ID: "
        "<v2@sender.example>, mail_id: WK3LMJCskwci, Hits: -, size: 2997, 1093 ms",
        Described,
        {
            "queue_id": "E52312222F",
            "spam": None,
            "spam_score": None,
            "spam_verdict": "Blocked INFECTED {DiscardedInbound,Quarantined}",
            "spam_rules": ("Eicar-Signature",),
        },
    ),
)
