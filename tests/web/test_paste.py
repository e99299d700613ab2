"""A pasted or chosen message leads to the question that finds what it is about."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from tests.web.served import Served, form_key


@pytest.fixture(scope="module")
def failed(served: Served):
    """A delivery of example.com's that failed."""
    with served.administrator() as client:
        return client.get(f"/deliveries/{served.ids['failed']}").json()["delivery"]


@pytest.fixture(scope="module")
def reader(served: Served):
    """The owner of example.com, signed in."""
    with served.reader("shop") as client:
        yield client


def bounce(delivery, message_id: str = "") -> str:
    """A bounce of a delivery, as it comes to its sender."""
    return (
        "From: MAILER-DAEMON@mx.example.org\n\nHi. This is the qmail-send program at mx.example.org.\n\n"
        f"<{delivery['recipient']}>:\nno such user\n\n--- Below this line is a copy of the message.\n\n"
        f"Received: from x by {delivery['host']} with esmtp id {delivery['queue_id']}; x\n"
        f"Message-ID: <{message_id or delivery['message_id']}>\n\nText\n"
    )


def paste(reader, text: str = "", file: str = "", key: str | None = None):
    """Send the form."""
    key = form_key(reader.get("/").text) if key is None else key
    files = {"file": ("x.eml", file.encode(), "message/rfc822")} if file else None
    return reader.post(
        "/paste", data={"form_key": key, "text": text}, files=files or {"file": ("", b"")}
    )


def question(answer) -> dict:
    """The question that an answer leads to."""
    assert answer.status_code == 303, answer.text
    return {
        name: value
        for name, [value] in parse_qs(urlsplit(answer.headers["location"]).query).items()
    }


def test_a_pasted_bounce_leads_to_its_message(reader, failed):
    """By the Message-ID of the message that was returned; the link can be shared."""
    answer = paste(reader, bounce(failed))

    assert question(answer) == {"id": failed["message_id"]}
    assert failed["recipient"] in reader.get(answer.headers["location"]).text.replace("<wbr>", "")


def test_a_file_does_the_same(reader, failed):
    """Chosen or dropped instead of pasted."""
    assert question(paste(reader, file=bounce(failed))) == {"id": failed["message_id"]}


def test_by_our_queue_id_where_the_message_id_finds_nothing(reader, failed):
    """The queue id that this server wrote into the message."""
    found = question(paste(reader, bounce(failed, "unknown@nowhere.test")))

    assert found == {"id": failed["queue_id"], "host": failed["host"]}


def test_by_addresses_where_no_identifier_finds_anything(reader, failed):
    """Its recipient is better than nothing."""
    other = {**failed, "queue_id": "9Z9Z9Z9Z9Z"}

    assert question(paste(reader, bounce(other, "unknown@nowhere.test"))) == {
        "to": failed["recipient"]
    }


def test_others_mail_is_not_found(served: Served, failed):
    """What a viewer may not see is not there: the surest question is asked all the same."""
    with served.reader("rival") as client:
        answer = paste(client, bounce(failed))
        assert question(answer) == {"id": failed["message_id"]}
        assert failed["recipient"] not in client.get(answer.headers["location"]).text


def test_nothing_in_it(reader):
    """A blank text is refused with a sentence."""
    answer = paste(reader)

    assert answer.status_code == 422
    assert "nothing in it" in answer.text


def test_a_form_of_another_site_is_refused(reader, failed):
    """Like every form it needs the key of its page."""
    assert paste(reader, bounce(failed), key="x").status_code == 403


def test_too_much(reader):
    """More than a megabyte is refused."""
    assert paste(reader, "x" * 1_500_000).status_code == 413


def test_the_api_tells_the_question(served: Served, failed):
    """The same for programs."""
    with served.holder("shop") as client:
        for kind in ("text/plain", "message/rfc822"):
            answer = client.post(
                "/pasted", content=bounce(failed).encode(), headers={"Content-Type": kind}
            )
            assert answer.json() == {"values": {"message_id": failed["message_id"]}}
        refused = client.post(
            "/pasted", content=b"{}", headers={"Content-Type": "application/json"}
        )
        assert refused.status_code == 422
