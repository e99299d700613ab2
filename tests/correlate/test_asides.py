"""What mailbox servers and filters say of a message: joined whichever log is read first."""

from __future__ import annotations

import itertools
import random

import msgspec
import pytest
from tests.correlate.book import Line, fold_all, fold_in_runs
from tests.correlate.copies import DAY, ID, dovecot, postfix, rows, scanned
from tests.correlate.stories import Script

from postroad.correlate.asides import is_junk
from postroad.model.status import Direction, Outcome, Status


def said(mta: list[Line]) -> dict[str, list[Line]]:
    """The lines of three programs."""
    return {
        "mta": mta,
        "dovecot": [
            dovecot("ann@example.com", 0),
            dovecot("bob@example.com", 1, mailbox="Junk", reply="stored mail into mailbox 'Junk'"),
        ],
        "spamd": [scanned()],
    }


def test_a_copy_is_in_its_folder():
    """Delivered becomes "in INBOX" or, in the folder for unwanted mail, filtered."""
    logs = said(postfix())
    book = fold_all([line for log in logs.values() for line in log])

    assert rows(book) == {
        "ann@example.com": (Status.DELIVERED, "INBOX"),
        "bob@example.com": (Status.FILTERED, "Junk"),
    }
    for row in book.rows():
        assert (row.spam_score, row.scanner) == (7.5, "spamassassin")
        assert row.spam_rules == ["GTUBE", "HTML_MESSAGE"]
        assert row.asides == [f"mail dovecot {ID}", f"mail spamassassin {ID}"]
        assert row.attempts == 1


@pytest.mark.parametrize("order", [*itertools.permutations(("mta", "dovecot", "spamd"))])
@pytest.mark.parametrize("runs", [False, True])
def test_whichever_log_is_read_first(order: tuple[str, ...], *, runs: bool):
    """Each log by itself, in one run or each in one of its own, tells the same story."""
    logs = said(postfix())
    lines = [line for name in order for line in logs[name]]
    ends = list(itertools.accumulate(len(logs[name]) for name in order))[:-1]
    book = fold_in_runs(lines, ends) if runs else fold_all(lines, drain_after=frozenset(ends))

    whole = fold_all([line for log in logs.values() for line in log])
    assert book.facts() == whole.facts()


@pytest.mark.parametrize("seed", range(20))
def test_in_any_order_and_any_pieces(seed: int):
    """Shuffled, and stored after any line, the story is the same."""
    lines = [line for log in said(postfix()).values() for line in log]
    whole = fold_all(lines).facts()
    chance = random.Random(seed)
    chance.shuffle(lines)
    cuts = sorted(chance.sample(range(1, len(lines)), 3))

    assert fold_in_runs(lines, cuts).facts() == whole
    assert fold_all(lines, drain_after=frozenset(cuts)).facts() == whole
    assert fold_all([*lines, *lines]).facts() == whole


def test_without_a_session_the_recipient_tells():
    """A delivery agent names no session that the mail server knows: the mailbox tells."""
    told = [
        dovecot("ann", 7, session=""),
        dovecot("bob", 8, session="", mailbox="Archive"),
    ]
    assert rows(fold_all([*postfix(session=False), *told])) == {
        "ann@example.com": (Status.DELIVERED, "INBOX"),
        "bob@example.com": (Status.DELIVERED, "Archive"),
    }


def test_a_mailbox_of_another_name():
    """One copy and one mailbox belong together whatever the mailbox is called."""
    told = [dovecot("u1234", 7, session="")]
    assert rows(fold_all([*postfix(session=False, users=("ann",)), *told])) == {
        "ann@example.com": (Status.DELIVERED, "INBOX")
    }
    book = fold_all([*postfix(session=False), *told])
    assert {mailbox for _, mailbox in rows(book).values()} == {""}


@pytest.mark.parametrize(
    ("outcome", "words", "status"),
    [
        (Outcome.DISCARDED, "discarded by a rule", Status.FILTERED),
        (Outcome.FAILED, "rejected message from <x@example.org> (reject)", Status.FAILED),
    ],
)
def test_rules_of_the_recipient(outcome: Outcome, words: str, status: Status):
    """What was thrown away or sent back behind the mail server's back was not delivered."""
    told = dovecot("ann@example.com", 0, outcome=outcome, mailbox="", reply=words)
    [row] = fold_all([*postfix(users=("ann",)), told]).rows()

    assert (row.status, row.mailbox, row.result) == (status, "", words)


def test_what_was_stored_counts_more_than_what_else_was_done():
    """A copy that was forwarded and kept is in its folder."""
    told = [
        dovecot("ann@example.com", 0, mailbox="", reply="forwarded to <a@example.net>"),
        dovecot("ann@example.com", 0),
        dovecot("ann@example.com", 0, outcome=Outcome.DISCARDED, mailbox="", reply="discard"),
    ]
    assert rows(fold_all([*told, *postfix(users=("ann",))])) == {
        "ann@example.com": (Status.DELIVERED, "INBOX")
    }


