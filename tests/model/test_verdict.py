"""Verdicts and words: what a status is called, and what is said of a delivery."""

from __future__ import annotations

import itertools
import re

import pytest

from postroad.model import words
from postroad.model.delivery import Delivery
from postroad.model.status import Direction, Outcome, Status
from postroad.model.verdict import verdict


def delivery(status: Status, **fields) -> Delivery:
    """A delivery with this status."""
    common = {
        "id": "0" * 24,
        "message_key": "0" * 16,
        "host": "mx1",
        "instance": "",
        "queue_id": "1",
        "version": 1,
        "recipient": "a@b.example",
    }
    return Delivery(**{**common, "status": status, **fields})


REMOTE = {"remote_host": "mx.example.net", "remote_ip": "192.0.2.1"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            delivery(Status.DELIVERED, smtp_code=250, enhanced_code="2.0.0", attempts=1, **REMOTE),
            (
                "Accepted by mx.example.net [192.0.2.1] (250 2.0.0). From then on that server is "
                "responsible for it; this log does not tell what it did."
            ),
        ),
        (
            delivery(Status.DELIVERED, remote_ip="192.0.2.1", attempts=3),
            (
                "Accepted by 192.0.2.1 at attempt 3. From then on that server is responsible for it; "
                "this log does not tell what it did."
            ),
        ),
        (
            delivery(Status.DELIVERED, delivered_to="c@b.example"),
            "Delivered on this server to c@b.example. Whether it was read is not known here.",
        ),
        (
            delivery(Status.DELIVERED, delivered_to="a@b.example"),
            "Delivered on this server. Whether it was read is not known here.",
        ),
        (
            delivery(Status.IN_PROGRESS),
            (
                "This server has it; no attempt to deliver it is known yet. "
                "Look again in a few minutes."
            ),
        ),
        (
            delivery(Status.DEFERRED, attempts=4, smtp_code=451, **REMOTE),
            (
                "Not delivered yet: mx.example.net [192.0.2.1] said “later” (451) after 4 attempts. "
                "This server keeps it and tries again by itself."
            ),
        ),
        (
            delivery(Status.DEFERRED, attempts=1),
            (
                "Not delivered yet: no other server has answered about it. "
                "This server keeps it and tries again by itself."
            ),
        ),
        (
            delivery(Status.DEFERRED, attempts=2, **REMOTE),
            (
                "Not delivered yet: mx.example.net [192.0.2.1] could not be reached, or did not answer "
                "to the end after 2 attempts. This server keeps it and tries again by itself."
            ),
        ),
        (
            delivery(Status.FAILED, smtp_code=550, bounced_as="2x", attempts=1, **REMOTE),
            (
                "Not delivered: mx.example.net [192.0.2.1] refused it for good (550). "
                "Its sender was sent a notification (2x)."
            ),
        ),
        (
            delivery(Status.FAILED, smtp_code=451, attempts=9, **REMOTE),
            (
                "Not delivered: this server gave up after 9 attempts; "
                "mx.example.net [192.0.2.1] was tried last."
            ),
        ),
        (delivery(Status.FAILED), "Not delivered: this server gave up."),
        (
            delivery(Status.REJECTED, smtp_code=550, enhanced_code="5.7.1"),
            (
                "This server refused it (550 5.7.1) and never took it over. "
                "Whoever offered it was told so at once."
            ),
        ),
        (
            delivery(Status.BLOCKED),
            "This server stopped it on its way out by its own rules.",
        ),
        (
            delivery(Status.FILTERED),
            "Accepted, but kept out of the inbox: discarded, or put aside as spam.",
        ),
    ],
)
def test_verdicts(row: Delivery, said: str):
    """What became of a delivery, and whose answer that is, in a sentence or two."""
    assert said == verdict(row)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize(
    "fields",
    [
        dict(each)
        for each in itertools.product(
            *(
                (("remote_host", ""), ("remote_host", "h")),
                (("smtp_code", 0), ("smtp_code", 450), ("smtp_code", 550)),
                (("attempts", 0), ("attempts", 1), ("attempts", 2)),
            )
        )
    ],
    ids=str,
)
def test_no_verdict_promises_too_much(status: Status, fields: dict):
    """No verdict says that somebody received, read or saw it."""
    said = verdict(delivery(status, **fields))

    assert said.endswith(".")
    assert not re.search(r"\b(received|seen|arrived|opened)\b", said)
    assert "  " not in said


def test_text_of_the_log_is_quoted():
    """Everything that comes out of the log goes through the quoting."""
    row = delivery(
        Status.FAILED, remote_host="<b>", remote_ip="<i>", bounced_as="<u>", smtp_code=550
    )

    assert "<" not in verdict(row, quote=lambda _: "?")


def test_every_word_has_words():
    """Every status, direction and outcome has a label, and every status its own."""
    assert len({words.label(each) for each in Status}) == len(Status)
    assert all(words.meaning(each).endswith(".") for each in Status)
    assert [words.direction(each) for each in Direction].count("") == 1
    assert all(words.outcome(each) for each in Outcome)
    assert {words.outcome_status(each) for each in Outcome} <= set(Status)
