"""A walk through the pages in a real browser: light and dark, wide and narrow, with and without
JavaScript, by mouse and by keyboard.

With POSTROAD_PICTURES set, the pictures of the documentation are taken on the way.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.browser import whole
from tests.web.served import PASSWORD, Served

IMAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "images"
#: Contrast of every text with what is behind it, as WCAG 2.2 computes it; those below 4.5.
CONTRAST = """() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const [r, g, b, a = 1] = rgb(getComputedStyle(each).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility()) continue;
    const [one, other] = [light(rgb(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${node.outerHTML.slice(0, 80)}`);
  }
  return poor;
}"""

#: Names that a screen reader has for what can be used; those that have none.
NAMELESS = """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary")]
  .filter((each) => !(each.labels?.length || each.textContent.trim() || each.ariaLabel))
  .map((each) => each.outerHTML)"""


def take(page: Page, name: str, tmp_path: Path, **how) -> None:
    """Take a picture; into the documentation if asked to."""
    folder = IMAGES if os.environ.get("POSTROAD_PICTURES") else tmp_path
    page.screenshot(path=folder / name, **how)


def test_a_walk_through_the_report(open_page, served: Served, tmp_path: Path):
    """From signing in over a question to the reason why a message failed, and out again."""
    page = open_page(account="")
    page.wait_for_url("**/sign-in*")
    page.get_by_label("Email address or name").fill("shop")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{served.url}/")
    assert page.get_by_role("heading", name="Delivery report").is_visible()
    take(page, "report.png", tmp_path)

    page.get_by_text("By field and status").click()
    page.get_by_role("textbox", name="Recipient").fill("joe.bloggs@mail.example.org")
    page.get_by_role("button", name="Run Report").click()
    page.wait_for_url("**/?to=joe.bloggs%40mail.example.org")
    assert whole(page).locator(".report tbody tr").count() == 1

    page.get_by_role("link", name=re.compile("^Details: Failed")).click()
    assert page.get_by_role("heading", level=1).inner_text() == "Failed"
    assert page.get_by_role("button", name="Print").is_visible()
    take(page, "message.png", tmp_path, full_page=True)

    page.get_by_role("link", name="Back to the report").click()
    page.get_by_text("By field and status").click()
    assert (
        page.get_by_role("textbox", name="Recipient").input_value() == "joe.bloggs@mail.example.org"
    )
    page.get_by_role("button", name="Show Blocked & Failed").click()
    assert whole(page).locator(".tabs [aria-current]").count() == 3

    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.goto("/")
    assert "/sign-in" in page.url


def test_the_report_works_without_javascript(open_page):
    """Everything but comforts is there without JavaScript; dates can be chosen too."""
    page = open_page(java_script_enabled=False)
    page.get_by_label("Period").select_option("range")
    page.get_by_label("From", exact=True).fill("2020-01-01T00:00")
    page.get_by_label("To", exact=True).fill("2020-01-02T00:00")
    page.get_by_role("button", name="Run Report").click()

    assert page.get_by_role("heading", name="Nothing found").is_visible()
    assert page.get_by_label("From", exact=True).input_value() == "2020-01-01T00:00"


def test_the_report_works_by_keyboard(open_page):
    """The first stop skips to the content; the form is filled in and sent without a mouse."""
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("lena@partner.test")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=lena%40partner.test")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    page.keyboard.press("Tab")
    assert page.evaluate(outline) == "solid"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("what", ["sign-in", "report", "empty", "message", "preferences"])
def test_everybody_can_read_and_use_it(open_page, served: Served, scheme: str, what: str):
    """In light and dark every text has a contrast of 4.5 and every control a name (WCAG AA)."""
    path = {
        "sign-in": "/sign-in",
        "report": "/?status=delivered%2Cfailed",
        "empty": "/?to=nobody%40example.com",
        "message": f"/message/{served.ids['deferred']}",
        "preferences": "/preferences",
    }[what]
    page = open_page(path, account="" if what == "sign-in" else "shop", color_scheme=scheme)

    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    assert whole(page).locator("main").count() == page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
@pytest.mark.parametrize("what", ["report", "hostile", "message"])
def test_pages_fit_every_window(open_page, served: Served, width: int, what: str):
    """From a phone to a wide screen nothing sticks out at the side, however long a text is."""
    path = {
        "report": "/",
        "hostile": "/?from=%40evil.test",
        "message": f"/message/{served.ids['hostile']}",
    }[what]
    page = open_page(path, viewport={"width": width, "height": 800})

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator(".table-box")
    if what != "message" and width >= 1280:
        assert box.evaluate("(each) => each.scrollWidth <= each.clientWidth")


def test_a_message_prints_on_white_without_the_page_around_it(open_page, served: Served):
    """On paper there are verdict, facts, attempts and log; buttons and navigation are not."""
    page = open_page(f"/message/{served.ids['failed']}", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")

    for gone in (".top-nav", ".detail-top", ".skip"):
        assert not page.locator(gone).is_visible()
    for there in (".verdict", ".facts", ".timeline", ".log"):
        assert page.locator(there).first.is_visible()
    body = "getComputedStyle(document.body)"
    assert page.evaluate(f"{body}.backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(f"{body}.color") == "rgb(0, 0, 0)"


def test_the_devices_zone_is_offered(open_page):
    """The preferences offer the zone of the device, and times are in it from then on."""
    page = open_page("/preferences", account="carl@example.net", timezone_id="Asia/Tokyo")
    page.get_by_role("button", name="Choose it").click()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/")

    assert "Times are in Asia/Tokyo, UTC+09:00" in page.locator("footer").inner_text()


def test_rows_become_cards_on_a_phone(open_page):
    """On a phone each row names its own cells, for there is no head above them."""
    page = open_page(viewport={"width": 390, "height": 844})

    assert page.locator(".report thead").is_hidden()
    named = 'getComputedStyle(document.querySelector(".c-from"), "::before").content'
    assert page.evaluate(named) == '"From Address"'
