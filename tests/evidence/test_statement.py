"""The words: for every status what the log shows and what it does not, and never more."""

from __future__ import annotations

import pytest
from tests.evidence.documents import detail, made
from tests.store.rows import NOON

from postroad.model.status import Status

HERE = {"remote_host": "", "remote_ip": "", "tls": "", "smtp_code": 0, "enhanced_code": ""}
LATER = {"smtp_code": 452, "enhanced_code": "4.2.2", "result": "452 4.2.2 Mailbox full"}
NEVER = {"smtp_code": 550, "enhanced_code": "5.1.1", "result": "550 5.1.1 No such user"}

#: Fields of a delivery, its headline, and what has to be said to show and not to show.
CASES = {
    "accepted": (
        {},
        "Accepted by the server mx.example.net [192.0.2.25]",
        "the server mx.example.net [192.0.2.25] accepted the message for bob@example.net",
        "That a person received, opened or read the message.",
    ),
    "stored": (
        {**HERE, "mailbox": "INBOX"},
        "Delivered on the server mx1.example.com",
        "stored the message for bob@example.net in the folder “INBOX” of the mailbox",
        "That a person opened or read the message.",
    ),
    "delivered here": (
        HERE,
        "Delivered on the server mx1.example.com",
        "delivered the message for bob@example.net to where its mail is kept or sent on",
        "Whether it was moved, sent on or deleted afterwards.",
    ),
    "in progress": (
        {**HERE, "status": Status.IN_PROGRESS},
        "Taken by the server mx1.example.com; nothing final was known",
        "its log told nothing final of it",
        "That the message reached another server or a mailbox.",
    ),
    "put off": (
        {**LATER, "status": Status.DEFERRED},
        "Not delivered when this document was made",
        "answered the try to hand over the message for bob@example.net with “later”",
        "That the message will not be delivered: it may have been, later.",
    ),
    "not reached": (
        {"status": Status.DEFERRED, "smtp_code": 0, "enhanced_code": "", "result": "timed out"},
        "Not delivered when this document was made",
        "to hand the message for bob@example.net to mx.example.net [192.0.2.25], which did not",
        "What became of it after this document was made.",
    ),
    "refused there": (
        {**NEVER, "status": Status.FAILED},
        "Not delivered",
        "the server mx.example.net [192.0.2.25] refused the message for bob@example.net for good",
        "Whether the reason given by the other side is true.",
    ),
    "given up": (
        {**LATER, "status": Status.FAILED, "bounced_as": "1xYz"},
        "Not delivered",
        "gave up the message for bob@example.net; it had tried mx.example.net",
        "That the sender got or read a notification of it.",
    ),
    "refused here": (
        {**HERE, **NEVER, "status": Status.REJECTED},
        "Refused by the server mx1.example.com",
        "refused the message for bob@example.net when it was offered; it never took it over",
        "That it was offered by the person or company that the sender's address names.",
    ),
    "held back": (
        {**HERE, "status": Status.BLOCKED},
        "Not let out by the server mx1.example.com",
        "did not let the message for bob@example.net out, by a rule of its own",
        "What became of it after this document was made.",
    ),
    "put aside": (
        {**HERE, "status": Status.FILTERED, "mailbox": "Junk"},
        "Accepted, but kept out of the inbox",
        "in the folder “Junk”, and not in the inbox",
        "That a person saw the message, or could have seen it.",
    ),
    "thrown away": (
        {**HERE, "status": Status.FILTERED},
        "Accepted, but kept out of the inbox",
        "it was thrown away or put aside",
        "That the message was what the filter took it for.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_status_has_its_own_words(name: str):
    """Headline, what is shown and what is not; and that content and log are not proven."""
    fields, headline, shows, does_not = CASES[name]
    said = made(detail(**fields)).statement
    assert said.headline == headline
    assert shows in " ".join(said.shows)
    assert does_not in said.does_not_show
    assert "What the message said: a log holds no content." in said.does_not_show
    assert any("That the log of mx1.example.com was true." in each for each in said.does_not_show)


def test_every_status_is_here():
    """None is without words of its own."""
    known = {fields.get("status", Status.DELIVERED) for fields, *_ in CASES.values()}
    assert known == set(Status)


def test_who_submitted_it_is_told_only_where_it_was_proven():
    """A sender's address that nobody signed in for proves nothing, and that is said."""
    unproven = "That the person or company that the sender's address names sent it."
    assert unproven in made(detail()).statement.does_not_show
    proven = made(detail(user="anna@example.com", auth="plain")).statement
    assert unproven not in proven.does_not_show
    assert any("with the account of anna@example.com" in each for each in proven.shows)


def test_greylisting_is_told():
    """How often it was refused before, and when first."""
    said = made(detail(knocks=3, knocked_at=NOON)).statement
    assert any("refused 3 times for now" in each for each in said.shows)


def test_a_time_that_is_not_known_is_not_made_up():
    """The words say so, and the field is empty."""
    found = detail(sent_at=0, last_attempt_at=0, first_at=0)
    document = made(found)
    assert "a time that the log does not tell" in document.statement.shows[0]
    assert document.arrived_at == document.last_attempt_at == ""
