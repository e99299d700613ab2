"""Live checks and checks of domains as each kind of viewer asks for them: API and command line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.web.served import Served


def run(served: Served, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command against the running postroad."""
    command = [Path(sys.executable).with_name("postroad"), "--home", str(served.home), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_live_check_over_the_api(served, world):
    """The whole conversation comes, with its times, and no message was sent."""
    with served.administrator() as client:
        answer = client.post("/probe", json={"address": "bob@good.example"})

    assert answer.status_code == 200, answer.text
    (probe,) = answer.json()["probes"]
    assert probe["outcome"] == "accepted"
    (talked,) = probe["conversations"]
    assert talked["encryption"]["certificate"]["names"] == ["mx.good.example"]
    said = [each["text"] for each in talked["transcript"] if each["who"] == "client"]
    assert said[0] == "EHLO mail.ours.example"
    assert said[-1] == "QUIT"
    assert not any(line.startswith("DATA") for line in world.sinks["good"].book)


@pytest.mark.parametrize(
    "address",
    [
        "nobody",
        "bob@good.example\r\nDATA",
        "bob@good.example\nRCPT TO:<x@y.example>",
        "bob>@good.example",
        "a b@good.example",
        "-bt@-bt",
        "x" * 300 + "@good.example",
        "bob@good.example\0",
        "bob@[127.0.0.1]",
        "bob@127.0.0.1:22",
    ],
)
def test_what_is_no_address_is_refused(served, world, address: str):
    """Nothing is connected to for it, and the answer is a sentence."""
    before = sum(sink.connections for sink in world.sinks.values())

    with served.administrator() as client:
        answer = client.post("/probe", json={"address": address})

    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 200:
        assert all(each["outcome"] == "not_asked" for each in answer.json()["probes"])
    else:
        assert answer.json()["detail"]
    assert sum(sink.connections for sink in world.sinks.values()) == before


def test_an_international_domain(served):
    """A domain in letters of its own is asked for in the form of the DNS."""
    with served.administrator() as client:
        answer = client.post("/probe", json={"address": "bob@bücher.example"})

    (probe,) = answer.json()["probes"]
    assert probe["address"] == "bob@xn--bcher-kva.example"
    assert probe["outcome"] == "not_asked"


@pytest.mark.parametrize("name", ["inside", "private", "nowhere", "silent", "endless", "hangs"])
def test_bad_places_get_a_sentence_in_time(served, name: str):
    """Within ten seconds in all, whatever is at the other end."""
    began = time.monotonic()

    with served.administrator() as client:
        answer = client.post("/probe", json={"address": f"bob@{name}.example"})

    assert answer.status_code == 200, answer.text
    assert time.monotonic() - began < 11
    assert all(each["verdict"] for each in answer.json()["probes"])


def test_a_way_that_ends_here_is_said(served):
    """Where the route already ends in trouble, its words are the answer."""
    with served.administrator() as client:
        (hangs,) = client.post("/probe", json={"address": "bob@hangs.example"}).json()["probes"]
        (none,) = client.post("/probe", json={"address": "bob@takesnone.example"}).json()["probes"]

    assert hangs["outcome"] == none["outcome"] == "not_asked"
    assert hangs["verdict"].startswith("No server was asked. ")
    assert "takesnone.example" in none["verdict"]


def test_who_may_have_live_checks(served):
    """Owners of domains may, mailbox users may not, strangers are asked to sign in."""
    with served.holder("shop") as owner:
        assert owner.post("/probe", json={"address": "bob@good.example"}).status_code == 200
    with served.holder("anna@example.com") as mailbox:
        answer = mailbox.post("/probe", json={"address": "bob@good.example"})
        assert answer.status_code == 403
        assert "Only administrators and owners" in answer.json()["detail"]
        assert mailbox.get("/deliverability", params={"domain": "example.com"}).status_code == 403
    with served.visitor() as stranger:
        answer = stranger.post("/api/v1/probe", json={"address": "bob@good.example"})
        assert answer.status_code == 401


def test_whose_domains_may_be_checked(served):
    """Owners have their own domains checked, administrators any; each question is kept."""
    with served.holder("shop") as owner:
        own = owner.get("/deliverability", params={"domain": "example.com"})
        below = owner.get("/deliverability", params={"domain": "news.example.com"})
        others = owner.get("/deliverability", params={"domain": "fine.example"})
        alike = owner.get("/deliverability", params={"domain": "badexample.com"})
    with served.administrator() as client:
        any_domain = client.get("/deliverability", params={"domain": "fine.example"})
        audit = client.get("/audit").json()["audit"]

    assert [each.status_code for each in (own, below, others, alike)] == [200, 200, 403, 403]
    assert any_domain.json()["sending_addresses"] == ["192.0.2.25"]
    kept = [
        (each["account"], each["subject"]) for each in audit if each["action"] == "deliverability"
    ]
    assert ("shop", "example.com") in kept
    assert ("shop", "fine.example") not in kept


@pytest.mark.parametrize("domain", ["", "x", "not a domain", "a..b", "example.com/../..", "*.x.y"])
def test_what_is_no_domain_is_refused(served, domain: str):
    """With a sentence."""
    with served.administrator() as client:
        answer = client.get("/deliverability", params={"domain": domain})

    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_a_server_is_asked_only_so_often(served):
    """After some checks of one domain the answer says when to come again."""
    with served.holder("rival") as owner:
        answers = [owner.post("/probe", json={"address": "bob@gone.example"}) for _ in range(12)]

    statuses = [each.status_code for each in answers]
    assert statuses == [200] * 10 + [429] * 2
    assert "Try again in" in answers[-1].json()["detail"]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_on_the_command_line(served):
    """States, records and what to change, as text and as JSON; the exit status tells."""
    fine = run(served, "deliverability", "fine.example", "--selector", "good", "--format", "json")
    wrong = run(served, "deliverability", "hard.example")

    assert wrong.returncode == 1, wrong.stderr
    assert "→ Publish at hard.example the TXT record\n        v=spf1 ip4:192.0.2.25" in wrong.stdout
    assert "│ v=spf1 ip4:198.51.100.1 -all" in wrong.stdout
    topics = {each["topic"] for each in json.loads(fine.stdout)["findings"]}
    assert {"spf", "dkim", "dmarc", "mx", "ptr", "mta_sts", "tls_rpt"} <= topics


def test_a_live_trace_on_the_command_line(served):
    """The way, and behind it the conversation with each server."""
    text = run(served, "trace", "bob@later.example", "--live")
    data = run(served, "trace", "bob@later.example", "--live", "--format", "json")

    assert text.returncode == 0, text.stderr
    assert "> RCPT TO:<bob@later.example>" in text.stdout
    assert "< 450 4.2.0 greylisted, come back" in text.stdout
    assert "deferred mx.later.example says “later”" in text.stdout
    (probe,) = json.loads(data.stdout)["probes"]
    assert probe["conversations"][0]["code"] == 450


def test_what_strangers_say_does_no_harm_on_the_terminal(served):
    """Escape sequences and turned text are written out."""
    shown = run(served, "trace", "bob@evil.example", "--live").stdout

    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[2J<script>" in shown
