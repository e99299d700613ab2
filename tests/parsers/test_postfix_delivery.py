"""Postfix: what it says of attempts to deliver, and of where they went."""

from __future__ import annotations

import pytest
from tests.parsers.postfixes import DELIVERY, read

from postroad.model.event import (
    Attempted,
    Noted,
)
from postroad.model.status import Outcome


def delivery(text, *, status="sent", relay="mx.ex.test[192.0.2.7]:25", dsn="2.0.0", daemon="smtp"):
    """Read a delivery line with this text in its parentheses."""
    return read(DELIVERY.format(relay=relay, dsn=dsn, status=status, text=text), daemon)


@pytest.mark.parametrize(
    ("reply", "next_id"),
    [
        ("250 2.0.0 Ok: queued as 4F5C64474F", "4F5C64474F"),
        ("250 2.0.0 Ok: queued as 4PbC4z6W5Qz3tG3", "4PbC4z6W5Qz3tG3"),
        ("250 Ok 0102018c-abcd-0000 queued as 77.", "77"),
        ("250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as AED4", "AED4"),
        ("250 OK id=1rABCD-0004Xa-2B", "1rABCD-0004Xa-2B"),
        ("250 2.0.0 OK 1580000000 q12si1 - gsmtp", ""),
        ("250 2.0.0 Ok: queued as ", ""),
    ],
)
def test_next_queue_id_is_taken_from_the_reply(reply, next_id):
    """Where the next server names its id, the attempt carries it."""
    assert next_id == delivery(reply).next_queue_id


def test_a_failed_delivery_names_no_next_id():
    """What a refusal says about queues is not the next server's id."""
    event = delivery("host x[192.0.2.7] said: 550 queued as JUNK1", status="bounced")

    assert event.next_queue_id == ""


@pytest.mark.parametrize(
    ("text", "code", "enhanced"),
    [
        ("host mx.ex.test[192.0.2.7] said: 550 5.1.1 no such user", 550, "5.1.1"),
        ("host mx.ex.test[192.0.2.7]:25 said: 550-5.7.1 first 550 5.7.1 last", 550, "5.7.1"),
        ("host mx.ex.test[192.0.2.7] refused to talk to me: 421 busy", 421, "5.0.0"),
        ("host mx.ex.test[192.0.2.7] said: 450 4.7.1 later (in reply to DATA)", 450, "4.7.1"),
        ("SASL authentication failed; server mx[192.0.2.7] said: 535 5.7.8 no", 535, "5.7.8"),
        (
            "conversation with mx.ex.test[192.0.2.7] timed out while receiving 250 2.0.0",
            None,
            "5.0.0",
        ),
        ("unknown user: 550", None, "5.0.0"),
        ("host x said: 550 5.1.1 y", None, "5.0.0"),
    ],
)
def test_codes_are_the_other_servers_own(text, code, enhanced):
    """Reply and enhanced code are the remote server's; dsn= stands in for the latter only."""
    event = delivery(text, status="bounced", dsn="5.0.0")

    assert (code, enhanced) == (event.smtp_code, event.enhanced_code)
    assert text == event.reply


def test_reply_is_kept_whole():
    """Parentheses, commas and things that look like fields do not end the reply."""
    reply = "250 ok (a (b) c), status=bounced (to=<x@y.test>, relay=none) \u00e9 #"

    assert reply == delivery(reply).reply


def test_multi_line_reply_is_kept_whole():
    """A reply with line breaks, which rsyslog escaped, is one reply."""
    event = delivery("host x[192.0.2.7] said: 550-a#012550 b", status="bounced")

    assert event.reply == "host x[192.0.2.7] said: 550-a\n550 b"


@pytest.mark.parametrize(
    ("relay", "expected"),
    [
        ("none", ("", "", None)),
        ("mx.ex.test[192.0.2.7]:2501", ("mx.ex.test", "192.0.2.7", 2501)),
        ("mx.ex.test[2001:db8::7]:25", ("mx.ex.test", "2001:db8::7", 25)),
        ("192.0.2.7[192.0.2.7]:25", ("192.0.2.7", "192.0.2.7", 25)),
        ("127.0.0.1[127.0.0.1]:10024", ("127.0.0.1", "127.0.0.1", 10024)),
        ("mx.ex.test[192.0.2.7]", ("mx.ex.test", "192.0.2.7", None)),
        ("mail.ex.test[private/dovecot-lmtp]", ("", "", None)),
        ("mail.ex.test[/run/lmtp.sock]", ("", "", None)),
    ],
)
def test_relay_is_taken_apart(relay, expected):
    """The relay is a host, its address and port, or none of these."""
    event = delivery("250 ok", relay=relay)

    assert expected == (event.remote_host, event.remote_ip, event.remote_port)


