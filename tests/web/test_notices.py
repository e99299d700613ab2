"""The page of notices, following from a message's page, and the link that ends one."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager

import pytest
from tests.web.served import Served, form_key


@contextmanager
def asking(served: Served, account: str):
    """A signed-in reader, and what their forms carry."""
    with served.reader(account) as reader:
        yield reader, form_key(reader.get("/notices").text)


def wish(served: Served, account: str, **order):
    """Make a subscription over the API; its id."""
    with served.holder(account) as holder:
        answer = holder.post("/subscriptions", json=order)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]


def mine(served: Served, account: str):
    """The subscriptions of an account by id."""
    with served.holder(account) as holder:
        return {each["id"]: each for each in holder.get("/subscriptions").json()["subscriptions"]}


def test_mail_is_expected_on_the_page(served: Served):
    """A form asks, the list shows it in words, a button ends it."""
    with asking(served, "anna@example.com") as (anna, key):
        form = {
            "form_key": key,
            "from": "Bank.test",
            "subject": "<b>Statement",
            "arrived": "on",
            "refused": "on",
            "until": "",
            "where": "email:anna@example.com",
        }
        answer = anna.post("/notices/expect", data=form)
        assert answer.headers["location"] == "/notices?done=asked"
        page = anna.get("/notices?done=asked").text
        assert "You will be told." in page
        assert "from bank.test with “&lt;b&gt;Statement” in its subject" in page
        assert "<b>Statement" not in page
        number = re.search(r"/notices/(\d+)/end", page)[1]
        assert anna.post(f"/notices/{number}/end", data={"form_key": key}).status_code == 303
        assert "Ended by you" in anna.get("/notices").text


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("/notices/expect", {"arrived": "on"}, "Say which mail you expect"),
        ("/notices/expect", {"from": "bank.test"}, "Say what you want to be told of"),
        ("/notices/expect", {"from": "a b", "arrived": "on"}, "neither an address nor a domain"),
        ("/notices/expect", {"from": "a.test", "until": "soon", "arrived": "on"}, "not a time"),
        ("/notices/expect", {"from": "a.test", "until": "2020-01-01", "arrived": "on"}, "is over"),
        ("/notices/alert", {"rule": "failures", "threshold": "0"}, "whole numbers"),
        ("/notices/alert", {"rule": "nothing"}, "whole numbers"),
        ("/notices/alert", {"rule": "silence"}, "Only administrators"),
        ("/notices/alert", {"rule": "failures", "address": "x@elsewhere.test"}, "own addresses"),
        ("/notices/alert", {"rule": "failures", "where": "webhook:none"}, "no such webhook"),
        ("/notices/alert", {"rule": "failures", "where": "pigeon:x"}, "email or to a webhook"),
    ],
)
def test_what_cannot_be_asked_is_said(served: Served, path: str, form: dict, said: str):
    """On the page, beside the form, whose fields are kept."""
    with asking(served, "shop") as (shop, key):
        given = {"address": "" if "where" in form else "me@example.com", "form_key": key} | form
        answer = shop.post(path, data=given)
        assert answer.status_code == 422
        assert said in answer.text
        if "from" in form:
            assert f'name="from" value="{form["from"]}"' in answer.text


def test_forms_need_their_key(served: Served):
    """Another site cannot ask in somebody's name."""
    with served.reader("shop") as shop:
        message = served.ids["deferred"]
        for path in (
            "/notices/expect",
            "/notices/alert",
            "/notices/1/end",
            f"/message/{message}/follow",
        ):
            assert shop.post(path, data={"from": "a.test"}).status_code == 403


def test_the_search_leads_to_the_form(served: Served):
    """With what was asked filled in, as text."""
    with served.reader("shop") as shop:
        page = shop.get("/?from=mara%40mail.example.org&subject=%22%3Eoffer").text
        link = re.search(r'href="(/notices\?[^"]+)"', page)[1].replace("&amp;", "&")
        form = shop.get(link.partition("#")[0]).text
        assert 'name="from" value="mara@mail.example.org"' in form
        assert 'name="subject" value="&#34;&gt;offer"' in form


def test_a_message_is_followed_on_its_page(served: Served):
    """Where it has not ended; afterwards its page says that one is told."""
    with asking(served, "shop") as (shop, key):
        path = f"/message/{served.ids['in_progress']}"
        assert "Tell me when this message ends" in shop.get(path).text
        form = {"form_key": key, "address": "me@example.com", "everybody": "on"}
        answer = shop.post(f"{path}/follow", data=form)
        assert answer.headers["location"] == f"{path}?done=asked"
        page = shop.get(answer.headers["location"]).text
        assert "You are told when this message ends." in page
        assert "Tell me when this message ends" not in page
        ended = f"/message/{served.ids['delivered']}"
        assert "Tell me when" not in shop.get(ended).text
        answer = shop.post(f"{ended}/follow", data=form)
        assert answer.headers["location"] == f"{ended}?done=over"
        assert "has ended already" in shop.get(answer.headers["location"]).text


