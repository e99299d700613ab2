"""The report in a real browser, with JavaScript: rows that open in place, keys, columns, refreshing.

With POSTROAD_PICTURES set, the pictures of the documentation are taken on the way.
"""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect
from tests.browser import whole
from tests.web.served import Served
from tests.web.test_browser import take

HELD = "document.activeElement.closest('tr')?.id"


def opener(page: Page, name: str):
    """What opens the first row of this status."""
    return page.get_by_role("button", name=name, exact=True).first


def heads(page: Page) -> list[str]:
    """The headings of the table."""
    return [each.strip() for each in whole(page).locator(".report th").all_inner_texts()]


def test_a_row_opens_in_place(open_page, tmp_path: Path):
    """A click on a status opens the row under it, without leaving the page, and closes it again."""
    page = open_page("/?to=joe.bloggs%40mail.example.org", viewport={"width": 1280, "height": 900})
    failed = opener(page, "Failed")
    expect(failed).to_have_attribute("aria-expanded", "false")
    failed.click()
    inside = page.locator(".inside")
    expect(inside).to_contain_text("Recipient delivery status:")
    expect(inside).to_contain_text("Message permanently rejected")
    expect(inside).to_contain_text("there is no such mailbox")
    expect(failed).to_have_attribute("aria-expanded", "true")
    assert "open=" not in page.url
    take(page, "row.png", tmp_path)
    failed.click()
    expect(inside).to_have_count(0)


def test_keys_walk_through_the_table(open_page):
    """In the table j and k go from row to row, Enter opens one, and elsewhere they are letters."""
    page = open_page("/?period=24h")
    expect(page.get_by_text("Keys in the table")).to_be_visible()
    page.locator(".table-box").focus()
    page.keyboard.press("j")
    first = page.evaluate(HELD)
    page.keyboard.press("j")
    assert page.evaluate(HELD) not in (None, first)
    page.keyboard.press("k")
    assert page.evaluate(HELD) == first
    page.keyboard.press("Enter")
    expect(page.locator(f"#{first} + .inside")).to_be_visible()
    page.get_by_role("searchbox").press_sequentially("jk")
    assert page.get_by_role("searchbox").input_value() == "jk"


def test_columns_change_in_place(open_page):
    """A column that is ticked is there at once; it moves, and is still there after coming back."""
    page = open_page(account="sales@example.com")
    page.get_by_text("Table Options").click()
    page.get_by_label("Subject", exact=True).check()
    expect(page.locator(".report th")).to_have_count(10)
    assert "Subject" in heads(page)
    expect(page.get_by_label("Subject", exact=True)).to_be_visible()
    page.get_by_role("button", name="Move Recipient up").click()
    expect(page.locator(".report th").nth(5)).to_have_text("Recipient")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Move Recipient up")).to_be_hidden()
    page.goto("/")
    assert heads(page).index("Recipient") == 5
    assert "Subject" in heads(page)
    page.get_by_text("Table Options").click()
    page.get_by_role("button", name="Usual columns").click()
    expect(page.locator(".report th")).to_have_count(9)


def test_refreshing_keeps_rows_open_and_the_focus(open_page):
    """The answer is asked for again in place: what is open stays open, the focus where it is."""
    page = open_page("/?period=24h")
    page.locator(".table-box").focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".inside")).to_be_visible()
    held = page.evaluate(HELD)
    page.evaluate("document.querySelector('#answer').dataset.old = '1'")
    page.evaluate("renew(location.href)")
    expect(page.locator("#answer[data-old]")).to_have_count(0)
    expect(page.locator(f"#{held} + .inside")).to_be_visible()
    assert page.evaluate(HELD) == held
    page.get_by_role("link", name="Refresh").click()
    expect(page.locator("#answer[aria-busy]")).to_have_count(0)
    assert page.evaluate("document.activeElement.matches('[data-refresher]')")


def test_the_report_refreshes_itself_until_it_is_paused(open_page):
    """Whoever asks for it gets new answers by themselves, and can hold them."""
    page = open_page("/preferences", account="sales@example.com")
    page.get_by_label("Let the report refresh itself").select_option("15")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(r"/$"))
    pause = page.get_by_role("button", name="Pause")
    expect(pause).to_have_attribute("aria-pressed", "false")
    page.evaluate("answer().dataset.refresh = '0.2'; watch(); answer().dataset.old = '1'")
    expect(page.locator("#answer[data-old]")).to_have_count(0)
    pause.click()
    expect(pause).to_have_attribute("aria-pressed", "true")
    page.evaluate("answer().dataset.refresh = '0.1'; watch(); answer().dataset.old = '1'")
    page.wait_for_timeout(600)
    expect(page.locator("#answer[data-old]")).to_have_count(1)
    page.goto("/preferences")
    page.get_by_label("Let the report refresh itself").select_option("0")
    page.get_by_role("button", name="Save", exact=True).click()


def test_saving_a_search(open_page):
    """A question is saved under a name, and asked again by it."""
    page = open_page("/?q=lena%40partner.test", account="sales@example.com")
    page.locator("summary", has_text="Searches").click()
    page.get_by_label("Save this search as").fill("Lena")
    page.locator(".save button").click()
    page.wait_for_url("**/?q=lena%40partner.test")
    page.goto("/")
    page.locator("summary", has_text="Searches").click()
    page.get_by_role("link", name="Lena", exact=True).click()
    page.wait_for_url("**/?q=lena%40partner.test")
    page.locator("summary", has_text="Searches").click()
    page.get_by_role("button", name="Delete Lena").click()
    page.locator("summary", has_text="Searches").click()
    expect(page.get_by_role("link", name="Lena", exact=True)).to_have_count(0)


def test_remote_deliveries_open_without_javascript(open_page, served: Served, tmp_path: Path):
    """The list of remote deliveries opens its rows by itself, also where scripts are off."""
    page = open_page(
        "/remote?show=all&since=2020-01-01", account="anna@example.com", java_script_enabled=False
    )
    page.locator(".remote summary", has_text="Re: Delivery date").click()
    expect(page.locator(".remote [open]")).to_contain_text("Message temporarily rejected")
    take(page, "remote.png", tmp_path)


def test_table_options_work_without_javascript(open_page):
    """Columns are numbered and saved by a form where scripts are off."""
    page = open_page(account="sales@example.com", java_script_enabled=False)
    page.get_by_text("Table Options").click()
    page.get_by_label("Position of Recipient").fill("1")
    page.locator(".columns-form").get_by_role("button", name="Save").click()
    assert heads(page)[0] == "Recipient"
    page.get_by_text("Table Options").click()
    page.get_by_role("button", name="Usual columns").click()
    assert heads(page)[0] == "Event"


def test_a_session_that_is_over_leads_to_the_way_in(open_page):
    """Where the session has ended meanwhile, opening a row asks to sign in again."""
    page = open_page("/?to=joe.bloggs%40mail.example.org")
    page.context.clear_cookies()
    opener(page, "Failed").click()
    page.wait_for_url("**/sign-in?next=**")
    expect(page.get_by_label("Password")).to_be_visible()
