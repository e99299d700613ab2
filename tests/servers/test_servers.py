"""Real Exim and Postfix: what their logs are made into, against what the receiving end recorded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

from postroad.model import address
from postroad.model.status import Status

from .exim import FLAVOURS
from .reading import Book, Rows, final, reached, unquoted, words

#: Every log that a run leaves: server, and the form of the log.
LOGS = [
    ("exim", "mainlog"),
    ("exim-cpanel", "mainlog"),
    ("exim-full", "mainlog"),
    ("exim-full", "rfc3164.log"),
    ("exim-full", "rfc3339.log"),
    ("exim-full", "rfc5424.log"),
    ("postfix", "rfc3164.log"),
    ("postfix", "rfc3339.log"),
    ("postfix", "rfc5424.log"),
    ("postfix-short", "mail.log"),
]

#: What does not depend on how a log is stamped.
_TOLD = (
    "queue_id",
    "message_id",
    "status",
    "sender",
    "recipient",
    "delivered_to",
    "attempts",
    "size",
    "user",
    "client_ip",
    "remote_ip",
    "tls",
    "result",
    "reason",
    "hops",
    "bounce_of",
)

RowsOf = Callable[[str, str], Rows]

every_log = pytest.mark.parametrize(("server", "form"), LOGS)


@every_log
def test_every_line_is_understood(server: str, form: str, rows_of: RowsOf) -> None:
    """Nothing that a real server wrote in six days is unknown."""
    rows = rows_of(server, form)

    assert [] == rows.unknown
    assert 0 == rows.result.unknown
    assert [] == rows.result.problems


@every_log
def test_every_recipient_has_the_status_it_really_had(
    server: str, form: str, book: Book, rows_of: RowsOf
) -> None:
    """Each message has exactly the deliveries that are known, each with its true status."""
    rows = rows_of(server, form)
    wrong = {}
    for sent in book.server(server)["sent"]:
        expected = {}
        for fate in sent["fates"]:
            is_named = fate["named"] == "always" or (
                fate["named"] == "list" and book.lists_recipients(server)
            )
            recipient = address.key(fate["recipient"]) if is_named else ""
            expected[recipient, _as_logged(server, fate["final"])] = fate["status"]
        got = {
            (address.key(row.recipient), _as_logged(server, final(row))): row.status.word
            for row in rows.of(sent)
        }
        if expected != got:
            wrong[sent["name"]] = {"expected": expected, "got": got}

    assert {} == wrong


@every_log
def test_greylisting_is_one_story(server: str, form: str, rows_of: RowsOf) -> None:
    """Who was told to come back and did is one delivery, which says how often and since when."""
    rows = rows_of(server, form)
    let_in = [row for row in rows.deliveries if row.sender == "patient-1@partner.example"]

    assert [(row.status, row.knocks) for row in let_in] == [(Status.DELIVERED, 1)]
    assert let_in[0].knocked_at == rows.knocks[0].first_at < let_in[0].first_at
    assert [row.next_queue_id for row in rows.knocks] == [let_in[0].queue_id]


@every_log
def test_what_sinks_accepted_is_delivered_and_nothing_else(
    server: str, form: str, book: Book, rows_of: RowsOf
) -> None:
    """For each recipient that a sink took there is one delivered row, with the sink's words."""
    taken = Counter(
        (unquoted(address.key(answer["recipient"])), words(answer["reply"]))
        for answer in book.answers(server)
        if answer["stage"] == "DOT" and answer["reply"].startswith("2")
    )
    told = Counter(
        (unquoted(reached(row)), words(row.result))
        for row in rows_of(server, form).deliveries
        if row.status is Status.DELIVERED
        and row.remote_ip.startswith(("198.51.100.", "2001:db8:25:"))
    )

    assert {} == dict(taken - told)
    assert {} == dict(told - taken)


@every_log
def test_what_lies_in_mailboxes_is_delivered_and_nothing_else(
    server: str, form: str, book: Book, rows_of: RowsOf
) -> None:
    """For each file in a mailbox there is one delivered row, and no row without a file."""
    filed = Counter((queue_id, _as_logged(server, box)) for queue_id, box in book.filed(server))
    told: Counter[tuple[str, str]] = Counter()
    for row in rows_of(server, form).deliveries:
        is_local = row.transport in {"maildir", "mbox", "virtual", "local"}
        if row.status is Status.DELIVERED and is_local and "command" not in row.result:
            told[row.hops[-1] if row.hops else row.queue_id, _as_logged(server, _box(row))] += 1

    assert {} == dict(filed - told)
    assert {} == dict(told - filed)


@every_log
def test_attempts_are_those_that_sinks_saw(
    server: str, form: str, book: Book, rows_of: RowsOf
) -> None:
    """As many attempts as the sink counted, each with the sink's reply, whole and in order."""
    asked = defaultdict(list)
    for answer in book.answers(server):
        if answer["recipient"]:
            key = answer["sender"].lower(), unquoted(answer["recipient"].lower())
            asked[key].append(answer["reply"])
    rows = rows_of(server, form)
    wrong = {}
    for row in rows.deliveries:
        replies = asked.get((row.sender.lower(), unquoted(reached(row))))
        if not replies or row.sender == "":
            continue
        attempts = rows.counted(row)
        missing = [
            reply
            for reply, attempt in zip(replies, attempts, strict=False)
            if words(reply) not in words(attempt.reply)
        ]
        if len(replies) != len(attempts) or row.attempts != len(replies) or missing:
            wrong[row.recipient] = (replies, row.attempts, [each.reply for each in attempts])

    assert {} == wrong


