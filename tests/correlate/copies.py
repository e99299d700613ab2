"""Copies that a mail server hands on, and what mailbox servers and filters say of them."""

from __future__ import annotations

from tests.correlate.book import Book, Line
from tests.correlate.stories import SECOND, START, Script

from postroad.model.event import Attempted, Described
from postroad.model.status import Outcome, Status

ID = "<1@example.org>"
DAY = 86_400 * SECOND


def postfix(*, session: bool = True, users: tuple[str, ...] = ("ann", "bob")) -> list[Line]:
    """A message that Postfix hands to the mailbox server for each of these."""
    script = Script("postfix")
    script.arrived(0, "4AAAAAAAAAAz", client_host="mx.example.org", client_ip="192.0.2.9")
    script.described(0, "4AAAAAAAAAAz", message_id=ID)
    script.described(0, "4AAAAAAAAAAz", sender="x@example.org", has_sender=True, nrcpt=len(users))
    for number, user in enumerate(users):
        reply = f"250 2.0.0 <{user}@example.com> SESSION{number if session else 'x'} Saved"
        script.attempted(
            2, "4AAAAAAAAAAz", Outcome.DELIVERED, f"{user}@example.com", reply=reply, smtp_code=250
        )
    script.ended(3, "4AAAAAAAAAAz")
    return script.lines


def dovecot(user: str, number: int, **more: object) -> Line:
    """What Dovecot says of one copy."""
    fields = {
        "outcome": Outcome.DELIVERED,
        "mailbox": "INBOX",
        "reply": "saved mail to INBOX",
        "transport": "lmtp",
        "session": f"SESSION{number}",
    } | more
    event = Attempted(
        at=START + 2 * SECOND,
        host="mail",
        instance="dovecot",
        queue_id=ID,
        address=user,
        message_id=ID,
        **fields,  # type: ignore[arg-type]
    )
    return event, f"dovecot {event!r}"


def scanned(score: float = 7.5) -> Line:
    """What spamd says of the message."""
    event = Described(
        at=START + SECOND,
        host="mail",
        instance="spamassassin",
        queue_id=ID,
        message_id=ID,
        scanner="spamassassin",
        spam=True,
        spam_score=score,
        spam_verdict="identified spam",
        spam_rules=("GTUBE", "HTML_MESSAGE"),
    )
    return event, f"spamd {event!r}"


def rows(book: Book) -> dict[str, tuple[Status, str]]:
    """What became of each copy, and where it is."""
    return {row.recipient: (row.status, row.mailbox) for row in book.rows()}
