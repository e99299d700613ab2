"""From the page to the letter and back: a message is followed, ends, is told of, and is ended."""

from __future__ import annotations

import email
import email.policy
import time
from datetime import UTC, datetime

import httpx
from tests.notify.sinks import sink
from tests.web.served import form_key, serving


def line(text, *, queue_id="1wFolw-00000000001-0aBC"):
    """A line of Exim's main log, of now."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {queue_id} {text}\n"


def test_from_following_to_unsubscribing(tmp_path):
    """A log is followed by a real server, its letters reach a real sink, their links work."""
    log = tmp_path / "mainlog"
    log.write_text(
        line(
            "<= anna@example.com H=laptop [198.51.100.23] P=esmtpsa A=dovecot_login:anna@example.com "
            'S=900 id=offer@example.com T="Offer 7" for max@slow.test'
        )
        + line(
            "== max@slow.test R=dnslookup T=remote_smtp defer (-44) H=mx.slow.test [192.0.2.9]: "
            "SMTP error from remote mail server after RCPT TO:<max@slow.test>: 451 4.3.0 later"
        )
    )
    with sink() as taking:
        _follow(tmp_path, log, taking)


def _follow(tmp_path, log, taking):
    settings = {
        "timezone": "UTC",
        "sources": [{"path": str(log), "mta": "exim", "host": "mx1"}],
        "mail_submission": f"smtp://127.0.0.1:{taking.port}",
        "mail_from": "postroad@example.com",
    }
    with (
        serving(tmp_path / "home", **settings) as served,
        served.reader("anna@example.com") as anna,
    ):
        page = _message(anna)
        assert "Tell me when this message ends" in page.text
        where = {"where": "email:anna@example.com", "form_key": form_key(page.text)}
        assert anna.post(f"{page.url.path}/follow", data=where).status_code == 303
        assert "You are told when this message ends." in anna.get(page.url.path).text
        expected = where | {"from": "max@slow.test", "arrived": "on"}
        assert anna.post("/notices/expect", data=expected).status_code == 303

        with log.open("a") as more:
            more.write(
                line(
                    '=> max@slow.test R=dnslookup T=remote_smtp H=mx.slow.test [192.0.2.9] C="250 OK"'
                )
            )
            more.write(line("Completed"))
        [told] = _wait(taking, 1)
        assert told["To"] == "anna@example.com"
        assert told["Subject"] == "Delivered: Offer 7"
        assert f"/message/{page.url.path.rsplit('/', 1)[1]}" in told.get_content()

        with log.open("a") as more:
            arrival = (
                "<= max@slow.test H=mx.slow.test [192.0.2.9] P=esmtps S=8 id=answer@slow.test T="
                '"Re: Offer 7\\nBcc: eve@evil.test" for anna@example.com'
            )
            for text in (
                arrival,
                "=> anna <anna@example.com> R=localuser T=local_delivery",
                "Completed",
            ):
                more.write(line(text, queue_id="1wAnsw-00000000002-0cDE"))
        [_, answer] = _wait(taking, 2)
        assert answer["Subject"].startswith("Arrived: Re: Offer 7")
        assert answer["Bcc"] is None
        assert answer["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        link = answer["List-Unsubscribe"].strip("<>")
        assert link in answer.get_content()

        path = httpx.URL(link).path
        with httpx.Client(base_url=served.url, timeout=30) as provider:
            looked = provider.get(path)
            assert looked.status_code == 200
            assert "Stop these letters" in looked.text
            assert "active" in anna.get("/notices").text
            body = {"List-Unsubscribe": "One-Click"}
            ended = provider.post(path, data=body)
            again = provider.post(path, files={name: (None, text) for name, text in body.items()})
            unknown = provider.post("/unsubscribe/nothing", data=body)
        assert (ended.status_code, again.status_code, unknown.status_code) == (200, 200, 200)
        assert _without_keys(ended.text) == _without_keys(again.text) == _without_keys(unknown.text)
        assert "Ended by the link in a letter" in anna.get("/notices").text
        assert "Done" in anna.get("/notices").text


def _message(reader):
    """The page of the one message there is, once it was read."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = reader.get("/?to=max%40slow.test&status=deferred").text.split('href="/message/')
        if len(found) > 1:
            return reader.get(f"/message/{found[1].split(chr(34), 1)[0]}")
        time.sleep(0.2)
    raise AssertionError("the message was not read")


def _wait(taking, count):
    """The first messages that were taken, so many of them."""
    until = time.monotonic() + 60
    while len(taking.contents) < count and time.monotonic() < until:
        time.sleep(0.05)
    assert len(taking.contents) == count
    return [email.message_from_bytes(each, policy=email.policy.default) for each in taking.contents]


def _without_keys(page):
    return page.replace(form_key(page), "") if "form_key" in page else page
