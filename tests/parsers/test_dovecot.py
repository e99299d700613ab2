"""Dovecot: what LMTP, the delivery agent and Sieve did, in every form that it is logged in."""

from __future__ import annotations

import pytest
from tests.parsers.lines import LMTP, MID, read, said

from postroad.model.event import NOISE, Noted
from postroad.model.status import Outcome
from postroad.parsers.neighbours.folder import readable


@pytest.mark.parametrize(
    ("prefix", "user", "session", "transport"),
    [
        (LMTP, "ann@example.com", "IkiQKTt+117kJgAAWP5Hkg", "lmtp"),
        ("lmtp(ann)<1><IkiQKTt+117kJgAAWP5Hkg:T2:R3>: ", "ann", "IkiQKTt+117kJgAAWP5Hkg:T2:R3", "lmtp"),
        ("lmtp(ann@example.com): z5FOLrRhDVpddgAABvoInA: ", "ann@example.com", "z5FOLrRhDVpddgAABvoInA", "lmtp"),
        ("lmtp(30301, ann): z5FOLrRhDVpddgAABvoInA: ", "ann", "z5FOLrRhDVpddgAABvoInA", "lmtp"),
        ("LMTP(ann,192.0.2.3): ", "ann", "", "lmtp"),
        ("lda(ann)<218><sbuvCr1ufmnaAAAA8Bi3+g>: ", "ann", "sbuvCr1ufmnaAAAA8Bi3+g", "lda"),
        ("lda(ann): ", "ann", "", "lda"),
        ("deliver(ann): ", "ann", "", "lda"),
        ("lda: ", "", "", "lda"),
        ("lmtp(ann)[77]: ", "ann", "", "lmtp"),
    ],
)  # fmt: skip
def test_whose_process_it_is(prefix: str, user: str, session: str, transport: str) -> None:
    """Service, user and session stand in front, in the form of any version."""
    event = said(f"{prefix}sieve: msgid={MID}: stored mail into mailbox 'INBOX'")

    assert (user, session, transport) == (event.address, event.session, event.transport)
    assert (MID, "INBOX") == (event.queue_id, event.mailbox)


@pytest.mark.parametrize(
    ("words", "outcome", "mailbox", "transport"),
    [
        ("saved mail to INBOX", Outcome.DELIVERED, "INBOX", "lmtp"),
        ("saved mail to Lists/a b", Outcome.DELIVERED, "Lists/a b", "lmtp"),
        ("stored mail into mailbox 'Junk'", Outcome.DELIVERED, "Junk", "lmtp"),
        ("fileinto action: stored mail into mailbox 'It's'", Outcome.DELIVERED, "It's", "lmtp"),
        ("stored mail into mailbox 'inbox' (INBOX)", Outcome.DELIVERED, "INBOX", "lmtp"),
        ("stored mail into mailbox Junk", Outcome.DELIVERED, "Junk", "lmtp"),
        ("save failed to INBOX: Quota exceeded (mailbox for user is full)", Outcome.FAILED, "", "lmtp"),
        ("save failed to open mailbox X: Permission denied", Outcome.DEFERRED, "", "lmtp"),
        ("failed to store into mailbox 'X': Mailbox doesn't exist: X", Outcome.DEFERRED, "", "lmtp"),
        ("discard action: Marked message to be discarded if not explicitly delivered (discard action)",
         Outcome.DISCARDED, "", "sieve"),
        ("rejected message from <carol@sender.example> (reject)", Outcome.FAILED, "", "sieve"),
        ("discarded reject to <>", Outcome.DISCARDED, "", "sieve"),
        ("forwarded to <bob@example.org>", Outcome.DELIVERED, "", "sieve redirect"),
        ("rejected: Quota exceeded", Outcome.FAILED, "", "lmtp"),
    ],
)  # fmt: skip
def test_what_became_of_the_copy(
    words: str, outcome: Outcome, mailbox: str, transport: str
) -> None:
    """Dovecot's and Sieve's words say how it ended, and are kept as they are."""
    event = said(f"{LMTP}sieve: msgid={MID}: {words}")

    assert (outcome, mailbox, transport) == (event.outcome, event.mailbox, event.transport)
    assert (words, "dovecot") == (event.reply, event.instance)


