"""The pages of letters and webhooks: what was sent, what became of it, and whose it is."""

from __future__ import annotations

import json
import re
import time

import pytest
from tests.browser import WINDOWS, violations
from tests.notify import receivers, sinks
from tests.web.served import form_key, serving


@pytest.fixture(scope="module")
def sink():
    """Run a mail server that takes all."""
    with sinks.sink() as running:
        yield running


@pytest.fixture(scope="module")
def served(tmp_path_factory, sink):
    """A running postroad that may call this machine."""
    settings = {
        "mail_submission": f"smtp://127.0.0.1:{sink.port}",
        "webhook_networks": ["127.0.0.0/8"],
    }
    with serving(tmp_path_factory.mktemp("letters") / "home", **settings) as running:
        yield running


@pytest.fixture
def receiver():
    """Run a receiver that takes all."""
    with receivers.receiver() as running:
        yield running


def send(reader, path, **form):
    """Send a form as its page would."""
    key = form_key(reader.get("/letters").text)
    return reader.post(path, data={"form_key": key} | form)


def add(reader, url, label="My hook"):
    """Make a webhook; its id and its secret."""
    answer = send(reader, "/webhooks", url=url, label=label)
    assert answer.status_code == 200, answer.text
    secret = re.search(r'<code class="secret">([0-9a-f]{64})</code>', answer.text)[1]
    return re.search(r'action="/webhooks/([0-9a-f]{16})/test"', answer.text)[1], secret


def wait(reader, path, text):
    """The page once it says this."""
    deadline = time.monotonic() + 30
    while text not in (page := reader.get(path).text):
        assert time.monotonic() < deadline, page
        time.sleep(0.1)
    return page


def test_a_webhook_from_its_making_to_its_end(served, receiver):
    """Made, its secret shown once, tried, seen in the history, called again, paused, removed."""
    with served.reader("shop") as reader:
        webhook, secret = add(reader, receiver.url, "Tickets <b>")
        page = reader.get("/webhooks").text
        assert secret not in page + reader.get(f"/webhooks/{webhook}").text
        assert "Tickets &lt;b&gt;" in page

        answer = send(reader, f"/webhooks/{webhook}/test")
        assert f"/webhooks/{webhook}?done=test" == answer.headers["location"]
        page = wait(reader, f"/webhooks/{webhook}", "thank you")
        assert "answer 200" in page
        assert "Sent" in page
        assert "Sent" in reader.get("/webhooks").text

        again = re.search(r'action="(/letters/\d+/again)"', page)[1]
        assert f"/webhooks/{webhook}?done=again" == send(reader, again).headers["location"]
        deadline = time.monotonic() + 30
        while len(receiver.heard) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        ids = [json.loads(each.body)["id"] for each in receiver.heard]
        assert [ids[0]] * 2 == ids

        send(reader, f"/webhooks/{webhook}/pause", pause="yes")
        assert "paused" in reader.get("/webhooks").text
        send(reader, f"/webhooks/{webhook}/pause", pause="no")
        assert "paused" not in reader.get("/webhooks").text
        send(reader, f"/webhooks/{webhook}/remove")
        assert 404 == reader.get(f"/webhooks/{webhook}").status_code
        assert "a webhook that was removed" in reader.get("/letters").text


def test_failures_are_shown_with_what_was_said(served, receiver):
    """What a receiver says is text, never markup."""
    receiver.code, receiver.body = 500, "<script>alert(1)</script> \u202e".encode()
    with served.reader("shop") as reader:
        webhook, _ = add(reader, receiver.url)
        send(reader, f"/webhooks/{webhook}/test")
        page = wait(reader, f"/webhooks/{webhook}", "answer 500")
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert" not in page
        assert "\u202e" not in page
        assert "next try" in page
        send(reader, f"/webhooks/{webhook}/remove")


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "https://example.com:25/", "javascript:alert(1)", "x" * 3000]
)
def test_a_wrong_address_is_refused_beside_the_form(served, url):
    """With what was filled in, and why."""
    with served.reader("shop") as reader:
        answer = send(reader, "/webhooks", url=url, label="Mine & yours")

        assert 422 == answer.status_code
        assert 'role="alert"' in answer.text
        assert 'value="Mine &amp; yours"' in answer.text


