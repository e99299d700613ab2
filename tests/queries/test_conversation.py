"""The rebuilt SMTP conversation: what was logged word for word, and what follows from it."""

from __future__ import annotations

import pytest
from tests.store.rows import NOON, attempt, delivery

from postroad.model.status import Outcome, Status
from postroad.queries import Who
from postroad.queries.conversation import conversation

FROM_OUTSIDE = {
    "client_host": "out.example.org",
    "client_ip": "192.0.2.9",
    "helo": "out.example.org",
    "protocol": "esmtps",
    "sender": "eve@example.org",
}


def said(turns):
    """Who said what, in order."""
    return [f"{turn.who[0]}: {turn.text}" for turn in turns]


def test_a_message_that_came_in():
    """Commands follow from the facts, the id under which it was taken is known."""
    turns = conversation(delivery("bob@example.net", **FROM_OUTSIDE), [])

    assert said(turns) == [
        "n: out.example.org [192.0.2.9] connected to this server.",
        "c: EHLO out.example.org",
        "c: STARTTLS",
        "c: MAIL FROM:<eve@example.org>",
        "c: RCPT TO:<bob@example.net>",
        "c: DATA",
        "n: This server took the message, as 1aBcDe-01.",
    ]
    assert [turn.is_derived for turn in turns] == [True] * 6 + [False]


def test_signing_in():
    """Who signed in did so before the message."""
    turns = conversation(
        delivery(**FROM_OUTSIDE | {"protocol": "esmtpsa"}, auth="login", user="anna"), []
    )

    assert said(turns)[3:5] == ["c: AUTH", "n: It signed in as anna."]


def test_a_refusal():
    """A refused message ends with our reply, word for word, and no data."""
    row = delivery(
        **FROM_OUTSIDE | {"protocol": "smtp"},
        status=Status.REJECTED,
        result="550 5.7.1 No",
        queue_id="",
    )
    turns = conversation(row, [])

    assert said(turns)[1] == "c: HELO out.example.org"
    assert said(turns)[-1] == "s: 550 5.7.1 No"
    assert not turns[-1].is_derived
    assert "c: DATA" not in said(turns)


REMOTE = {"remote_host": "mx.far.test", "remote_ip": "192.0.2.25", "smtp_code": 250}


@pytest.mark.parametrize(
    ("fields", "commands"),
    [
        (
            {"outcome": Outcome.DELIVERED, "reply": "250 OK", "tls": "TLS1.3"},
            "EHLO STARTTLS MAIL RCPT DATA",
        ),
        (
            {"reply": "550 5.1.1 no (in reply to RCPT TO command)", "smtp_code": 550},
            "EHLO MAIL RCPT",
        ),
        ({"reply": "554 no (in reply to end of DATA command)"}, "EHLO MAIL RCPT DATA"),
        ({"reply": "421 (in reply to MAIL FROM command)"}, "EHLO MAIL"),
        (
            {
                "reply": "SMTP error from remote mail server after pipelined MAIL FROM:<a@b.example> "
                "SIZE=1: 451 later"
            },
            "EHLO MAIL",
        ),
        (
            {"reply": "SMTP error from remote mail server after initial connection: 554 no"},
            "",
        ),
        ({"reply": "530 (in reply to STARTTLS command)"}, "EHLO STARTTLS"),
        ({"reply": "535 (in reply to AUTH command)"}, "EHLO AUTH"),
    ],
)
def test_a_try(fields, commands):
    """The commands go as far as the one that was answered; the answer is word for word."""
    row = delivery("bob@far.test")
    tried = attempt(row, **{"outcome": Outcome.DEFERRED} | REMOTE | fields)
    turns = conversation(row, [tried])

    spoken = [turn.text.split()[0] for turn in turns if turn.who is Who.CLIENT]
    assert spoken == commands.split()
    assert (turns[-1].who, turns[-1].text, turns[-1].is_derived) == (
        Who.SERVER,
        fields["reply"],
        False,
    )
    assert all(turn.is_derived for turn in turns[:-1])


def test_a_reply_to_who_knows_what():
    """Where the log does not say what was answered, that is said."""
    row = delivery("bob@far.test")
    tried = attempt(row, **REMOTE | {"smtp_code": 451}, outcome=Outcome.DEFERRED, reply="451 no")
    turns = conversation(row, [tried])

    assert said(turns)[-2:] == ["n: It is not known which command the reply was to.", "s: 451 no"]
    assert not any(turn.who is Who.CLIENT for turn in turns), "no command is made up"


def test_no_connection():
    """Where nobody answered there is no conversation, only what this server says of it."""
    row = delivery("bob@far.test")
    tried = attempt(
        row, remote_host="mx.far.test", outcome=Outcome.DEFERRED, reply="Connection timed out"
    )
    hold = attempt(row, remote_host="mx.far.test", outcome=Outcome.POSTPONED, counted=False)

    turns = conversation(row, [tried, hold])

    assert said(turns) == ["n: This server tried to reach mx.far.test.", "n: Connection timed out"]
    assert turns[0].at == NOON + 1_000_000


def test_local_mail_has_no_conversation():
    """What a program here handed to a mailbox here was not said over SMTP."""
    row = delivery("bob@example.net", protocol="local", user="shop")
    assert conversation(row, [attempt(row)]) == []
