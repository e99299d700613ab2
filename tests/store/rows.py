"""Rows as the correlator makes them, with few words."""

from postroad.model import address
from postroad.model.delivery import Attempt, Batch, Delivery, LogLine, delivery_id, message_key
from postroad.model.status import Outcome, Status

HOST = "mx1.example.com"
#: 2026-03-02 10:00:00 UTC.
NOON = 1_772_445_600_000_000
SECOND = 1_000_000
DAY = 86_400 * SECOND


def delivery(recipient="bob@example.net", *, queue_id="1aBcDe-01", to="", at=NOON, **fields):
    """A delivery that came in at `at` and was delivered a second later."""
    key = message_key(fields.get("host", HOST), fields.get("instance", ""), queue_id, 0)
    targets = [address.key(each) for each in (recipient, to) if address.is_address(each)]
    return Delivery(
        **{
            "id": delivery_id(key, recipient, to),
            "message_key": key,
            "host": HOST,
            "instance": "",
            "queue_id": queue_id,
            "version": 3,
            "status": Status.DELIVERED,
            "sender": "anna@example.com",
            "recipient": recipient,
            "delivered_to": to,
            "sent_at": at,
            "last_attempt_at": at + SECOND,
            "attempts": 1,
            "targets": list(dict.fromkeys(targets)),
            "first_at": at,
            "last_at": at + 2 * SECOND,
        }
        | fields
    )


def line(text, *, queue_id="1aBcDe-01", at=NOON, host=HOST, instance=""):
    """A log line of a message."""
    return LogLine(host=host, instance=instance, queue_id=queue_id, at=at, text=text)


def attempt(of, *, at=NOON + SECOND, outcome=Outcome.DELIVERED, **fields):
    """An attempt of a delivery."""
    return Attempt(
        delivery_id=of.id,
        message_key=of.message_key,
        host=of.host,
        queue_id=of.queue_id,
        at=at,
        outcome=outcome,
        **fields,
    )


def batch(*deliveries, lines=(), attempts=(), links=()):
    """A batch of these rows."""
    return Batch(
        deliveries=list(deliveries),
        lines=list(lines),
        attempts=list(attempts),
        links=list(links),
    )