@every_log
def test_mail_refused_at_connect_or_sender_counts_every_try(
    server: str, form: str, book: Book, rows_of: RowsOf
) -> None:
    """A server that greets nobody, or refuses the sender, is an attempt each time."""
    rows = rows_of(server, form)
    for domain, stage in (("closed.example", "CONNECT"), ("picky.example", "MAIL")):
        replies = [
            each["reply"]
            for each in book.answers(server)
            if each["sink"] == domain and each["stage"] == stage
        ]
        (row,) = (row for row in rows.deliveries if row.recipient.endswith(domain))

        assert len(replies) == row.attempts
        assert [] == [
            reply
            for reply, attempt in zip(replies, rows.counted(row), strict=True)
            if words(reply) not in words(attempt.reply)
        ]


@every_log
def test_arrival_is_dated_to_the_second(
    server: str, form: str, book: Book, rows_of: RowsOf
) -> None:
    """The time of arrival is that of handing in, whatever zone and form the log is written in."""
    rows = rows_of(server, form)
    late = {
        sent["name"]: (row.sent_at - sent["at"]) / 1e6
        for sent in book.server(server)["sent"]
        for row in rows.of(sent)
        if not -1_000_000 <= row.sent_at - sent["at"] <= 5_000_000
    }

    assert {} == late


@every_log
def test_subject_and_login_are_those_handed_in(
    server: str, form: str, book: Book, rows_of: RowsOf
) -> None:
    """A subject that forges log fields stays a subject; the login is the proven one."""
    rows = rows_of(server, form)
    wrong = {}
    shows_subjects = server != "exim"
    for sent in book.server(server)["sent"]:
        for row in rows.of(sent):
            if sent["login"] and sent["accepted"] and sent["login"] not in row.origins:
                wrong[sent["name"], "login"] = row.origins
            if sent["score"] and server == "exim-cpanel" and row.spam_score != float(sent["score"]):
                wrong[sent["name"], "score"] = row.spam_score
            if sent["name"].startswith("subject ") and shows_subjects and not row.subject:
                wrong[sent["name"], "subject"] = row.subject
            if "forged" in row.recipient or "evil" in row.recipient:
                wrong[sent["name"], "recipient"] = row.recipient

    assert {} == wrong


@every_log
def test_bounces_name_what_bounced(server: str, form: str, book: Book, rows_of: RowsOf) -> None:
    """Each failed outgoing message has its notification, delivered to the sender, linked both ways."""
    rows = rows_of(server, form)
    by_queue_id = {row.queue_id: row for row in rows.deliveries if row.bounce_of}
    names = {
        "no such user",
        "refused content",
        "over quota",
        "no such domain",
        "takes no mail",
        "defer",
    }
    unlinked = {}
    for sent in book.server(server)["sent"]:
        if sent["name"] not in names:
            continue
        (row,) = rows.of(sent)
        notice = by_queue_id.get(row.bounced_as)
        if notice is None or notice.bounce_of != row.queue_id:
            unlinked[sent["name"]] = row.bounced_as
        else:
            assert address.key(sent["sender"]) == address.key(notice.recipient)
            assert Status.DELIVERED is notice.status

    assert {} == unlinked


@pytest.mark.parametrize(
    ("server", "first", "second"),
    [
        ("postfix", "rfc3339.log", "rfc3164.log"),
        ("postfix", "rfc3339.log", "rfc5424.log"),
        ("exim-full", "mainlog", "rfc3339.log"),
        ("exim-full", "mainlog", "rfc3164.log"),
        ("exim-full", "mainlog", "rfc5424.log"),
    ],
)
def test_every_form_tells_the_same(server: str, first: str, second: str, rows_of: RowsOf) -> None:
    """Syslog's forms, and Exim's own file, differ in their stamps and in nothing else.

    But for the subject of what Exim refused: it stands in the reject log only, which syslog cuts
    into pieces.
    """

    def told(form: str) -> Counter[tuple[object, ...]]:
        return Counter(
            (
                *(str(getattr(row, name)) for name in _TOLD),
                row.subject if row.status not in {Status.REJECTED, Status.BLOCKED} else "",
            )
            for row in rows_of(server, form).deliveries
        )

    assert {} == dict(told(first) - told(second))
    assert {} == dict(told(second) - told(first))


def _as_logged(server: str, text: str) -> str:
    """Exim logs a local mailbox by its local part alone, so more cannot be known."""
    key = address.key(text)
    hosted = ("customer.example", "bakery.example", ".example.com")
    return key.partition("@")[0] if server in FLAVOURS and key.endswith(hosted) else key


def _box(row: object) -> str:
    """The mailbox that a row went to: extensions of the local part do not count."""
    local, at, domain = reached(row).rpartition("@")  # type: ignore[arg-type]
    return (local.partition("+")[0] + at + domain) if at else domain
