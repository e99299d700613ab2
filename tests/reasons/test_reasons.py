"""Replies are understood: from what a server said to why the mail was refused."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.model.status import Status
from postroad.reasons import Reason, reason, reason_name
from postroad.reasons.explain import EXPLANATIONS
from postroad.reasons.shape import shape

HOST = "host mx.example.net[192.0.2.7] said: "


def phrases():
    """Give every phrase with its reason's name and its kind."""
    for name, table in data().items():
        for kind, groups in table.items():
            for found in groups.values():
                for phrase in found:
                    yield name, kind, phrase


def data(part="reasons"):
    """Give the tables of the phrases, or of their origins."""
    text = resources.files("postroad.reasons").joinpath("phrases.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    origins = tables.pop("origins")
    return origins if part == "origins" else tables


@pytest.mark.parametrize(
    ("reply", "smtp_code", "enhanced_code", "expected"),
    [
        (f"{HOST}550 5.1.1 <x@example.net>: user unknown", 550, "5.1.1", Reason.MAILBOX_UNKNOWN),
        ('unknown user: "x"', 0, "5.1.1", Reason.MAILBOX_UNKNOWN),
        ("Unrouteable address", 0, "", Reason.MAILBOX_UNKNOWN),
        (f"{HOST}550 5.4.1 Recipient address rejected: Access denied", 550, "5.4.1", Reason.MAILBOX_UNKNOWN),
        (f"{HOST}552 5.2.2 Over quota", 552, "5.2.2", Reason.MAILBOX_FULL),
        (f"{HOST}552 sorry, over quota (#5.1.1)", 552, "5.1.1", Reason.MAILBOX_FULL),
        (f"{HOST}452-4.2.2 The email account is out of storage 452 4.2.2 space.", 452, "4.2.2", Reason.MAILBOX_FULL),
        (f"{HOST}550-5.2.1 The email account that you tried to reach is disabled.", 550, "5.2.1", Reason.MAILBOX_DISABLED),
        (f"{HOST}550 5.1.6 gone", 550, "5.1.6", Reason.MOVED),
        (f"{HOST}450 4.2.0 <x@example.net>: Greylisted, see https://example.net", 450, "4.2.0", Reason.GREYLISTED),
        (f"{HOST}451-You have been greylisted 451 come back", 451, "", Reason.GREYLISTED),
        (f"{HOST}421-4.7.0 an unusual rate of 421-4.7.0 mail", 421, "4.7.0", Reason.RATE_LIMITED),
        (f"{HOST}452 4.5.3 Too many recipients", 452, "4.5.3", Reason.RATE_LIMITED),
        (f"{HOST}550 5.7.1 the very low reputation of the sending IP", 550, "5.7.1", Reason.SENDER_REPUTATION),
        ("554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.example.org", 554, "5.7.1", Reason.BLOCKLISTED),
        ("rejected because 192.0.2.7 is in a black list at bl.example.org", 0, "", Reason.BLOCKLISTED),
        (f"{HOST}550-5.7.26 Unauthenticated email is not accepted due to DMARC policy", 550, "5.7.26", Reason.AUTHENTICATION_FAILED),
        (f"{HOST}550 5.7.23 Message rejected due to: SPF fail", 550, "5.7.23", Reason.AUTHENTICATION_FAILED),
        ("450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]", 450, "4.7.25", Reason.REVERSE_DNS),
        ("504 5.5.2 <WIN-X>: Helo command rejected: need fully-qualified hostname", 504, "5.5.2", Reason.REVERSE_DNS),
        (f"{HOST}550 This message was classified as SPAM", 550, "", Reason.SPAM),
        ("554 5.7.0 Reject, id=31619-02 - spam", 554, "5.7.0", Reason.SPAM),
        ("250 2.7.0 Ok, discarded, id=1-2 - INFECTED: Eicar", 250, "2.7.0", Reason.VIRUS),
        (f"{HOST}552-5.7.0 blocked because its content presents a potential", 552, "5.7.0", Reason.CONTENT_REFUSED),
        ("554 5.7.1 <x@example.net>: Relay access denied", 554, "5.7.1", Reason.RELAY_DENIED),
        ("relay not permitted", 550, "", Reason.RELAY_DENIED),
        ("Host or domain name not found. Name service error for name=example.net type=MX: Host not found", 0, "5.4.4", Reason.HOST_NOT_FOUND),
        ("all relevant MX records point to non-existent hosts", 0, "", Reason.HOST_NOT_FOUND),
        ("Domain of x@example.net does not accept mail (nullMX)", 0, "5.1.10", Reason.NO_MAIL_SERVICE),
        ("connect to mx.example.net[192.0.2.7]:25: Connection refused", 0, "4.4.1", Reason.CONNECTION_REFUSED),
        ("connect to mx.example.net[192.0.2.7]:25: Connection timed out", 0, "4.4.1", Reason.CONNECTION_TIMED_OUT),
        ("conversation with mx[192.0.2.7] timed out while receiving the initial greeting", 0, "4.4.2", Reason.CONNECTION_TIMED_OUT),
        ("lost connection with mx[192.0.2.7] while sending RCPT TO", 0, "4.4.2", Reason.CONNECTION_LOST),
        ("Remote host closed connection in response to EHLO", 0, "", Reason.CONNECTION_LOST),
        ("connect to mx[2001:db8::7]:25: Network is unreachable", 0, "4.4.1", Reason.NO_ROUTE),
        ("TLS is required, but was not offered by host mx[192.0.2.7]", 0, "4.7.4", Reason.TLS_FAILED),
        ("a TLS session is required, but the server did not offer TLS support", 0, "", Reason.TLS_FAILED),
        ("message size 30000000 exceeds size limit 10240000 of server mx[192.0.2.7]", 0, "5.3.4", Reason.MESSAGE_TOO_LARGE),
        (f"{HOST}550 5.7.1 Access denied", 550, "5.7.1", Reason.POLICY),
        (f"{HOST}451 4.3.2 Internal error reading data", 451, "4.3.2", Reason.REMOTE_TROUBLE),
        (f"{HOST}421 Fatalite", 421, "", Reason.REMOTE_TROUBLE),
        ("mail transport unavailable", 0, "4.3.0", Reason.LOCAL_TROUBLE),
        ("temporary failure. Command output: oops", 0, "4.3.0", Reason.LOCAL_TROUBLE),
        ("Domain example.com has exceeded the max emails per hour (150/150) allowed.", 0, "", Reason.OWN_LIMIT),
        ("mail forwarding loop for x@example.net", 0, "5.4.6", Reason.LOOP),
        ("retry timeout exceeded", 0, "", Reason.EXPIRED),
        ("mailbox is full: retry timeout exceeded", 0, "", Reason.MAILBOX_FULL),
        ("553 5.7.1 <a@example.com>: Sender address rejected: not owned by user b", 553, "5.7.1", Reason.AUTH_REQUIRED),
        ("450 4.1.8 <a@example.test>: Sender address rejected: Domain not found", 450, "4.1.8", Reason.SENDER_REJECTED),
        (f"{HOST}530 5.7.0 Authentication required", 530, "5.7.0", Reason.AUTH_REQUIRED),
        (f"{HOST}554 Transaction failed: Duplicate header 'From'.", 554, "", Reason.BAD_PROTOCOL),
        (f"{HOST}550 5.7.1 you are not allowed to send mail to this list", 550, "5.7.1", Reason.RESTRICTED),
        ("Your message was automatically rejected by Dovecot Mail Delivery Agent", 0, "", Reason.RECIPIENT_RULE),
        ("forced rejection: no mail from there", 0, "", Reason.RECIPIENT_RULE),
        ("Connected to 192.0.2.7 but my name was rejected. Remote host said: 501 bad", 501, "", Reason.REVERSE_DNS),
        (f"{HOST}554 IP address is block listed.", 554, "", Reason.BLOCKLISTED),
        (f"{HOST}550 Quux", 550, "", Reason.UNKNOWN),
        ("", 0, "", Reason.UNKNOWN),
    ],
)  # fmt: skip
def test_replies_have_the_reason_that_a_postmaster_sees(reply, smtp_code, enhanced_code, expected):
    """What servers commonly say is understood, whichever way the codes are chosen."""
    assert reason(reply, smtp_code, enhanced_code, Status.FAILED) is expected


@pytest.mark.parametrize("status", [Status.DELIVERED, Status.IN_PROGRESS])
def test_what_went_well_has_no_reason(status):
    """Only what was refused or is late has a reason."""
    assert reason("550 5.1.1 user unknown", 550, "5.1.1", status) is None
    assert reason_name("550 5.1.1 user unknown", 550, "5.1.1", status) == ""


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.DEFERRED, Reason.UNKNOWN),
        (Status.FAILED, Reason.UNKNOWN),
        (Status.REJECTED, Reason.UNKNOWN),
        (Status.BLOCKED, Reason.OWN_LIMIT),
        (Status.FILTERED, Reason.POLICY),
    ],
)
def test_status_says_something_where_the_reply_does_not(status, expected):
    """Mail that this server itself stopped was stopped by its own limits or rules."""
    assert reason("", 0, "", status) is expected


