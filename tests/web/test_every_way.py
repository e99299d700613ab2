"""Every page, API route and export: as everybody, over two tenants' mail and over hostile mail."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from tests.web import ways
from tests.web.mail import EVIL
from tests.web.served import Served, forget_searches
from tests.web.test_scope import HIDDEN, SEEN

#: What no answer may hold as it stands: each would be markup, or a code of its own.
_MARKUP = ("<script>window", "<img src=x", "<svg/onload", "' onmouseover='", "\x1b", "\u202e")


def test_every_page_is_known_here():
    """No page can be added without being asked for below."""
    known = set(ways.pages([])) | ways.WITHOUT_MAIL
    assert ways.page_routes() <= known


@pytest.mark.parametrize("account", [*SEEN, "agency"])
def test_no_way_leads_to_foreign_mail(served: Served, account: str):
    """Whatever is asked, in whatever order, no byte of an answer names whom it must not."""
    hidden = HIDDEN["shop" if account == "agency" else account]
    with served.reader(account) as reader:
        forget_searches(reader)
        addresses = [each for found in ways.pages(served.ids.values()).values() for each in found]
        for asked, answer in ways.answers(reader, addresses):
            for each in hidden:
                assert each not in answer.text.lower(), asked
    with served.holder(account) as holder:
        for asked, answer in ways.answers(holder, ways.api(served.ids.values())):
            for each in hidden:
                assert each not in answer.text.lower(), asked


@pytest.mark.parametrize("account", [*SEEN, "agency"])
def test_what_is_listed_is_what_may_be_seen(served: Served, account: str):
    """No question finds a delivery that is not the account's; an order loses and adds none."""
    seen = {served.ids[name] for name in SEEN["shop" if account == "agency" else account]}
    named = set(served.ids.values())
    with served.holder(account) as holder:
        whole = {each["id"] for each in _all(holder, "limit=1000")}
        assert whole & named == seen
        for asked in ways.QUESTIONS:
            found = _all(holder, f"{asked}&limit=1000")
            assert {each["id"] for each in found} <= whole, asked
        for order in ways.orders():
            found = [each["id"] for each in _all(holder, f"{order}&limit=19")]
            assert len(found) == len(set(found)), order
            assert set(found) == whole, order
    with served.reader(account) as reader:
        exported = [json.loads(line) for line in reader.get("/export.json").text.splitlines()]
        assert {each["id"] for each in exported} == whole
        rows = list(csv.DictReader(io.StringIO(reader.get("/export.csv").text)))
        assert len(rows) == len(whole)


def _all(holder, asked: str) -> list[dict]:
    """The deliveries of all pages of an answer."""
    found: list[dict] = []
    cursor = ""
    while True:
        page = holder.get(f"/deliveries?{asked}&cursor={cursor}").json()
        found += page["deliveries"]
        cursor = page["next_cursor"]
        if not cursor:
            return found


@pytest.mark.parametrize("account", ["root", "agency", "shop", "anna@example.com"])
def test_hostile_mail_is_text_everywhere(served_evil: Served, account: str):
    """No page lets what a stranger wrote become markup, a control code or a header."""
    with served_evil.reader(account) as reader:
        addresses = [
            each for found in ways.pages(served_evil.ids.values()).values() for each in found
        ]
        for asked, answer in ways.answers(reader, addresses):
            assert "pwned" not in answer.headers.get("set-cookie", "")
            if "html" in answer.headers["content-type"]:
                for each in _MARKUP:
                    assert each not in answer.text, asked


def test_no_spreadsheet_executes_an_export(served_evil: Served):
    """Every cell of the exported table is text to a spreadsheet; no row is lost or torn."""
    with served_evil.reader("shop") as reader:
        text = reader.get("/export.csv").text
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == len(EVIL) + 1
    for row in rows:
        assert len(row) == len(rows[0])
        for cell in row:
            assert not re.match(r"[=+@\t\r]|-(?![\d.]+$)", cell), cell[:80]


@pytest.mark.parametrize(
    "path", ["/", "/remote?show=all", "/overview", "/message/{0}", "/message/{1}"]
)
def test_hostile_mail_does_nothing_in_a_browser(open_page, served_evil: Served, path: str):
    """In a real browser nothing of it runs, and nothing sticks out at the side."""
    ids = list(served_evil.ids.values())
    page = open_page(path.format(*ids), at=served_evil)
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.emulate_media(media="print")
    assert page.evaluate("window.pwned") is None
