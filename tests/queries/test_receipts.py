"""Receipts: shown with the delivery that they can be about, to who sees it, and nowhere else."""

from __future__ import annotations

import pytest
from tests.queries.world import ANNA, BOB, EVERYTHING, NET, NOBODY, OPEN_COPY, mail
from tests.store.rows import HOST, SECOND, batch

from postroad import queries
from postroad.model.receipt import QueueId, Receipt, Report, Says
from postroad.model.status import Direction, Status
from postroad.receipts import rows

#: A message of Anna's for one recipient elsewhere.
SINGLE = mail(
    40, "ben@far.test", origins=["anna@example.com"], sender="anna@example.com",
    direction=Direction.OUTBOUND, remote_host="mx.far.test",
)  # fmt: skip
#: Another for two, and one that was refused.
FIRST = mail(41, "ben@far.test", origins=["anna@example.com"], direction=Direction.OUTBOUND)
SECOND_COPY = mail(41, "cara@far.test", origins=["anna@example.com"], direction=Direction.OUTBOUND)
REFUSED = mail(42, "anna@example.com", status=Status.REJECTED)
NOW = SINGLE.first_at + 100 * SECOND


@pytest.fixture
def sent(store):
    """A store with these messages."""
    store.write(batch(SINGLE, FIRST, SECOND_COPY, REFUSED, OPEN_COPY))
    return store


def hand_in(store, *receipts, message_ids=(), queue_ids=(), now=NOW):
    """Keep a report of these receipts."""
    report = Report(receipts=receipts, message_ids=message_ids, queue_ids=queue_ids)
    store.write_receipts(rows(report, now=now))


def receipt(recipient="ben@far.test", says=Says.DISPLAYED, **fields):
    """Make a receipt."""
    return Receipt(says=says, recipient=recipient, **{"at": NOW, **fields})


def told(store, delivery, scope=EVERYTHING):
    """What is shown with a delivery."""
    return queries.detail(store, scope, delivery.id).receipts


def test_by_message_id_and_recipient(sent):
    """One that names the message and its recipient is shown, in any case of the address."""
    hand_in(sent, receipt("BEN@far.test"), message_ids=(SINGLE.message_id,))

    [found] = told(sent, SINGLE)

    assert (found.says, found.is_for_recipient) == (Says.DISPLAYED, True)
    assert told(sent, FIRST) == []


def test_by_the_original_recipient(sent):
    """An alias at the other end: the original recipient is the one that was written to."""
    hand_in(
        sent, receipt("b@inside.far.test", original="ben@far.test"), message_ids=(FIRST.message_id,)
    )

    assert [each.recipient for each in told(sent, FIRST)] == ["b@inside.far.test"]
    assert told(sent, SECOND_COPY) == []


def test_another_recipient_of_a_message_with_one(sent):
    """Of a message to one recipient it is shown, as one that names another address."""
    hand_in(sent, receipt("b@inside.far.test"), message_ids=(SINGLE.message_id,))

    assert [each.is_for_recipient for each in told(sent, SINGLE)] == [False]


def test_another_recipient_of_a_message_with_several(sent):
    """Of a message to several nobody knows whose it is: it is shown nowhere."""
    hand_in(sent, receipt("b@inside.far.test"), message_ids=(FIRST.message_id,))

    assert told(sent, FIRST) == told(sent, SECOND_COPY) == []


def test_another_recipient_of_a_list(sent):
    """A list sends each its own copy under one Message-ID: what became of one is told to it only."""
    copy = mail(
        43, "cara@far.test", message_id=SINGLE.message_id, origins=["bea@example.net"],
        direction=Direction.OUTBOUND,
    )  # fmt: skip
    sent.write(batch(copy))
    hand_in(sent, receipt("c@inside.far.test"), message_ids=(SINGLE.message_id,))
    hand_in(sent, receipt("cara@far.test", diagnostic="full"), message_ids=(SINGLE.message_id,))

    assert told(sent, SINGLE) == []
    assert [each.diagnostic for each in told(sent, copy)] == ["full"]


def test_what_names_no_message_of_ours_is_shown_nowhere(sent):
    """A Message-ID that no message has, and one of a message that was never taken."""
    hand_in(sent, receipt(), message_ids=("other@id.test",))
    hand_in(sent, receipt("anna@example.com"), message_ids=(REFUSED.message_id,))

    assert told(sent, SINGLE) == told(sent, REFUSED) == []


@pytest.mark.parametrize(
    ("host", "is_shown"),
    [(HOST, True), (f"{HOST}.example.com", True), ("other.test", False), (HOST + "x", False)],
)
def test_by_our_own_queue_id(sent, host, is_shown):
    """A queue id counts as ours with our host's name, whole or short."""
    hand_in(sent, receipt(), queue_ids=(QueueId(host, SINGLE.queue_id),))

    assert bool(told(sent, SINGLE)) is is_shown


def test_a_queue_id_needs_the_recipient(sent):
    """Queue ids come round again: the recipient has to be the same too."""
    hand_in(sent, receipt("b@inside.far.test"), queue_ids=(QueueId(HOST, SINGLE.queue_id),))

    assert told(sent, SINGLE) == []


@pytest.mark.parametrize("days", [-2, 70])
def test_a_queue_id_of_another_time_is_another_message(sent, days):
    """Long before or after the message its queue id is that of another."""
    at = SINGLE.first_at + days * 24 * 3600 * SECOND
    hand_in(sent, receipt(at=at), queue_ids=(QueueId(HOST, SINGLE.queue_id),), now=at)

    assert told(sent, SINGLE) == []


def test_the_same_one_is_shown_once(sent):
    """Handed in twice, and found by several names, it is one."""
    for _ in range(2):
        hand_in(
            sent,
            receipt(),
            message_ids=(SINGLE.message_id,),
            queue_ids=(QueueId(HOST, SINGLE.queue_id),),
        )

    assert len(told(sent, SINGLE)) == 1


def test_in_the_order_of_time(sent):
    """The earliest first: relayed, then displayed."""
    hand_in(sent, receipt(at=NOW), message_ids=(SINGLE.message_id,))
    hand_in(sent, receipt(says=Says.RELAYED, at=NOW - SECOND), message_ids=(SINGLE.message_id,))

    assert [each.says for each in told(sent, SINGLE)] == [Says.RELAYED, Says.DISPLAYED]


def test_shown_to_who_sees_the_delivery(sent):
    """Its sender sees it, nobody else is told that there is one."""
    hand_in(sent, receipt(), message_ids=(SINGLE.message_id,))

    assert told(sent, SINGLE, ANNA)
    assert queries.detail(sent, BOB, SINGLE.id) is None
    assert queries.receipts(sent, NOBODY, SINGLE) == []


def test_masked_like_its_delivery(sent):
    """The receiving side does not read other people's addresses in it."""
    hand_in(
        sent,
        receipt(
            "bob@example.net",
            says=Says.FAILED,
            diagnostic="550 carol@secret.test has moved to dave@secret.test",
            reporter="mx.example.net",
        ),
        message_ids=(OPEN_COPY.message_id,),
    )

    [found] = told(sent, OPEN_COPY, NET)

    assert "secret" not in found.diagnostic
    assert found.reporter == "mx.example.net"
    assert "dave@secret.test" in told(sent, OPEN_COPY)[0].diagnostic
