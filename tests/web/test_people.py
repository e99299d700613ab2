"""The four kinds of people, each walking through everything that the pages promise them.

In a real browser, by what stands on the page. With POSTROAD_PICTURES set, the pictures of the
documentation are taken on the way.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser import whole
from tests.web.served import Served
from tests.web.test_browser import take

#: The administrator, a reseller, the owner of a domain, and a mailbox user.
PEOPLE = {
    "administrator": "root",
    "reseller": "agency",
    "owner": "shop",
    "mailbox": "anna@example.com",
}


@pytest.fixture(params=PEOPLE)
def kind(request: pytest.FixtureRequest) -> str:
    """One kind after the other."""
    return request.param


def found(page: Page) -> int:
    """How many deliveries the page says it found."""
    said = page.locator("#question").inner_text()
    return int(re.sub(r"\D", "", said.rpartition(",")[2]))


def cells(page: Page, kind: str) -> list[str]:
    """The texts of one column of the table."""
    return [each.strip() for each in whole(page).locator(f".report td.c-{kind}").all_inner_texts()]


def test_everybody_sees_their_own_mail(open_page, kind: str):
    """R1: who is signed in stands on the page, and the mail is theirs; an administrator has all."""
    page = open_page("/", account=PEOPLE[kind])
    expect(page.locator(".who")).to_contain_text(PEOPLE[kind])
    expect(page.locator(".who")).to_contain_text(kind)
    seen = page.locator("main").inner_text()
    assert ("dora@example.net" in seen) == (kind == "administrator")
    expect(page.get_by_text("Only mail that passed through this server is listed.")).to_be_visible()
    expect(page.get_by_text(re.compile("It is kept for 30 days"))).to_be_visible()


def test_everybody_asks_and_is_answered(open_page, kind: str):
    """R2: a recipient, everything, trouble only, sender, event, periods, dates; in the address."""
    page = open_page("/", account=PEOPLE[kind])
    everything = found(page)
    page.get_by_role("searchbox", name="Search").fill("joe.bloggs@mail.example.org")
    page.get_by_role("button", name="Run Report").click()
    expect(page.locator("#question")).to_contain_text("joe.bloggs@mail.example.org")
    assert found(page) == 1
    page.get_by_role("button", name="Show Blocked & Failed").click()
    shown = set(cells(page, "event"))
    assert shown
    assert shown <= {"Failed", "Rejected", "Blocked"}
    page.get_by_role("button", name="Show All").click()
    assert found(page) == everything
    page.get_by_text("By field and status").click()
    page.get_by_role("textbox", name="Sender").fill("anna@example.com")
    page.locator(".ask").get_by_label("Deferred", exact=True).check()
    page.get_by_label("Period").select_option("7d")
    page.get_by_role("button", name="Run Report").click()
    assert set(cells(page, "event")) == {"Deferred"}
    assert {"from=anna%40example.com", "status=deferred", "period=7d"} <= set(
        page.url.partition("?")[2].split("&")
    )
    said = page.locator("#question").inner_text()
    assert "eferred" in said
    assert "anna@example.com" in said
    assert "week" in said or "7 days" in said
    for period in ("1h", "24h", "30d"):
        page.get_by_label("Period").select_option(period)
        page.get_by_role("button", name="Run Report").click()
        assert found(page) <= everything


def test_the_one_box_understands(open_page, kind: str, served: Served):
    """R2: an address, a domain, an id, an IP address, a subject or a log line, in one box."""
    page = open_page("/", account=PEOPLE[kind])
    texts = [
        "lena@partner.test",
        "partner.test",
        "Re: Delivery date",
        "192.0.2.77",
        "192.0.2.64/26",
    ]
    delivery = served.ids["deferred"]
    page.goto(f"/message/{delivery}")
    facts = page.locator(".facts").inner_text()
    queue_id = re.search(r"1vM\d+-\d+-0aB", facts)
    assert queue_id
    texts += [queue_id[0], f"{queue_id[0]}@mx1.example.com"]
    texts.append(f"2026-01-01 10:00:00 {queue_id[0]} == lena@partner.test R=dnslookup")
    for text in texts:
        page.goto("/")
        page.get_by_role("searchbox", name="Search").fill(text)
        page.get_by_role("button", name="Run Report").click()
        # An address stands in its cell with places to break.
        expect(page.locator(".report")).to_contain_text("lena@partner.test")


def test_remote_deliveries(open_page, kind: str):
    """R3: what I sent today and was delivered; temporarily, permanently rejected; all messages."""
    page = open_page("/remote", account=PEOPLE[kind])
    expect(page.get_by_role("heading", level=1)).to_have_text("Remote deliveries")
    first = page.locator("ul.remote > li")
    for switch, lines in {
        "Temporarily Rejected": "Message temporarily rejected",
        "Permanently Rejected": "Message permanently rejected",
        "All Messages": "Recipient delivery status:",
    }.items():
        page.get_by_label(switch).check()
        page.get_by_label("From").fill("2020-01-01")
        page.get_by_role("button", name="Search").click()
        first.first.locator("summary").click()
        expect(first.first).to_contain_text(lines)
        expect(first.first).to_contain_text("Sent From:")


def test_the_table_has_the_columns_that_people_know(open_page, kind: str):
    """R4, R5: the columns by name; another is chosen and stays; statuses are boxes there too."""
    page = open_page("/", account=PEOPLE[kind])
    heads = [each.strip() for each in whole(page).locator(".report th").all_inner_texts()]
    assert heads == [
        "Event",
        "From Address",
        "Sender",
        "Sent Time",
        "Delivery Time",
        "Spam Score",
        "Recipient",
        "Result",
        "Actions",
    ]
    page.get_by_text("Table Options").click()
    for words in ("Show Successes", "Show Deferred", "Show Failures", "Show In-Progress"):
        expect(page.get_by_text(words, exact=True)).to_be_visible()
    page.locator(".report th").get_by_role("link", name="Recipient").click()
    page.wait_for_url("**sort=recipient**")
    names = [each.split("\n")[0] for each in cells(page, "to")]
    assert [each.lower() for each in names] == sorted(each.lower() for each in names)


def test_every_status_has_icon_words_and_colour(open_page, kind: str):
    """R6: each status is told by words and an icon, not by its colour alone."""
    page = open_page("/", account=PEOPLE[kind])
    badges = page.locator(".report td .status")
    whole(page)
    assert badges.count()
    for badge in badges.all():
        assert badge.inner_text().strip()
        assert badge.locator("svg").count() == 1


def test_the_detail_and_its_print(open_page, kind: str, served: Served, tmp_path: Path):
    """R7, R12: everything that is known of one message, and a clean page to hand on."""
    page = open_page(f"/message/{served.ids['failed']}", account=PEOPLE[kind])
    main = page.locator("main")
    for words in (
        "joe.bloggs@mail.example.org",
        "anna@example.com",
        "550 5.1.1",
        "Attempts",
        "What the server logged",
        "Username",
    ):
        expect(main).to_contain_text(words)
    expect(main).to_contain_text(re.compile("rebuilt from the log", re.IGNORECASE))
    page.goto(f"/message/{served.ids['failed']}?print=1")
    assert whole(page).locator("header.top").count() == 0
    page.emulate_media(media="print")
    if kind == "owner":
        take(page, "print.png", tmp_path, full_page=True)


def test_a_row_opens_with_the_four_lines(open_page, kind: str):
    """R8, B1: in place: when and what, from, to, both statuses; then the verdict and what to do."""
    page = open_page("/?to=lena%40partner.test", account=PEOPLE[kind])
    page.get_by_role("button", name="Deferred", exact=True).first.click()
    inside = page.locator(".inside")
    for words in (
        "Re: Delivery date",
        "Sent From:",
        "Sent To:",
        "Recipient delivery status:",
        "Message delivery status:",
        "452 4.2.2",
        "Not delivered yet",
    ):
        expect(inside).to_contain_text(words)


def test_nothing_found_says_why(open_page, kind: str):
    """R10: a time before everything that is kept, an address that is not theirs, and silence."""
    page = open_page(
        "/?period=range&since=2020-01-01T00%3A00&until=2020-01-02T00%3A00", account=PEOPLE[kind]
    )
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    expect(page.locator(".notes")).to_contain_text("Older than what is kept")
    page.goto("/?to=dora%40example.net")
    if kind != "administrator":
        expect(page.locator(".notes")).to_contain_text("is not among your addresses")


def test_reasons_are_explained(open_page, kind: str, served: Served):
    """R13: the server's own words first, then what it means and what each side can do."""
    page = open_page(f"/reasons/mailbox_full?of={served.ids['deferred']}", account=PEOPLE[kind])
    expect(page.locator("main")).to_contain_text(
        "452 4.2.2 The recipient's inbox is out of storage"
    )
    for words in ("If you sent it", "If it was for you", "If you run a mail server"):
        expect(page.locator("main")).to_contain_text(words)
    page.goto(f"/message/{served.ids['deferred']}")
    expect(
        page.get_by_role("link", name=re.compile("deliverability", re.IGNORECASE)).first
    ).to_be_visible()


