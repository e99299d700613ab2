"""What a message says in its headers, whatever strangers wrote into what it tells of."""

from __future__ import annotations

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.model.notice import Attachment, Notice
from postroad.notify.message import Unwritable, event_id, message_id, write
from postroad.state.outbox import Letter, repetition

NOW = 1_768_471_200_000_000
SENDER = "postroad@mail.example.com"
LINK = "https://postroad.mail.example.com:8443/unsubscribe/" + "5ec2e7" * 11


def letter(**more):
    """A letter to anna@example.com."""
    made = {"key": "report 1 2026-01", "kind": "report", "target": "anna@example.com"} | more
    return Letter(account_id=1, channel="email", **made)


def written(notice, *, unsubscribe=LINK, **more):
    """The message of a notice, and how a mail program reads it."""
    made = write(
        letter(**more), notice, sender=SENDER, key="a key", unsubscribe=unsubscribe, at=NOW
    )
    return made, email.message_from_bytes(made.content, policy=email.policy.SMTP)


def test_headers():
    """A program knows by them whose it is, that no person wrote it, and how to end it."""
    _, message = written(Notice(subject="January", text="Nothing.\n"))

    assert {
        "From": "postroad <postroad@mail.example.com>",
        "To": "anna@example.com",
        "Subject": "January",
        "Date": "Thu, 15 Jan 2026 10:00:00 +0000",
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{LINK}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    } == {
        name: value
        for name, value in message.items()
        if not name.startswith(("Content-", "MIME-", "Message-ID"))
    }


def test_a_long_link_is_on_the_wire_as_it_is():
    """The address to unsubscribe at is neither folded nor encoded (RFC 8058 section 3.1)."""
    made, _ = written(Notice(subject="January", text="Nothing.\n"))

    assert f"\r\nList-Unsubscribe: <{LINK}>\r\n".encode() in made.content


def test_without_a_subscription_nothing_can_be_ended():
    """A letter of no subscription has no link."""
    _, message = written(Notice(subject="January", text="Nothing.\n"), unsubscribe="")

    assert message["List-Unsubscribe"] is message["List-Unsubscribe-Post"] is None


def test_the_message_id_is_of_the_key_alone():
    """The same at every try; another for another key, another installation, a repetition."""
    first = letter()
    second = repetition(first)

    assert message_id("a", first, SENDER) == message_id("a", letter(recipe="{1}"), SENDER)
    ids = {
        message_id("a", first, SENDER),
        message_id("b", first, SENDER),
        message_id("a", letter(key="report 1 2026-02"), SENDER),
        message_id("a", second, SENDER),
    }
    assert 4 == len(ids)
    assert event_id("a", first) == event_id("a", second) == event_id("a", repetition(second))


@pytest.mark.parametrize(
    "subject",
    [
        "\u062a\u0642\u0631\u064a\u0631 \u0627\u0644\u0628\u0631\u064a\u062f " * 6,
        "\u4f60\u597d\u4e16\u754c" * 20,
        "\u00dcbersicht f\u00fcr J\u00e4nner",
        "=?utf-8?q?not_encoded?=",
        "x" * 150,
    ],
    ids=["arabic", "chinese", "german", "like-encoded", "long"],
)
def test_subjects_in_any_script(subject):
    """What is written is what is read, in lines of ASCII that no server breaks."""
    made, message = written(Notice(subject=subject, text="Nothing.\n"))

    if "=?" not in subject:
        assert subject.strip() == message["Subject"].strip()
    assert made.content.isascii()
    assert max(map(len, made.content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x85"])
def test_no_header_can_be_put_in(end):
    """A line end in what a stranger wrote begins no header."""
    subject = f"Mail{end}Bcc: victim@example.com{end}{end}body"
    made, message = written(Notice(subject=subject, text="Nothing.\n"))

    assert message["Bcc"] is None
    assert "Nothing." == message.get_content().strip()
    assert b"\nBcc:" not in made.content


@pytest.mark.parametrize(
    "target",
    ["anna@example.com\r\nBcc: victim@example.com", "", "anna", "a b@example.com", "@", "<a>@b"],
)
def test_addresses_that_are_none(target):
    """Nothing is sent to what is no address."""
    with pytest.raises(Unwritable):
        written(Notice(subject="January", text="Nothing.\n"), target=target)


@given(text=st.text(), subject=st.text(), name=st.text(min_size=1, max_size=60))
def test_anything_can_be_said(text, subject, name):
    """Whatever strangers wrote: one message, CRLF everywhere, the attachment as it is."""
    pdf = Attachment(
        name=name, type="application/pdf", content=b"%PDF\r.\r\n\n.\r\n" + bytes(range(256))
    )
    made, message = written(Notice(subject=subject, text=text, attachments=(pdf,)))

    assert b"\n" not in made.content.replace(b"\r\n", b"")
    assert b"\r" not in made.content.replace(b"\r\n", b"")
    assert "anna@example.com" == message["To"]
    body, attached = message.iter_parts()
    assert "text/plain" == body.get_content_type()
    assert pdf.content == attached.get_content()