@pytest.mark.parametrize("order", [1, -1])
def test_mail_without_a_message_id(order: int):
    """The session ties what was said of mail that has no Message-ID, or one that is not logged."""
    lines = [each for each in postfix(users=("ann",)) if not getattr(each[0], "message_id", "")]
    event, _ = dovecot("ann@example.com", 0)
    told = msgspec.structs.replace(event, queue_id="SESSION0", message_id="")
    book = fold_in_runs([*lines, (told, "told")][::order], [1] if order < 0 else [])

    assert rows(book) == {"ann@example.com": (Status.DELIVERED, "INBOX")}


@pytest.mark.parametrize("cut", [[], [3]])
def test_a_notification_of_exim(cut: list[int]):
    """Exim's own notifications have a Message-ID that is made of their queue id."""
    name = "1vAAAB-00000000002-0002"
    script = Script()
    script.arrived(0, name, sender="", has_sender=True, bounce_of="1vAAAA-00000000001-0001")
    script.attempted(1, name, Outcome.DELIVERED, "ann@example.com", transport="lmtp")
    script.ended(1, name)
    event, _ = dovecot("ann@example.com", 0, session="")
    told = msgspec.structs.replace(
        event, queue_id=f"<E{name}@mail.example.com>", message_id=f"E{name}@mail.example.com"
    )
    book = fold_in_runs([*script.lines, (told, "told")], cut)

    assert rows(book) == {"ann@example.com": (Status.DELIVERED, "INBOX")}


def test_a_mailbox_server_alone():
    """Without the mail server's log, what the mailbox server says is shown by itself."""
    book = fold_all([dovecot("ann@example.com", 0), scanned()])
    [row] = book.rows()

    assert (row.recipient, row.status, row.mailbox) == (
        "ann@example.com",
        Status.DELIVERED,
        "INBOX",
    )
    assert row.direction is Direction.INBOUND
    assert row.targets == ["ann@example.com"]
    assert row.message_id.strip("<>") == ID.strip("<>")


def test_a_copy_that_failed_is_in_no_folder():
    """What is said of another copy of a message is not said of one that bounced."""
    lines = postfix(users=("ann",))
    script = Script("postfix")
    script.attempted(2, "4AAAAAAAAAAz", Outcome.FAILED, "eve@example.com", reply="550 no")
    book = fold_all([*lines[:-1], *script.lines, lines[-1], dovecot("ann@example.com", 0)])

    assert rows(book) == {
        "ann@example.com": (Status.DELIVERED, "INBOX"),
        "eve@example.com": (Status.FAILED, ""),
    }


def test_another_message_of_the_same_id_is_another():
    """A copy that comes in again the next day does not take its folder from the first."""
    later: list[Line] = []
    for event, line in postfix(session=False, users=("ann",)):
        moved = msgspec.structs.replace(event, at=event.at + DAY, queue_id="4BBBBBBBBBBz")
        later.append((moved, f"later {line}"))
    told = dovecot("ann@example.com", 0, session="")
    book = fold_all([*postfix(session=False, users=("ann",)), told, *later])

    assert sorted(row.mailbox for row in book.rows()) == ["", "INBOX"]


def test_a_line_of_a_later_run():
    """A copy whose line is read when the message was long forgotten completes the story."""
    lines = postfix()
    late = dovecot("bob@example.com", 1, mailbox="Late")
    book = fold_in_runs([*lines, dovecot("ann@example.com", 0), late], [len(lines), len(lines) + 1])

    assert rows(book) == {
        "ann@example.com": (Status.DELIVERED, "INBOX"),
        "bob@example.com": (Status.DELIVERED, "Late"),
    }


@pytest.mark.parametrize(
    ("mailbox", "expected"),
    [
        ("Junk", True),
        ("INBOX.Spam", True),
        ("INBOX/junk", True),
        ("Junk E-mail", True),
        ("INBOX", False),
        ("Junkyard", False),
        ("Spam.2026", False),
        ("", False),
    ],
)
def test_names_of_the_folder_for_unwanted_mail(mailbox: str, *, expected: bool):
    """The last part of the name decides, in any case."""
    assert is_junk(mailbox) is expected


def test_a_late_line_of_a_message_that_was_forgotten():
    """What a mailbox server said stays said when a message is taken up once more in one run."""
    script = Script("postfix")
    for number in range(3):
        script.described(9, "4AAAAAAAAAAz", client_host=f"mx{number}.example.org")
    others = Script("postfix")
    others.arrived(60, "4BBBBBBBBBBz")
    others.ended(60, "4BBBBBBBBBBz")
    before = [*postfix(users=("ann",)), dovecot("ann@example.com", 0), *others.lines]
    ends = frozenset({len(before) - 3, len(before) - 1})
    book = fold_all([*before, *script.lines], drain_after=ends)

    assert rows(book) == {"ann@example.com": (Status.DELIVERED, "INBOX")}


def test_what_was_said_of_one_copy_does_not_bring_back_what_was_said_for_years(
    monkeypatch: pytest.MonkeyPatch,
):
    """More lines than one aside holds make another; all of them are kept, and shown."""
    monkeypatch.setattr("postroad.correlate.correlator.MOST_SAID", 10)
    told = [dovecot(f"u{number}@example.com", number) for number in range(35)]
    book = fold_all(told, drain_after=frozenset(range(0, 35, 7)))

    assert len(book.rows()) == 35
