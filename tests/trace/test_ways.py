"""Every way to a trace: API, command line and pages, as each kind of viewer."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from tests.browser import WINDOWS, violations, whole
from tests.web.served import Served

COMMAND = Path(sys.executable).with_name("postroad")
HOSTILE = [
    "anna",
    "x" * 300 + "@example.com",
    "two words@example.com",
    "--help",
    "x@example.com\nRCPT TO:<y@example.net>",
    "x@$(id).example",
]


def traced(served: Served, account: str, address: str) -> dict:
    """What the API answers this account."""
    with served.holder(account) as client:
        answer = client.get("/trace", params={"address": address})
        assert answer.status_code == 200, answer.text
        return answer.json()


def addresses(node: dict) -> list[tuple[str, str]]:
    """Address and kind of every point."""
    return [(node["address"], node["kind"])] + [
        each for child in node["children"] for each in addresses(child)
    ]


def run(served: Served, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, which asks the running postroad over its socket."""
    return subprocess.run(
        [COMMAND, "--home", served.home, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"},
    )


def test_the_administrator_sees_all(served: Served):
    """Tables, mailboxes and what the content filter may do."""
    route = traced(served, "root", "info@example.com")

    assert "postfix" == route["method"]
    assert "content filter scan:inside.example.org" in route["notes"][0]
    assert [
        ("info@example.com", "routed"),
        ("anna@example.com", "local"),
        ("team@example.com", "routed"),
        ("sales@example.com", "local"),
        ("agency@one.example", "smtp"),
        ("carl@example.net", "local"),
    ] == addresses(route["root"])
    assert route["root"]["source"].startswith("texthash:/")
    assert "/secret/mail/a/" == route["root"]["children"][0]["mailbox"]


def test_an_owner_sees_their_own(served: Served):
    """Where their aliases lead, but nothing of the other tenant's and of the server."""
    route = traced(served, "shop", "info@example.com")

    assert [] == route["notes"]
    assert ("carl@example.net", "local") == addresses(route["root"])[-1]
    assert route["root"]["children"][-1]["hidden"]
    assert "/secret" not in json.dumps(route)
    assert ["mx.one.example"] == [
        each["name"] for each in route["root"]["children"][1]["children"][1]["hosts"]
    ]
    other = traced(served, "shop", "all@example.net")["root"]
    assert [("all@example.net", "local")] == addresses(other)
    assert "eve" not in json.dumps(other)


def test_a_mailbox_user_sees_their_own(served: Served):
    """Their own mailbox, what is elsewhere, and of others only that the server takes it."""
    own = traced(served, "sales@example.com", "info@example.com")["root"]
    team = traced(served, "sales@example.com", "team@example.com")["root"]

    assert [("info@example.com", "routed"), ("•••@•••", "routed")] == addresses(own)
    assert [("team@example.com", "local")] == addresses(team)
    assert "anna" not in json.dumps(own)
    assert "texthash" not in json.dumps([own, team])
    assert [("sales@example.com", "local")] == addresses(
        traced(served, "sales@example.com", "sales@example.com")["root"]
    )
    outside = traced(served, "sales@example.com", "x@two.example")["root"]
    assert ["a.two.example", "b.two.example"] == [each["name"] for each in outside["hosts"]]


def test_a_relay_of_the_inside_is_for_administrators(served: Served):
    """What the transport table names is the server's own business."""
    assert "relay.inside.example" in json.dumps(traced(served, "root", "x@relayed.example"))
    assert "inside" not in json.dumps(traced(served, "shop", "x@relayed.example"))


@pytest.mark.parametrize("address", HOSTILE)
def test_bad_input_is_refused_in_a_sentence(served: Served, address: str):
    """The API answers 422 with what is wrong, at once."""
    begun = time.monotonic()
    with served.administrator() as client:
        answer = client.get("/trace", params={"address": address})

    assert 422 == answer.status_code
    assert answer.json()["fields"]["address"]
    assert time.monotonic() - begun < 5


def test_it_stands_in_the_audit_trail(served: Served):
    """Who traced what is known, and the owner of the address can see it."""
    traced(served, "rival", "sales@example.com")
    with served.administrator() as client:
        entries = client.get("/audit").json()["audit"]

    found = [each for each in entries if each["action"] == "trace" and each["account"] == "rival"]
    assert ["sales@example.com"] == found[0]["about"]


def test_without_signing_in_nobody_traces(served: Served):
    """A stranger gets 401, and a page that asks to sign in."""
    with served.visitor() as client:
        assert 401 == client.get("/api/v1/trace?address=x@example.com").status_code
        assert 303 == client.get("/trace?address=x@example.com").status_code


def test_the_command_line_draws_a_tree(served: Served):
    """Each point on a line below what leads to it, with its servers and what is wrong."""
    done = run(served, "trace", "deep@example.com")

    assert (0, "") == (done.returncode, done.stderr)
    lines = done.stdout.splitlines()
    assert re.match(r"⇢ deep@example.com  virtual alias sends it on", lines[0])
    assert any("✉ anna@example.com  virtual to local delivery" in each for each in lines)
    assert any("a.two.example [192.0.2.10] MX=10" in each for each in lines)
    assert any("takes no mail (null MX, RFC 7505)" in each for each in lines)
    assert any("The trouble is at the receiving end." in each for each in lines)
    assert "As the mail server here (Postfix) would route it now." in lines


def test_nothing_is_cut_off_in_a_narrow_terminal(served: Served):
    """Long lines go on below, inside the tree."""
    done = subprocess.run(
        [COMMAND, "--home", served.home, "trace", "deep@example.com"],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "60"},
    )
    words = " ".join(re.sub(r"[│├└─]", " ", done.stdout).split())

    assert max(map(len, done.stdout.splitlines()[:-2])) <= 60
    assert "takes no mail (null MX, RFC 7505)." in words