def test_what_is_somebody_elses_is_not_there(served: Served):
    """Neither their notices nor their messages; the answer is as for what does not exist."""
    made = wish(served, "shop", target="a@example.com", expect={"sender": "secret@plan.test"})
    with asking(served, "rival") as (rival, key):
        form = {"form_key": key, "address": "b@example.net"}
        answers = [
            rival.post(path, data=form)
            for path in (
                f"/notices/{made}/end",
                "/notices/999999/end",
                "/notices/x/end",
            )
        ]
        assert {each.status_code for each in answers} == {404}
        assert len({each.text.replace(key, "") for each in answers}) == 1
        theirs = rival.post(f"/message/{served.ids['deferred']}/follow", data=form)
        nobodys = rival.post(f"/message/{'0' * 24}/follow", data=form)
        assert (theirs.status_code, theirs.text) == (nobodys.status_code, nobodys.text)
        assert theirs.status_code == 404
        assert "plan.test" not in rival.get("/notices").text
    assert mine(served, "shop")[made]["ended_at"] is None


def test_alerts_are_for_those_who_look_after_mailboxes(served: Served):
    """A mailbox is offered none, an owner four, an administrator all."""
    counts = {}
    for account in ("anna@example.com", "shop", "root"):
        with served.reader(account) as reader:
            counts[account] = reader.get("/notices").text.count('name="rule"')
    assert counts == {"anna@example.com": 0, "shop": 4, "root": 5}


def test_an_alert_is_set(served: Served):
    """With its own numbers, and shown with them."""
    with asking(served, "agency") as (agency, key):
        form = {"form_key": key, "rule": "failures", "threshold": "33", "least": "7", "hours": "2"}
        form |= {"quiet": "5", "address": "x@example.com", "says_over": "on"}
        assert agency.post("/notices/alert", data=form).status_code == 303
        assert "33 % or more of the mail sent in 2 h fails (7 mails at least)" in (
            agency.get("/notices").text
        )
    [kept] = mine(served, "agency").values()
    assert kept["what"] == {
        "rule": "failures",
        "threshold": 33,
        "least": 7,
        "hours": 2,
        "quiet": 5,
        "says_over": True,
    }


def test_subscriptions_over_the_api(served: Served):
    """Made, listed and ended by a program, each within its account."""
    order = {"target": "carl@example.net", "language": "de", "zone": "Asia/Tokyo"}
    made = wish(served, "carl@example.net", **order, expect={"recipient": "carl@example.net"})
    again = wish(served, "carl@example.net", **order, expect={"recipient": "carl@example.net"})
    assert again == made
    shown = mine(served, "carl@example.net")[made]
    assert (shown["kind"], shown["language"], shown["zone"]) == ("expect", "de", "Asia/Tokyo")
    assert shown["what"]["own"] == ["carl@example.net"]
    with served.holder("carl@example.net") as carl:
        for body, status in (
            ({"target": "carl@example.net"}, 422),
            ({"target": "anna@example.com", "expect": {"sender": "a.test"}}, 422),
            ({"target": "carl@example.net", "alert": {"rule": "failures"}}, 422),
            ({"target": "carl@example.net", "follow": {"delivery": "f" * 24}}, 404),
            ({"target": "carl@example.net", "follow": {"delivery": served.ids["deferred"]}}, 404),
            ({"target": "carl@example.net", "follow": {"delivery": served.ids["foreign 0"]}}, 409),
        ):
            assert carl.post("/subscriptions", json=body).status_code == status, body
        assert carl.delete(f"/subscriptions/{made}").status_code == 204
        assert carl.delete("/subscriptions/99999").status_code == 404
    assert mine(served, "carl@example.net")[made]["ended_why"] == "removed"
    with served.administrator() as socket:
        answer = socket.post(
            "/subscriptions", json={"target": "a@example.com", "expect": {"sender": "a.test"}}
        )
        assert answer.status_code == 422
        assert "sent for accounts" in answer.json()["detail"]


def test_a_link_that_is_unknown_is_answered_like_any(served: Served):
    """Looking says that nothing is sent for it; ending takes its time, found or not."""
    with served.visitor() as stranger:
        for unknown in ("x", "%00", "a" * 2000, "../x"):
            looked = stranger.get(f"/unsubscribe/{unknown}")
            assert looked.status_code in (200, 404)
        looked = stranger.get(f"/unsubscribe/{'0' * 64}")
        assert "Nothing is sent for this link" in looked.text
        begun = time.monotonic()
        ended = stranger.post(f"/unsubscribe/{'0' * 64}", content=b"List-Unsubscribe=One-Click")
        assert ended.status_code == 200
        assert time.monotonic() - begun >= 0.25
        assert "Nothing more is sent for this link." in ended.text