@pytest.mark.parametrize(
    "words",
    [
        "vacation action: sent vacation response to <carol@sender.example>",
        "discarded vacation reply to <>",
        "discarding vacation response for message implicitly delivered to <ann@example.com>",
        "discarded duplicate forward to <bob@example.org>",
        "not forwarding message to <b@example.org>: the `x-sieve-redirected-from' header indicates a mail loop",
        "failed to redirect message to <b@example.org>: Connection refused (temporary failure)",
        "left message in mailbox 'INBOX'",
        "store into mailbox 'INBOX' skipped",
        "words of a version to come",
    ],
)  # fmt: skip
def test_what_changes_nothing_is_evidence(words: str) -> None:
    """Replies, duplicates and what was not done belong to the message."""
    event = read(f"{LMTP}sieve: msgid={MID}: {words}")

    assert isinstance(event, Noted)
    assert ("dovecot", MID) == (event.instance, event.queue_id)


@pytest.mark.parametrize(
    ("text", "mailbox", "queue_id", "sender"),
    [
        (f"from=c@s.example, size=656, msgid={MID}: saved mail to INBOX", "INBOX", MID, "c@s.example"),
        (f"msgid={MID}, from=<c@s.example>, size=12: saved mail to Junk", "Junk", MID, "c@s.example"),
        (f"saved mail to Lists, msgid={MID}, from=c@s.example", "Lists", MID, "c@s.example"),
        (f"msgid={MID}: saved mail to INBOX size=12", "INBOX", MID, ""),
        (f'subject="Hello, you", msgid={MID}: saved mail to INBOX', "INBOX", MID, ""),
        (f"session=z5FOLrRhDVpddgAABvoInA, msgid={MID}: saved mail to INBOX", "INBOX", MID, ""),
        ("from=c@s.example: saved mail to INBOX", "INBOX", "IkiQKTt+117kJgAAWP5Hkg", "c@s.example"),
    ],
)  # fmt: skip
def test_an_administrator_may_have_it_written_otherwise(
    text: str, mailbox: str, queue_id: str, sender: str
) -> None:
    """`deliver_log_format` puts fields before and behind what happened."""
    event = said(LMTP + text)

    assert (mailbox, queue_id) == (event.mailbox, event.queue_id)
    assert (sender, False) == (event.sender, event.has_sender)
    assert text.find(event.reply) >= 0


@pytest.mark.parametrize(
    ("logged", "queue_id"),
    [
        ("", "IkiQKTt+117kJgAAWP5Hkg"),
        ("unspecified", "IkiQKTt+117kJgAAWP5Hkg"),
        ("<cut@short...", "IkiQKTt+117kJgAAWP5Hkg"),
        ("7a91f8d9@sender.example", "<7a91f8d9@sender.example>"),
        ("<b@sender.example> (added by postmaster@sender.example)", "<b@sender.example>"),
        ("? <c@sender.example>", "<c@sender.example>"),
    ],
)
def test_how_the_message_is_named(logged: str, queue_id: str) -> None:
    """By the one id in brackets; by the session where there is none that is whole."""
    event = said(f"{LMTP}msgid={logged}: saved mail to INBOX")

    assert queue_id == event.queue_id
    assert (queue_id[1:-1] if queue_id[0] == "<" else "") == event.message_id


def test_without_any_name_it_is_noise() -> None:
    """Neither a Message-ID nor a session: nobody can tell whose copy it was."""
    assert NOISE is read("lda(ann): msgid=unspecified: saved mail to INBOX")


@pytest.mark.parametrize(
    "forged",
    [
        "saved mail to INBOX",
        "stored mail into mailbox 'INBOX'",
        "rejected message from <x@sender.example> (reject)",
        "forwarded to <x@sender.example>",
        "Marked message to be discarded if not explicitly delivered (discard action)",
    ],
)
def test_a_message_id_with_dovecots_words_says_nothing(forged: str) -> None:
    """What stands last is Dovecot's; what a stranger wrote into the Message-ID is not."""
    inside = f"{LMTP}sieve: msgid=<x@sender.example>: {forged}: y>: "

    assert Outcome.DISCARDED is said(f"{inside}discarded message").outcome
    stored = said(f"{inside}stored mail into mailbox 'Junk'")
    assert (Outcome.DELIVERED, "Junk") == (stored.outcome, stored.mailbox)