def test_nobody_sees_or_touches_another_accounts(served, receiver):
    """Neither on pages nor over the API, neither an owner nor an administrator."""
    with served.reader("shop") as reader:
        webhook, secret = add(reader, receiver.url, "secret label")
        send(reader, f"/webhooks/{webhook}/test")
        page = wait(reader, f"/webhooks/{webhook}", "thank you")
        letter = re.search(r"/letters/(\d+)/again", page)[1]
    for other in ("rival", "root", "anna@example.com", "agency"):
        with served.reader(other) as reader:
            assert "secret label" not in reader.get("/webhooks").text + reader.get("/letters").text
            for path in (f"/webhooks/{webhook}/{each}" for each in ("test", "pause", "remove")):
                assert 404 == send(reader, path).status_code
            assert 404 == reader.get(f"/webhooks/{webhook}").status_code
            assert 404 == send(reader, f"/letters/{letter}/again").status_code
        with served.holder(other) as holder:
            assert [] == holder.get("/webhooks").json()["webhooks"]
            told = holder.get("/letters").json()["letters"]
            assert webhook not in {each["target"] for each in told}
            assert 404 == holder.delete(f"/webhooks/{webhook}").status_code
    with served.visitor() as visitor:
        for path in ("/webhooks", "/letters", f"/webhooks/{webhook}"):
            assert 303 == visitor.get(path).status_code
    with served.holder("shop") as holder:
        (found,) = holder.get("/webhooks").json()["webhooks"]
        assert {"id", "label", "url", "paused", "created_at"} == set(found)
        assert secret not in holder.get("/letters").text
        assert 204 == holder.delete(f"/webhooks/{webhook}").status_code
    assert 1 == len(receiver.heard)


def test_forms_of_other_sites_are_refused(served, receiver):
    """A form without the key of the page does nothing."""
    with served.reader("shop") as reader:
        for path in ("/webhooks", "/webhooks/x/test", "/webhooks/x/remove", "/letters/1/again"):
            answer = reader.post(path, data={"url": receiver.url, "form_key": "wrong"})
            assert 403 == answer.status_code
        assert receiver.url not in reader.get("/webhooks").text


def test_over_the_api(served, receiver):
    """Made with its secret, listed without; its letters with their tries."""
    with served.holder("rival") as holder:
        made = holder.post("/webhooks", json={"url": receiver.url, "label": "CI"}).json()
        assert 64 == len(made["secret"])
        assert [made["id"]] == [each["id"] for each in holder.get("/webhooks").json()["webhooks"]]
        assert 422 == holder.post("/webhooks", json={"url": "ftp://example.com"}).status_code
        with served.reader("rival") as reader:
            send(reader, f"/webhooks/{made['id']}/test")
            wait(reader, f"/webhooks/{made['id']}", "thank you")
        (letter,) = holder.get("/letters").json()["letters"]
        assert ("test", "webhook", made["id"], "sent", None) == tuple(
            letter[each] for each in ("kind", "channel", "target", "status", "next_at")
        )
        assert [(200, "thank you")] == [(each["code"], each["said"]) for each in letter["tries"]]
        assert [] == holder.get(f"/letters?before={letter['id']}").json()["letters"]
        holder.delete(f"/webhooks/{made['id']}")


def test_many_letters_come_in_pages(served, receiver):
    """Fifty on a page, and a link to the older ones; each letter is on one page."""
    with served.reader("carl@example.net") as reader, served.reader("sales@example.com") as other:
        webhook, _ = add(reader, receiver.url)
        send(reader, f"/webhooks/{webhook}/test")
        wait(reader, f"/webhooks/{webhook}", "thank you")
        for _ in range(19):
            again = re.search(r'action="(/letters/\d+/again)"', reader.get("/letters").text)
            assert (
                303 == send(reader, again[1] if again else f"/webhooks/{webhook}/test").status_code
            )
        assert 429 == send(reader, f"/webhooks/{webhook}/test").status_code
        rows = re.findall(r'<tr id="letter-(\d+)', reader.get("/letters").text)
        assert 20 == len(set(rows))
        older = reader.get(f"/letters?before={rows[4]}").text
        assert rows[5:] == re.findall(r'<tr id="letter-(\d+)', older)
        for before in ("nonsense", "9" * 40, "-1", "\u0663"):
            assert rows == re.findall(
                r'<tr id="letter-(\d+)', reader.get("/letters", params={"before": before}).text
            )
        assert "Nothing was sent yet" in other.get("/letters").text


@pytest.mark.parametrize("window", WINDOWS)
def test_axe_finds_nothing(open_page, served, receiver, window):
    """No rule is broken on these pages with something on them, in light, in dark, on a phone."""
    receiver.code, receiver.body = 500, b"database is away"
    with served.reader("shop") as reader:
        webhook, _ = add(reader, receiver.url)
        send(reader, f"/webhooks/{webhook}/test")
        wait(reader, f"/webhooks/{webhook}", "answer 500")
    for path in ("/webhooks", f"/webhooks/{webhook}", "/letters"):
        page = open_page(path, account="shop", **WINDOWS[window])
        for summary in page.locator("main summary").all():
            summary.click()
        assert violations(page) == [], path
    with served.reader("shop") as reader:
        send(reader, f"/webhooks/{webhook}/remove")
