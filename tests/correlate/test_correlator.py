"""What the correlator promises, whatever order, pieces or repetitions its lines come in."""

from __future__ import annotations

import random

import pytest
from tests.correlate import stories
from tests.correlate.book import Book, fold_all, fold_in_runs
from tests.correlate.stories import SECOND, START, Script

from postroad.model.delivery import delivery_id, message_key
from postroad.model.event import EndKind, LinkKind
from postroad.model.status import Direction, Outcome, Status

every_story = pytest.mark.parametrize("story", stories.ALL, ids=lambda story: story.__name__)


def _rows(book: Book) -> dict[str, tuple[Status, int]]:
    return {row.recipient: (row.status, row.attempts) for row in book.rows()}


def test_each_recipient_has_a_status_of_its_own():
    """One message to two people is two deliveries, each with its own end and attempts."""
    book = fold_all(stories.exim_message().lines)

    assert _rows(book) == {
        "bob@example.net": (Status.DELIVERED, 1),
        "cat@example.org": (Status.FAILED, 2),
        "ann@example.com": (Status.DELIVERED, 1),
    }


def test_a_bounce_and_what_bounced_name_each_other():
    """The failed delivery names its bounce, and the bounce the message it is about."""
    rows = {row.recipient: row for row in fold_all(stories.exim_message().lines).rows()}

    assert rows["cat@example.org"].bounced_as == "1vAAAB-00000000002-0002"
    assert rows["bob@example.net"].bounced_as == ""
    assert rows["ann@example.com"].bounce_of == "1vAAAA-00000000001-0001"


def test_a_content_filter_is_a_hop_and_not_a_delivery():
    """Two queue ids around a filter are one delivery for each recipient."""
    book = fold_all(stories.filtered_message().lines)
    rows = {row.recipient: row for row in book.rows()}

    assert {"ann@example.com", "bob@example.com"} == set(rows)
    assert rows["bob@example.com"].delivered_to == "robert@example.com"
    assert (rows["bob@example.com"].status, rows["bob@example.com"].attempts) == (
        Status.DELIVERED,
        2,
    )
    assert rows["ann@example.com"].sent_at == START
    assert rows["ann@example.com"].client_ip == "192.0.2.9"
    assert Direction.INBOUND is rows["ann@example.com"].direction
    assert rows["ann@example.com"].hops == ["4BBBBBBBBB"]


def test_what_only_reached_the_filter_is_in_progress():
    """`status=sent` to a filter proves nothing about the recipient."""
    lines = stories.filtered_message().lines[:8]

    assert {Status.IN_PROGRESS} == {row.status for row in fold_all(lines).rows()}


def test_a_queue_id_that_comes_round_again_is_another_message():
    """Two lives of a short queue id are two messages."""
    book = fold_all(stories.reused_queue_id().lines)

    assert [(row.sender, row.recipient) for row in book.rows()] == [
        ("s0@example.net", "r0@example.com"),
        ("s1@example.net", "r1@example.com"),
    ]


def test_tls_of_a_session_belongs_to_all_its_deliveries():
    """A TLS line without a queue id is true of each delivery of that process to that peer."""
    book = fold_all(stories.encrypted_deliveries().lines)

    assert [row.tls.startswith("TLSv1.3") for row in book.rows()] == [True, True]


@every_story
def test_lines_fed_twice_say_nothing_new(story):
    """The same log twice gives the same rows as once."""
    lines = story().lines

    assert fold_all(lines).facts() == fold_all(lines + lines).facts()