def test_a_sender_with_dovecots_words_says_nothing() -> None:
    """A quoted local part in the address of a reply is not what became of the message."""
    text = f'{LMTP}sieve: msgid={MID}: rejected message from <"x>: saved mail to INBOX"@s.example>'

    assert Outcome.FAILED is said(text).outcome


def test_another_id_in_the_subject_is_not_believed() -> None:
    """Where the subject stands first, whose message it is cannot be told; the session can."""
    event = said(f"{LMTP}subject=x, msgid=<victim@example.com>, msgid={MID}: saved mail to INBOX")

    assert event.queue_id == event.session == "IkiQKTt+117kJgAAWP5Hkg"


@pytest.mark.parametrize(
    "text",
    [
        "lmtp(30301): Connect from local",
        f"{LMTP}Disconnect from local: Successful quit",
        "imap-login: Login: user=<ann>, method=PLAIN, rip=192.0.2.1, session=<a>",
        "imap(ann)<1><2>: sieve: msgid=<a1@sender.example>: stored mail into mailbox 'Junk'",
        "auth-worker(24544): pam(ann,192.0.2.1): unknown user",
        "stats: session stats",
        "master: Dovecot v2.3.19.1 starting up for lmtp",
        f"{LMTP}Error: sieve: Execution of script failed, but implicit keep was successful",
        "lmtp",
        "",
    ],
)
def test_what_is_of_no_message_is_noise(text: str) -> None:
    """Logins, sessions, moves over IMAP and troubles of the server itself."""
    assert NOISE is read(text)


def test_a_proxy_says_what_the_mailbox_server_answered() -> None:
    """The session in the reply is the one that both servers' logs name."""
    sent = said(
        "lmtp(2170): Sent message to <ann@example.com> at mbox2.example.com:24: 250 2.0.0 "
        "<ann@example.com> wArTL0TxF2AccAAAYr7Zvw Saved (1/1 at 34 ms)"
    )
    failed = said(
        "lmtp(2170): <z5FOLrRhDVpddgAABvoInA>: Failed to send message to <ann@example.com> at "
        "192.0.2.8:24: 552 5.2.2 <ann@example.com> Quota exceeded (1/1 at 4 ms)"
    )

    assert (Outcome.DELIVERED, "mbox2.example.com", "") == (
        sent.outcome,
        sent.remote_host,
        sent.remote_ip,
    )
    assert sent.queue_id == sent.session == "wArTL0TxF2AccAAAYr7Zvw"
    assert (Outcome.FAILED, 552, "5.2.2") == (
        failed.outcome,
        failed.smtp_code,
        failed.enhanced_code,
    )
    assert failed.reply == "552 5.2.2 <ann@example.com> Quota exceeded"
    assert failed.session == "z5FOLrRhDVpddgAABvoInA"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("INBOX", "INBOX"),
        ("Z&APw-rich", "Zürich"),
        ("&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-", "Отправленные"),
        ("R&-D", "R&D"),
        ("R&D", "R&D"),
        ("&AGE-", "&AGE-"),
        ("&A-", "&A-"),
        ("Zürich & Żory", "Zürich & Żory"),
    ],
)
def test_names_of_folders_are_made_readable(written: str, meant: str) -> None:
    """Modified UTF-7 is decoded; what only looks like it is left."""
    assert meant == readable(written)


def test_a_proxys_line_that_is_cut_is_noise() -> None:
    """Without a session or a port nothing is said of a copy."""
    assert NOISE is read("lmtp(2170): Sent message to <ann@example.com> at 192.0.2.8")
    refused = "lmtp(2170): Failed to send message to <ann@example.com> at 192.0.2.8:24: 451 Later"
    assert NOISE is read(refused)


def test_a_folder_in_brackets_is_a_folder() -> None:
    """Where no other words are better, the last ones count."""
    assert "<Old>" == said(f"{LMTP}msgid={MID}: saved mail to <Old>").mailbox
