"""rspamd: its verdict on a message.

    <tag>; proxy; rspamd_task_write_log: id: <id>, qid: <Q>, ip: A, user: U, from: <S>,
    (default: F (no action): [1.20/15.00] [RULE(1.50){option;},RULE(-0.30){}]), len: N, ...

in one line (`log_format` in logging.inc; protocol.c, task.c). `qid` is the mail server's queue id,
where it told one; else the Message-ID names the message. T, F and S say that it is rejected, is
not, or was not looked at. An action is advice: what became of the message the mail server says.

Blanks inside a Message-ID are written as `?` (message.c); a line where there is one was not written
by rspamd, or by a `log_format` that is not understood, and says nothing.
"""

from __future__ import annotations

import re

from postroad.model.event import NOISE, Described
from postroad.parsers.neighbours.memory import Memory
from postroad.parsers.neighbours.words import ADDRESS, Read, Sample, bracketed, home, number
from postroad.parsers.prefix import Prefix

INSTANCE = "rspamd"


def read(head: Prefix, instance: str, memory: Memory) -> Read:
    """Read a line of rspamd; `instance` is the mail server's, whose queue ids it names."""
    del memory
    found = _VERDICT.match(head.text)
    if not found:
        return NOISE
    message_id, queue_id, _, state, action, score, symbols = found.groups("")
    named = bracketed(message_id)
    if not queue_id and not named:
        return NOISE
    return Described(
        at=head.at,
        host=head.host,
        instance=home(queue_id, instance) if queue_id else INSTANCE,
        queue_id=queue_id or named,
        message_id="" if queue_id else named[1:-1],
        scanner=INSTANCE,
        # What was not looked at is no ham; a forced action is a verdict all the same.
        spam=None if state == "S" and action == "no action" else _SPAM.get(action),
        spam_score=number(score),
        spam_verdict=action,
        spam_rules=tuple(_rules(symbols)),
    )


def _rules(text: str) -> list[str]:
    """Name the rules of `RULE(1.50){option;},RULE(-0.30){}], ...`, in their order."""
    rules: list[str] = []
    place = 0
    while found := _RULE.match(text, place):
        rules.append(found[1])
        place = found.end()
        if text[place : place + 1] == "{":
            # Options end with a semicolon; there may be braces inside.
            ends = [text.find(end, place) for end in ("},", "}]")]
            place = min((end for end in ends if end >= 0), default=len(text)) + 1
        if text[place : place + 1] != ",":
            break
        place += 1
    return rules


#: What an action means where it is one of rspamd's own; "later" means neither.
_SPAM = {
    "no action": False,
    "add header": True,
    "rewrite subject": True,
    "quarantine": True,
    "discard": True,
    "reject": True,
}
_VERDICT = re.compile(
    r"(?:<\S*>; *)?(?:[\w.-]+; *)?rspamd_task_write_log: id: <?(\S*?)>?,"
    r"(?: qid: <([^\s<>]*)>,)?(?: ip: \S+,)?(?: user: .*?,)?"
    rf"(?: from: (?:{ADDRESS})?,)? \([\w.-]+: ([TFS]) \(([^()]*)\): "
    r"\[(-?[\w.]+)/-?[\w.]+\] \[(.*)",
    re.ASCII | re.DOTALL,
)
_RULE = re.compile(r"([A-Za-z0-9_.:-]+)(?:\(-?[\d.naif]+\))?", re.ASCII)

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "rspamd",
        "<153713>; proxy; rspamd_task_write_log: id: <r1@sender.example>, qid: <86B2276290>, ip: "
        "192.0.2.25, from: <carol@sender.example>, (default: F (add header): [9.00/15.00] "
        "[R_SPF_SOFTFAIL(2.50){~all;},DMARC_POLICY_SOFTFAIL(1.50){sender.example : No valid SPF, "
        "No valid DKIM;none;},R_DKIM_NA(0.00){}]), len: 812, time: 210.1ms, dns req: 20, digest: "
        "<d41d8cd98f00b204e9800998ecf8427e>, rcpts: <ann@example.com>, mime_rcpts: "
        "<ann@example.com>",
        Described,
        {
            "instance": "postfix",
            "queue_id": "86B2276290",
            "message_id": "",
            "scanner": "rspamd",
            "spam": True,
            "spam_score": 9.0,
            "spam_verdict": "add header",
            "spam_rules": ("R_SPF_SOFTFAIL", "DMARC_POLICY_SOFTFAIL", "R_DKIM_NA"),
        },
    ),
    Sample(
        "rspamd",
        "<a1b2c3>; task; rspamd_task_write_log: id: <r2@sender.example>, ip: 192.0.2.25, user: "
        "ann, (default: S (no action): [0.00/15.00] []), len: 90, time: 1.1ms, dns req: 0",
        Described,
        {
            "instance": "rspamd",
            "queue_id": "<r2@sender.example>",
            "spam": None,
            "spam_rules": (),
        },
    ),
)
