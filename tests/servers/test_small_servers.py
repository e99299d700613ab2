"""Real OpenSMTPD and sendmail: what their logs are made into, against what really happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from postroad.model import address
from postroad.model.delivery import Delivery
from postroad.model.status import Status

from . import yard
from .reading import Book, Rows, reached, read, words

SERVERS = ("opensmtpd", "sendmail")
FORMS = ("rfc3164.log", "rfc3339.log", "rfc5424.log")

RowsOf = Callable[[str, str], Rows]

every_log = pytest.mark.parametrize(
    ("server", "form"), [(server, form) for server in SERVERS for form in FORMS]
)
every_server = pytest.mark.parametrize("server", SERVERS)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The logs and the truth of one run of both."""
    if reason := yard.why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("small-yard")
    return Book(folder, yard.run(folder, "tests.servers.small"))


@pytest.fixture(scope="module")
def small_rows(small: Book, tmp_path_factory: pytest.TempPathFactory) -> RowsOf:
    """Import a log of a server, once, and give its rows."""
    known: dict[tuple[str, str], Rows] = {}

    def rows(server: str, form: str) -> Rows:
        if (server, form) not in known:
            folder: Path = tmp_path_factory.mktemp("store")
            logs = small.logs(server, form)
            host = small.server(server)["host"]
            known[server, form] = read(folder, logs, host=host, zone="UTC")
        return known[server, form]

    return rows


def of_people(rows: Rows) -> list[Delivery]:
    """The deliveries of mail that somebody sent: notifications have no sender."""
    return [row for row in rows.deliveries if row.sender]


@every_log
def test_every_line_is_understood(server: str, form: str, small_rows: RowsOf) -> None:
    """Nothing that a real server wrote is unknown."""
    rows = small_rows(server, form)

    assert [] == rows.unknown
    assert 0 == rows.result.unknown
    assert [] == rows.result.problems


@every_log
def test_every_recipient_has_the_status_it_really_had(
    server: str, form: str, small: Book, small_rows: RowsOf
) -> None:
    """Exactly the deliveries that are known, each with its true status; none is invented."""
    expected = Counter(
        (sent["sender"], fate["final"] or fate["recipient"], fate["status"])
        for sent in small.server(server)["sent"]
        for fate in sent["fates"]
    )
    got = Counter(
        (row.sender or "person@partner.example", reached(row), row.status.word)
        for row in small_rows(server, form).deliveries
        if row.sender or row.status is Status.REJECTED
    )

    assert {} == dict(expected - got)
    assert {} == dict(got - expected)


@every_server
def test_accepted_mail_has_the_queue_id_that_the_client_was_told(
    server: str, small: Book, small_rows: RowsOf
) -> None:
    """Each message from outside is found under the id in the server's answer."""
    rows = small_rows(server, FORMS[0])
    for sent in small.server(server)["sent"]:
        if sent["queue_id"]:
            taken = {fate["final"] or fate["recipient"] for fate in sent["fates"]}
            taken -= set(sent["refused"])
            found = {
                reached(row)
                for row in rows.deliveries
                if row.queue_id == sent["queue_id"] and row.status is Status.DELIVERED
            }
            assert taken == found, sent["name"]


@every_server
def test_what_sinks_accepted_is_delivered_and_nothing_else(
    server: str, small: Book, small_rows: RowsOf
) -> None:
    """For each recipient that a sink took there is one delivered row, and none without."""
    taken = Counter(
        address.key(answer["recipient"])
        for answer in small.answers(server)
        if answer["stage"] == "DOT" and answer["reply"].startswith("2")
    )
    rows = small_rows(server, FORMS[1])
    told = Counter(
        reached(row)
        for row in rows.deliveries
        if row.status is Status.DELIVERED and row.remote_ip.startswith("198.51.100.")
    )
    ids = {row.next_queue_id for row in rows.deliveries if row.next_queue_id}

    assert taken == told
    for answer in small.answers(server):
        _, separator, queue_id = answer["reply"].partition("queued as ")
        assert not separator or queue_id in ids


@every_server
def test_what_lies_in_mailboxes_is_delivered_and_nothing_else(
    server: str, small: Book, small_rows: RowsOf
) -> None:
    """For each message in a mailbox, notifications too, there is one delivered row."""
    filed = Counter(
        {
            box.partition("@")[0]: len(messages)
            for box, messages in small.server(server)["mailboxes"].items()
        }
    )
    told = Counter(
        reached(row).partition("@")[0]
        for row in small_rows(server, FORMS[0]).deliveries
        if row.status is Status.DELIVERED and row.transport in {"mda", "local"}
    )

    assert filed == told


@every_server
def test_attempts_are_those_that_sinks_saw(server: str, small: Book, small_rows: RowsOf) -> None:
    """As many attempts as the sink counted, each with its first words."""
    rows = small_rows(server, FORMS[0])
    asked: dict[str, list[str]] = {}
    for answer in small.answers(server):
        asked.setdefault(address.key(answer["recipient"]), []).append(answer["reply"])
    checked = 0
    for row in of_people(rows):
        replies = asked.get(reached(row), [])
        if row.status is Status.REJECTED or not replies:
            continue
        attempts = [each for each in rows.counted(row) if each.remote_ip != "127.0.0.1"]
        assert len(replies) == len(attempts) == row.attempts, row.recipient
        for reply, attempt in zip(replies, attempts, strict=True):
            if not reply.startswith("2"):
                first = words(reply.partition("\n")[0])[4:40]
                assert first in words(attempt.reply), row.recipient
        checked += 1
    assert checked > 10


@every_server
def test_the_way_out_is_told_as_encrypted_where_it_was(
    server: str, small: Book, small_rows: RowsOf
) -> None:
    """Only the sink that offers encryption was spoken to with it, and the row says so."""
    told = {reached(row): row.tls for row in of_people(small_rows(server, FORMS[1])) if row.tls}

    assert {answer["recipient"] for answer in small.answers(server) if answer["tls"]} == set(told)
    assert told["z@secure.example"].startswith("TLSv1.3:")


def test_bounces_name_what_bounced(small_rows: RowsOf) -> None:
    """Each notification of sendmail's is linked with its message, both ways."""
    rows = small_rows("sendmail", FORMS[0])
    notices = {row.queue_id: row for row in rows.deliveries if row.bounce_of}
    failed = [
        row for row in of_people(rows) if row.status is Status.FAILED and row.reason != "expired"
    ]

    assert len(failed) == 4
    for row in failed:
        notice = notices[row.bounced_as]
        assert notice.bounce_of in (row.queue_id, *row.hops)
        assert Status.DELIVERED is notice.status


def test_local_users_are_proven(small: Book, small_rows: RowsOf) -> None:
    """Who submitted on the host itself stands in sendmail's log, and owns the delivery."""
    sent = {
        fate["recipient"]: each["login"]
        for each in small.server("sendmail")["sent"]
        for fate in each["fates"]
        if each["login"]
    }
    told = {row.recipient: row.user for row in of_people(small_rows("sendmail", FORMS[0]))}

    assert sent == {recipient: told[recipient] for recipient in sent}


@every_server
def test_every_form_tells_the_same(server: str, small_rows: RowsOf) -> None:
    """Forms of syslog differ in their stamps and in nothing else."""
    told = [
        Counter(
            (row.queue_id, row.recipient, row.status, row.attempts, row.result, row.user)
            for row in small_rows(server, form).deliveries
        )
        for form in FORMS
    ]

    assert told[0] == told[1] == told[2]