@every_story
def test_lines_of_one_second_may_be_shuffled(story):
    """The order of lines within a second does not change any row."""
    lines = story().lines
    once = fold_all(lines).facts()
    for seed in range(20):
        mixed = list(lines)
        random.Random(seed).shuffle(mixed)
        mixed.sort(key=lambda each: each[0].at // SECOND)

        assert once == fold_all(mixed).facts(), seed


@every_story
def test_draining_after_every_line_ends_in_the_same_rows(story):
    """Whoever looks early sees less, and later the same."""
    lines = story().lines

    assert (
        fold_all(lines).facts() == fold_all(lines, drain_after=frozenset(range(len(lines)))).facts()
    )


@every_story
def test_a_run_killed_anywhere_is_taken_up_from_the_stored_lines(story):
    """One correlator after another over pieces of a log equals one over the whole."""
    lines = story().lines
    once = fold_all(lines).facts()
    for cut in range(1, len(lines)):
        assert once == fold_in_runs(lines, [cut]).facts(), cut
    for first in range(1, len(lines) - 1, 2):
        assert once == fold_in_runs(lines, [first, first + 1]).facts(), first


@pytest.mark.parametrize(
    "story",
    # A session line that is read after the messages it is true of finds none of them.
    [
        each
        for each in stories.ALL
        if each not in (stories.encrypted_deliveries, stories.held_message)
    ],
    ids=lambda story: story.__name__,
)
def test_the_later_part_of_a_log_may_be_read_first(story):
    """A log imported in two pieces, the newer first, gives the same rows."""
    lines = story().lines
    once = fold_all(lines).facts()
    for cut in range(1, len(lines)):
        turned = lines[cut:] + lines[:cut]
        assert once == fold_in_runs(turned, [len(lines) - cut]).facts(), cut


@every_story
def test_a_story_may_begin_and_end_anywhere(story):
    """A piece of a log never raises, and proves what it proves."""
    lines = story().lines
    for start in range(len(lines)):
        for end in range(start, len(lines)):
            fold_all(lines[start:end])


def test_a_message_without_recipients_yet_is_in_progress():
    """An arrival alone is a row, and the row gives way to those of its recipients."""
    script = Script()
    script.arrived(0, "1vAAAA-00000000001-0001", sender="ann@example.com", has_sender=True)
    early = fold_all(script.lines)
    script.attempted(1, "1vAAAA-00000000001-0001", Outcome.DELIVERED, "bob@example.net")
    late = fold_all(script.lines, drain_after=frozenset({0}))

    assert _rows(early) == {"": (Status.IN_PROGRESS, 0)}
    assert _rows(late) == {"bob@example.net": (Status.DELIVERED, 1)}


def test_an_alias_that_fans_out_is_one_row_for_each_final_address():
    """The placeholder of the alias goes when its final addresses are known."""
    script = Script()
    queue_id = "1vAAAA-00000000001-0001"
    script.arrived(0, queue_id, recipients=("list@example.com",))
    script.attempted(1, queue_id, Outcome.DEFERRED, "list@example.com")
    for name in ("ann", "bob"):
        script.attempted(
            2, queue_id, Outcome.DELIVERED, f"{name}@example.com", original="List@example.com"
        )
    book = fold_all(script.lines, drain_after=frozenset({0, 1}))

    assert {("ann@example.com", 2), ("bob@example.com", 2)} == {
        (row.delivered_to, row.attempts) for row in book.rows()
    }


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (EndKind.REMOVED, Status.FAILED),
        (EndKind.CANCELLED, Status.FAILED),
        (EndKind.EXPIRED, Status.FAILED),
        (EndKind.DISCARDED, Status.FILTERED),
        (EndKind.COMPLETED, Status.DEFERRED),
    ],
)
def test_an_end_settles_what_was_not_settled(kind, status):
    """Removed, cancelled and expired mail failed; discarded mail was filtered."""
    script = Script()
    script.arrived(0, "1vAAAA-00000000001-0001", recipients=("bob@example.net",))
    script.attempted(1, "1vAAAA-00000000001-0001", Outcome.DEFERRED, "bob@example.net")
    script.ended(2, "1vAAAA-00000000001-0001", kind)

    assert {"bob@example.net": (status, 1)} == _rows(fold_all(script.lines))


def test_an_id_used_up_by_a_lost_connection_is_no_message():
    """What the client never finished sending became nobody's delivery."""
    script = Script()
    script.ended(0, "1vAAAA-00000000001-0001", EndKind.ABANDONED)

    assert _rows(fold_all(script.lines)) == {}


def test_a_requeued_message_goes_on_under_its_new_id():
    """Postsuper -r gives a new queue id to the same mail: one delivery, seen from its arrival."""
    script = Script("postfix")
    script.arrived(0, "4AAAAAAAAA", client_ip="192.0.2.9", client_host="mail.example.net")
    script.attempted(1, "4AAAAAAAAA", Outcome.DEFERRED, "bob@example.com")
    script.arrived(60, "4BBBBBBBBB", continues="4AAAAAAAAA", user="uid:89", user_proven=True)
    script.attempted(61, "4BBBBBBBBB", Outcome.DELIVERED, "bob@example.com")
    script.ended(61, "4BBBBBBBBB")
    rows = fold_all(script.lines).rows()

    assert [(row.status, row.sent_at) for row in rows] == [(Status.DELIVERED, START)]