def test_names_are_the_public_words():
    """`reason_name` gives the name that the API shows."""
    assert reason_name("552 5.2.2 full", 552, "5.2.2", Status.FAILED) == "mailbox_full"


def test_addresses_say_nothing():
    """A mailbox named for a reason does not make it one."""
    reply = f"{HOST}550 5.7.1 <user.unknown@greylisted.example>: spam.detected@virus.example denied"

    assert reason(reply, 550, "5.7.1", Status.FAILED) is Reason.POLICY


def test_code_in_the_text_counts_where_the_given_one_says_nothing():
    """A status of 5.0.0 gives way to what the reply itself holds."""
    assert reason("554 rejected (#5.1.1)", 554, "5.0.0", Status.FAILED) is Reason.MAILBOX_UNKNOWN


def test_temporary_address_codes_are_less_exact():
    """4.1.1 is what servers say that could not find out."""
    reply = "450 4.1.1 <x@example.net>: unverified address: connection timed out"

    assert reason(reply, 450, "4.1.1", Status.DEFERRED) is Reason.CONNECTION_TIMED_OUT


def test_continued_lines_do_not_break_a_phrase():
    """The codes at the beginning of each line of a reply are no part of what it says."""
    assert shape("550-5.7.1 has been 550-5.7.1 blocked 550 5.7.1 now") == "0-0 has been blocked now"