def test_accepted_is_not_read(open_page, kind: str, served: Served):
    """R14: no page says that a message was read."""
    page = open_page(f"/message/{served.ids['delivered']}", account=PEOPLE[kind])
    expect(page.locator("main")).to_contain_text(re.compile("read, this log cannot tell"))


def test_the_way_it_entered(open_page, kind: str):
    """B12: how outgoing mail came in: which login, from where."""
    page = open_page("/entered", account=PEOPLE[kind])
    expect(page.locator("main")).to_contain_text("anna@example.com")
    expect(page.locator("main")).to_contain_text("198.51.100.23")


def test_the_overview_leads_to_lists(open_page, kind: str, tmp_path: Path):
    """Figures over time, and every row leads to what it counts."""
    page = open_page("/overview", account=PEOPLE[kind])
    expect(page.locator("main svg.chart").first).to_be_visible()
    if kind == "owner":
        take(page, "overview.png", tmp_path, full_page=True)
    link = page.locator("main table a:visible").first
    link.click()
    page.wait_for_url("**/?*")
    assert found(page) > 0


def test_german_is_complete(open_page, kind: str):
    """A browser that asks for German gets the page in German."""
    page = open_page("/sign-in", account="", locale="de-DE")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.locator("input[name=name]").fill(PEOPLE[kind])
    page.locator("input[name=password]").fill("correct horse")
    page.locator("main button[type=submit]").click()
    expect(page.locator("h1")).not_to_have_text("Delivery report")
    text = page.locator("body").inner_text()
    for english in ("Search", "Period", "Recipient", "Delivered", "Sign out", "Table Options"):
        assert not re.search(rf"\b{english}\b", text), english


def test_administration_is_for_administrators(open_page, kind: str, tmp_path: Path):
    """Accounts, sources, unknown lines and the audit trail: for an administrator, nobody else."""
    page = open_page("/", account=PEOPLE[kind])
    link = page.get_by_role("link", name="Administration")
    if kind != "administrator":
        expect(link).to_have_count(0)
        assert page.request.get("/admin/sources").status == 403
        return
    link.click()
    for name in ("Sources", "Unknown lines", "Audit log", "Accounts"):
        page.get_by_role("link", name=name).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        if name == "Sources":
            take(page, "sources.png", tmp_path, full_page=True)