def test_a_forward_becomes_the_rows_of_where_it_went():
    """`forwarded as` is not the end: the recipient's row tells of the forward's fate."""
    script = Script("postfix")
    script.arrived(0, "4AAAAAAAAA", client_ip="192.0.2.9", client_host="mail.example.net")
    script.attempted(
        1, "4AAAAAAAAA", Outcome.DELIVERED, "ann@example.com", forwarded_as="4BBBBBBBBB"
    )
    script.ended(1, "4AAAAAAAAA")
    script.attempted(
        2, "4BBBBBBBBB", Outcome.FAILED, "ann@example.net", remote=True, remote_host="mx.example"
    )
    script.linked(2, "4BBBBBBBBB", LinkKind.BOUNCED_AS, "4CCCCCCCCC")
    rows = fold_all(script.lines).rows()

    assert [(row.recipient, row.delivered_to, row.status, row.bounced_as) for row in rows] == [
        ("ann@example.com", "ann@example.net", Status.FAILED, "4CCCCCCCCC")
    ]


def test_names_are_the_same_every_time():
    """Ids are made from what the log says, so that reading it again finds the same rows."""
    row = fold_all(stories.exim_message().lines).rows()[0]
    key = message_key("mx1.example.com", "", "1vAAAA-00000000001-0001", 0)

    assert key == row.message_key
    assert delivery_id(key, row.recipient, "") == row.id


def test_a_dropped_session_does_not_lend_its_arrival_to_a_bounce():
    """A queue id given to a session that was lost is another message's when a bounce bears it."""
    script = Script("postfix")
    script.arrived(0, "4AAAAAAAAA", client_ip="192.0.2.9", client_host="mail.example.net")
    script.described(90_000, "4AAAAAAAAA", message_id="<b1@mx1.example.com>")
    script.described(90_000, "4AAAAAAAAA", has_sender=True, nrcpt=1)
    script.attempted(90_001, "4AAAAAAAAA", Outcome.DELIVERED, "ann@example.com")
    script.ended(90_001, "4AAAAAAAAA")
    rows = fold_all(script.lines).rows()

    assert [(START + 90_000 * SECOND, "")] == [(row.sent_at, row.client_ip) for row in rows]


def test_a_refusal_that_syslog_repeats_is_one():
    """Exim sends a refusal to syslog for its main log and for its reject log."""
    script = Script()
    for second in (0.25, 0.250_1, 7.5):
        script.rejected(second, "", command="RCPT", recipient="no@example.com", pid=77)

    assert 2 == len(fold_all(script.lines).rows())


def test_a_hold_said_before_the_queue_id_is_known():
    """An access rule holds the message that its session is about to bring."""
    rows = fold_all(stories.held_message().lines).rows()

    assert [("ann@example.com", Status.IN_PROGRESS, "on hold")] == [
        (row.recipient, row.status, row.result) for row in rows
    ]


@pytest.mark.parametrize("pause", [3 * 86_400, 60])
def test_a_hop_whose_id_was_given_again_is_still_that_hop(pause: int):
    """A message that is taken up again finds its forward among the stored ones, not a new mail."""
    script = Script("postfix")
    script.arrived(0, "16C211A0002")
    script.attempted(
        1,
        "16C211A0002",
        Outcome.DELIVERED,
        "zoe@example.com",
        next_queue_id="4369B1A0007",
        remote_ip="127.0.0.1",
        remote_port=10024,
        reply="250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4369B1A0007",
    )
    script.ended(1, "4369B1A0007")
    script.described(2, "339C11A007C", message_id="<1@example.com>")
    script.attempted(
        2, "16C211A0002", Outcome.DELIVERED, "tina@example.com", forwarded_as="339C11A007C"
    )
    script.ended(3, "16C211A0002")
    script.attempted(
        4, "339C11A007C", Outcome.DELIVERED, "tina@example.net", original="tina@example.com"
    )
    script.ended(4, "339C11A007C")
    first = len(script.lines)
    script.arrived(pause, "4000000000B")
    script.arrived(pause + 1, "339C11A007C", user="root")
    script.ended(pause + 2, "4369B1A0007")
    book = fold_all(script.lines, drain_after=frozenset({first - 1, first}))

    tina = [row for row in book.rows() if row.recipient == "tina@example.com"]
    assert [(row.delivered_to, row.status) for row in tina] == [
        ("tina@example.net", Status.DELIVERED)
    ]
