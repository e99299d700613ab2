"""What became of messages that postroad itself sent: by the log, or by what came back."""

from __future__ import annotations

import pytest
from tests.queries.world import COM, EVERYTHING, mail
from tests.store.rows import SECOND, batch

from postroad.model.receipt import Receipt, Report, Says
from postroad.model.status import Direction, Status
from postroad.queries.posted import Posted, posted
from postroad.receipts import rows

REPLY = "550 5.1.1 <ben@far.test>: no such user"
#: To whoever wrote to another address: where that leads is not told.
MASKED = "550 5.1.1 <•••@•••>: no such user"
SENDER = {"sender": "postroad@host.test", "direction": Direction.OUTBOUND}
ARRIVED = mail(60, "ben@far.test", **SENDER)
REFUSED = mail(61, "ben@far.test", status=Status.FAILED, result=REPLY, **SENDER)
WAITING = mail(62, "ben@far.test", status=Status.DEFERRED, result="451 later", **SENDER)
AT_THE_DOOR = mail(63, "ben@far.test", status=Status.REJECTED, **SENDER)
#: To an address of this server that leads on, where it was refused.
ALIAS = mail(
    64, "team@example.com", to="ben@far.test", status=Status.FAILED, result=REPLY, **SENDER
)


@pytest.fixture
def sent(store):
    """A store with these messages."""
    store.write(batch(ARRIVED, REFUSED, WAITING, AT_THE_DOOR, ALIAS))
    return store


@pytest.mark.parametrize(
    ("delivery", "recipient", "wanted"),
    [
        (ARRIVED, "BEN@far.test", Posted(came_back=False)),
        (REFUSED, "ben@far.test", Posted(came_back=True, said=REPLY)),
        (WAITING, "ben@far.test", Posted(came_back=False)),
        (AT_THE_DOOR, "ben@far.test", None),
        (ALIAS, "team@example.com", Posted(came_back=True, said=MASKED)),
    ],
    ids=["arrived", "refused", "waiting", "at-the-door", "alias"],
)
def test_by_the_log(sent, delivery, recipient, wanted):
    """Taken, or come back with the reason, which names nobody but who was written to."""
    assert wanted == posted(sent, EVERYTHING, delivery.message_id, recipient)


def test_an_unknown_message(sent):
    """Nothing is known of it."""
    assert posted(sent, EVERYTHING, "nothing@id.test", "ben@far.test") is None
    assert posted(sent, EVERYTHING, "", "ben@far.test") is None


def _came_back(store, message_id, says=Says.FAILED):
    receipt = Receipt(says=says, recipient="ben@far.test", at=ARRIVED.first_at, diagnostic=REPLY)
    report = Report(receipts=(receipt,), message_ids=(message_id,))
    store.write_receipts(rows(report, now=ARRIVED.first_at + 100 * SECOND))


def test_by_a_receipt_beside_the_log(sent):
    """Delivered to the next server, which sent it back."""
    _came_back(sent, ARRIVED.message_id)

    assert Posted(came_back=True, said=REPLY) == posted(
        sent, EVERYTHING, ARRIVED.message_id, "ben@far.test"
    )


def test_by_a_receipt_alone(sent):
    """Sent through another server, whose log is not here; a delay is no return."""
    _came_back(sent, "late@host.test", Says.DELAYED)
    assert posted(sent, EVERYTHING, "late@host.test", "ben@far.test") is None
    _came_back(sent, "elsewhere@host.test")
    assert posted(sent, EVERYTHING, "elsewhere@host.test", "ben@far.test")
    assert posted(sent, EVERYTHING, "elsewhere@host.test", "cara@far.test") is None


def test_it_is_asked_within_a_scope(sent):
    """Whoever may not see the delivery learns nothing of it."""
    _came_back(sent, "elsewhere@host.test")

    assert posted(sent, COM, REFUSED.message_id, "ben@far.test") is None
    assert posted(sent, COM, "elsewhere@host.test", "ben@far.test") is None