def test_the_command_line_for_programs(served: Served):
    """One object, the same as the API's; an address that is refused ends with status 1."""
    done = run(served, "trace", "nobody@example.com", "--format", "json")
    route = json.loads(done.stdout)

    assert 1 == done.returncode
    assert ("bounce", "here") == (route["root"]["kind"], route["root"]["side"])


@pytest.mark.parametrize("address", HOSTILE[:3])
def test_the_command_line_refuses_bad_input(served: Served, address: str):
    """A sentence on standard error, and status 2."""
    done = run(served, "trace", "--", address)

    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("postroad: ")
    assert 1 == len(done.stderr.splitlines())


def test_the_page_without_javascript(served: Served):
    """Form, drawings, and the list that says the same."""
    with served.reader("root") as client:
        html = client.get("/trace", params={"address": "deep@example.com"}).text

    assert 2 == html.count("<svg viewBox")
    assert html.count('aria-hidden="true" focusable="false"') == 2
    assert 'class="points"' in html
    assert "style=" not in html
    assert html.count("anna@example.com") >= 2
    assert 'href="/probe?address=deep%40example.com"' in html


@pytest.mark.parametrize("account", ["root", "shop", "anna@example.com"])
def test_the_page_shows_each_viewer_their_part(served: Served, account: str):
    """What the API hides the page does not have either."""
    with served.reader(account) as client:
        html = client.get("/trace", params={"address": "all@example.net"}).text

    assert ("eve@example.net" in html) == (account == "root")
    assert ("texthash" in html) == (account == "root")


def test_the_page_with_bad_input(served: Served):
    """The sentence stands beside the form, which still holds what was typed."""
    with served.reader("shop") as client:
        answer = client.get("/trace", params={"address": '<script>"x'})

    assert 422 == answer.status_code
    assert "&#39;&lt;script&gt;" in answer.text
    assert "<script>&#34;" not in answer.text
    assert "&lt;script&gt;&#34;x" in answer.text


def test_the_report_shows_it_below(open_page):
    """Whenever the report is about one address, drawn without a click."""
    page = open_page("/?to=deep%40example.com")
    page.wait_for_selector(".trace .drawing-across")

    assert whole(page).locator(".drawing-across .box").count() >= 8
    assert page.locator(".drawing-across").is_visible()
    assert not page.locator(".drawing-down").is_visible()


def test_the_report_about_many_has_none(served: Served):
    """A domain, a part of an address or everything is not one address."""
    with served.reader("root") as client:
        for path in ("/", "/?to=%40example.com", "/?to=anna%40example.com&match=contains"):
            assert "data-part" not in client.get(path).text
        assert 'data-part="/trace/part?address=' in client.get("/?to=anna%40example.com").text


def test_on_a_phone_it_reads_from_top_to_bottom(open_page):
    """Boxes stand below one another and fit the window."""
    page = open_page("/trace?address=deep%40example.com", viewport={"width": 390, "height": 844})
    boxes = [each.bounding_box() for each in whole(page).locator(".drawing-down .box rect").all()]

    assert not page.locator(".drawing-across").is_visible()
    assert len(boxes) >= 8
    assert all(upper["y"] < lower["y"] for upper, lower in pairwise(boxes))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_no_text_leaves_its_box(open_page):
    """Long addresses and sentences are broken into lines."""
    page = open_page("/trace?address=deep%40example.com")
    wide = page.evaluate(
        """() => [...document.querySelectorAll('.drawing-across .box')].filter((box) => {
            const frame = box.querySelector('rect').getBoundingClientRect();
            return [...box.querySelectorAll('text')].some((text) => {
                const own = text.getBoundingClientRect();
                return own.right > frame.right || own.bottom > frame.bottom;
            });
        }).map((box) => box.textContent)"""
    )

    assert [] == wide


@pytest.mark.parametrize("window", WINDOWS)
def test_axe_finds_nothing(open_page, window: str):
    """No rule of WCAG is broken, in light, in dark, and on a phone."""
    page = open_page("/trace?address=deep%40example.com", **WINDOWS[window])

    assert violations(page) == []


def test_it_prints(open_page):
    """On paper the drawing is there, and fits."""
    page = open_page("/trace?address=deep%40example.com")
    page.emulate_media(media="print")

    assert page.locator(".drawing-across").is_visible()
    assert not page.locator("form.ask").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")