def test_every_reason_can_be_found_and_is_explained():
    """There is no reason without an explanation, and none that nothing leads to."""
    named = {name for name, _, _ in phrases()}

    assert set(Reason) == set(EXPLANATIONS)
    assert {member.word for member in Reason} - named == {"unknown"}


def test_every_explanation_is_plain():
    """A cause goes on a sentence, and advice is whole sentences."""
    for found in EXPLANATIONS.values():
        assert not found.cause.endswith(".")
        assert found.advice.endswith(".")
        assert found.advice[0].isupper()


def test_reasons_keep_their_numbers():
    """Reasons are stored, so their numbers are for ever: members are appended."""
    assert [member.value for member in Reason] == list(range(len(Reason)))
    assert (Reason.MAILBOX_UNKNOWN, Reason.EXPIRED, Reason.RECIPIENT_RULE) == (1, 28, 34)


def test_phrases_can_match():
    """Each phrase has the form that replies are brought into, and stands there once."""
    seen = set()
    for name, kind, phrase in phrases():
        assert Reason[name.upper()]
        assert kind in {"decisive", "phrases"}
        for part in phrase.split(" ... "):
            assert shape(part).strip() == part.strip(), phrase
        assert phrase not in seen, phrase
        seen.add(phrase)


def test_every_phrase_says_where_it_is_from():
    """Each stands under an origin, and each origin is described and used."""
    used = {origin for table in data().values() for groups in table.values() for origin in groups}

    assert used == set(data("origins"))
    assert all(len(text) > 10 for text in data("origins").values())


def test_no_phrase_is_asked_in_vain():
    """A phrase that holds another of its table would never decide anything."""
    tables = {}
    for name, kind, phrase in phrases():
        tables.setdefault((name, kind), []).append(phrase)
    for found in tables.values():
        for phrase in found:
            assert not [each for each in found if each != phrase and each in phrase], phrase


@given(
    reply=st.text(max_size=200),
    smtp_code=st.integers(0, 999),
    enhanced_code=st.text(max_size=8),
    status=st.sampled_from(Status),
)
def test_any_reply_has_an_answer(reply, smtp_code, enhanced_code, status):
    """Whatever a server says, the answer is a reason or none, and the same each time."""
    first = reason(reply, smtp_code, enhanced_code, status)

    assert first is reason(reply, smtp_code, enhanced_code, status)
    assert (first is None) == (status in {Status.DELIVERED, Status.IN_PROGRESS})


def test_endless_replies_are_read_in_reasonable_time():
    """A reply made to be slow is looked at only as far as replies say something."""
    for text in ("<" * 1_000_000, "a" * 1_000_000, "550 " * 250_000, "a@" * 500_000):
        assert reason(text, 550, "", Status.FAILED) is Reason.UNKNOWN
