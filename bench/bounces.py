"""Do our reasons agree with those that others have found in real bounce messages?

A folder of messages comes in, with the reason for each recipient in the words of the project that
keeps them. Each message is read as a receipt; the reply in it, or the words of its writer, is
classified; and the answer is compared. Their words and ours are not the same list, so a table tells
which of ours say the same as each of theirs.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from postroad.model.receipt import Says
from postroad.model.status import Status
from postroad.reasons import Reason, reason
from postroad.receipts import notice, read

#: Their word, and ours that say the same. Theirs for the step of the session or the party that
#: refuses (`blocked`: the client's host, `rejected`: the sender, `filtered`: the recipient, after
#: the message was sent) are narrower ours: what was held against the host, the sender, the address.
SAME: dict[str, frozenset[Reason | None]] = {
    their: frozenset(ours)
    for their, ours in {
        "authfailure": [Reason.AUTHENTICATION_FAILED],
        "badreputation": [Reason.SENDER_REPUTATION],
        "blocked": [
            Reason.BLOCKLISTED,
            Reason.SENDER_REPUTATION,
            Reason.REVERSE_DNS,
            Reason.RATE_LIMITED,
        ],
        "contenterror": [Reason.CONTENT_REFUSED, Reason.BAD_PROTOCOL],
        "delivered": [None],
        "exceedlimit": [Reason.MESSAGE_TOO_LARGE],
        "expired": [
            Reason.EXPIRED,
            Reason.CONNECTION_TIMED_OUT,
            Reason.CONNECTION_REFUSED,
            Reason.CONNECTION_LOST,
            Reason.NO_ROUTE,
        ],
        "filtered": [Reason.MAILBOX_UNKNOWN, Reason.RESTRICTED, Reason.RECIPIENT_RULE],
        "hasmoved": [Reason.MOVED],
        "hostunknown": [Reason.HOST_NOT_FOUND],
        "mailboxfull": [Reason.MAILBOX_FULL],
        "mailererror": [Reason.LOCAL_TROUBLE],
        "mesgtoobig": [Reason.MESSAGE_TOO_LARGE],
        "networkerror": [
            Reason.CONNECTION_TIMED_OUT,
            Reason.CONNECTION_REFUSED,
            Reason.CONNECTION_LOST,
            Reason.NO_ROUTE,
            Reason.HOST_NOT_FOUND,
            Reason.LOOP,
        ],
        "norelaying": [Reason.RELAY_DENIED],
        "notaccept": [Reason.NO_MAIL_SERVICE],
        "notcompliantrfc": [Reason.BAD_PROTOCOL],
        "policyviolation": [Reason.POLICY, Reason.CONTENT_REFUSED],
        "rejected": [Reason.SENDER_REJECTED, Reason.SENDER_REPUTATION, Reason.RESTRICTED],
        "requireptr": [Reason.REVERSE_DNS],
        "securityerror": [Reason.POLICY, Reason.AUTH_REQUIRED, Reason.TLS_FAILED],
        "spamdetected": [Reason.SPAM],
        "suspend": [Reason.MAILBOX_DISABLED],
        "syntaxerror": [Reason.BAD_PROTOCOL],
        "systemerror": [Reason.REMOTE_TROUBLE, Reason.LOCAL_TROUBLE, Reason.LOOP],
        "toomanyconn": [Reason.RATE_LIMITED],
        "userunknown": [Reason.MAILBOX_UNKNOWN],
        "virusdetected": [Reason.VIRUS],
    }.items()
}
#: Their words for "we cannot tell": nothing to compare with.
UNDECIDED = frozenset({"onhold", "undefined"})


class Difference(NamedTuple):
    """A message whose reasons are not the same in their words and in ours."""

    name: str
    theirs: str
    ours: str
    #: What we went by.
    text: str


class Bounces(NamedTuple):
    """How many messages there are, how many agree, and those that do not."""

    messages: int
    agreed: int
    #: Messages that they cannot tell the reason of.
    undecided: int
    differences: list[Difference]

    @property
    def share(self) -> float:
        """Share of the messages that agree, of those that say something."""
        return self.agreed / (self.messages - self.undecided)


class _Found(NamedTuple):
    reason: Reason | None
    text: str


def compare(folder: Path) -> Bounces:
    """Compare all messages of the folder. A message agrees if all of its recipients do."""
    expected: dict[str, list[str]] = defaultdict(list)
    with (folder / "expected.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            expected[row["file"]].append(row["reason"])
    agreed = undecided = 0
    differences = []
    for name, theirs in sorted(expected.items()):
        if set(theirs) <= UNDECIDED:
            undecided += 1
            continue
        found = of_message((folder / name).read_bytes())
        if _agree(theirs, found):
            agreed += 1
        else:
            differences.append(_difference(name, theirs, found))
    return Bounces(len(expected), agreed, undecided, differences)


def of_message(data: bytes) -> list[_Found]:
    """The reason for each recipient of a bounce message."""
    report = read(data)
    found = []
    for each in report.receipts:
        if each.says in (Says.FAILED, Says.DELAYED):
            found.append(_of_reply(each.diagnostic, each.smtp_code, each.enhanced_code))
        else:
            found.append(_Found(None, each.says.word))
    if report.notice:
        decisive = [each for each in found if each.reason not in (None, Reason.UNKNOWN)]
        return decisive or _of_notice(report.notice)
    return found


def _of_reply(text: str, smtp_code: int, enhanced_code: str) -> _Found:
    return _Found(reason(text, smtp_code, enhanced_code, Status.FAILED), text)


def _of_notice(text: str) -> list[_Found]:
    """The replies that a notice quotes; where there is none, all it says."""
    found = [_of_reply(*each) for each in notice.quoted(text)]
    known = [each for each in found if each.reason is not Reason.UNKNOWN]
    return known or [_of_reply(" ".join(text.split()), 0, "")]


def _agree(theirs: list[str], found: list[_Found]) -> bool:
    """Whether each of theirs is among ours, in the order of the recipients where it is known."""
    if not found:
        return False
    if len(found) < len(theirs):
        found = found + [found[-1]] * (len(theirs) - len(found))
    return all(
        their in UNDECIDED or ours.reason in SAME[their]
        for their, ours in zip(theirs, found, strict=False)
    )


def _difference(name: str, theirs: list[str], found: list[_Found]) -> Difference:
    ours = [each.reason.word if each.reason is not None else "none" for each in found]
    text = " / ".join(each.text for each in found)
    return Difference(name, ", ".join(theirs), ", ".join(ours) or "none", text)