@pytest.mark.parametrize(
    ("daemon", "relay", "remote"),
    [
        ("smtp", "mx.ex.test[192.0.2.7]:25", True),
        ("smtp", "none", True),
        ("lmtp", "store.ex.test[192.0.2.7]:24", True),
        ("lmtp", "mail.ex.test[private/dovecot-lmtp]", False),
        ("lmtp", "none", False),
        ("local", "local", False),
        ("virtual", "virtual", False),
        ("pipe", "dovecot", False),
        ("error", "none", False),
    ],
)
def test_remote_is_what_is_offered_to_another_host(daemon, relay, remote):
    """SMTP is remote, LMTP over TCP too; sockets, mailboxes and commands are not."""
    assert remote is delivery("text", daemon=daemon, relay=relay).remote


@pytest.mark.parametrize(
    ("status", "text", "daemon", "outcome", "counted"),
    [
        ("sent", "250 ok", "smtp", Outcome.DELIVERED, True),
        ("sent", "delivered to mailbox", "local", Outcome.DELIVERED, True),
        ("sent", "delivered to file: /dev/null", "local", Outcome.DISCARDED, True),
        ("sent", "250 2.7.0 Ok, discarded, id=1-2 - INFECTED", "smtp", Outcome.DISCARDED, True),
        ("sent", "250 the word discarded", "smtp", Outcome.DELIVERED, True),
        ("sent", "silently", "discard", Outcome.DISCARDED, True),
        ("bounced", "no", "smtp", Outcome.FAILED, True),
        ("SOFTBOUNCE", "no", "smtp", Outcome.DEFERRED, True),
        ("deferred", "later", "smtp", Outcome.DEFERRED, True),
        ("deferred", "delivery temporarily suspended: x", "retry", Outcome.DEFERRED, False),
        ("deferred", "mail transport unavailable", "qmgr", Outcome.DEFERRED, False),
        ("deferred", "deferred transport", "error", Outcome.POSTPONED, False),
    ],
)
def test_outcome_follows_status_and_daemon(status, text, daemon, outcome, counted):
    """`sent` into a black hole is no delivery, and a suspended one is no attempt."""
    event = delivery(text, status=status, daemon=daemon)

    assert (outcome, counted) == (event.outcome, event.counted)


@pytest.mark.parametrize(
    "status",
    ["deliverable", "undeliverable", "deliverable-but-not-cached", "undeliverable-but-not-cached"],
)
def test_address_probes_move_no_mail(status):
    """Address verification is evidence and no attempt."""
    assert isinstance(delivery("250 ok", status=status), Noted)


def test_status_that_is_not_known_is_not_understood():
    """A word that Postfix does not have is reported, not guessed."""
    assert delivery("250 ok", status="teleported") is None


@pytest.mark.parametrize("daemon", ["qmgr", "cleanup", "bounce", "smtpd", "virtual"])
def test_any_daemon_may_report_a_recipient(daemon):
    """Older queue managers, and cleanup for local mail, write delivery lines themselves."""
    assert isinstance(delivery("later", status="deferred", daemon=daemon), Attempted)


@pytest.mark.parametrize(
    ("fields", "address", "original"),
    [
        ("to=<b@ex.test>, relay=local, delay=1", "b@ex.test", ""),
        ("to=<b@ex.test>, orig_to=<root>, relay=local, delay=1", "b@ex.test", "root"),
        (
            "to=b@ex.test, orig_to=root@localhost, relay=local, delay=1",
            "b@ex.test",
            "root@localhost",
        ),
        ('to=<"a b@c > d"@ex.test>, relay=local, delay=1', '"a b@c > d"@ex.test', ""),
        ('to=<"q\\"> x"@ex.test>, relay=local, delay=1', '"q\\"> x"@ex.test', ""),
        ('to=<o"dd@ex.test>, relay=local, delay=1', 'o"dd@ex.test', ""),
        ("to=<a>b@ex.test>, relay=local, delay=1", "a>b@ex.test", ""),
        ("to=<gr\u00fc\u00dfe@ex.test>, relay=local, delay=1", "gr\u00fc\u00dfe@ex.test", ""),
        ("to=<a@b@c.test>, relay=local, delay=1", "a@b@c.test", ""),
        ("to=<status=sent@ex.test>, relay=local, delay=1", "status=sent@ex.test", ""),
    ],
)
def test_addresses_of_all_kinds_are_read(fields, address, original):
    """Quoted, unquoted, bracketless and foreign addresses are read as they were written."""
    event = read(f"08ACF1541B01: {fields}, status=sent (x)", "local")

    assert (address, original) == (event.address, event.original)


def test_line_cut_within_the_reply_is_still_an_attempt():
    """A line that a full buffer cut has lost only the end of the reply."""
    event = read(
        "08ACF1541B01: to=<b@ex.test>, relay=local, delay=1, status=sent (delivered to c", "local"
    )

    assert event.reply == "delivered to c"
