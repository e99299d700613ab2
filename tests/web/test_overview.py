"""The overview, and how mail entered: figures of one's own, each leading to its list."""

from __future__ import annotations

import html
import re

import httpx
import pytest
from tests.web.served import Served

from postroad.model.when import UTC_ZONE
from postroad.web.links import report_link


@pytest.fixture(scope="module")
def reader(served: Served):
    """The owner of example.com, signed in."""
    with served.reader("shop") as client:
        yield client


def text(page: str) -> str:
    """What a page says, without markup."""
    plain = re.sub(r"<[^>]*>", " ", re.sub(r"</?(?:bdi|wbr)[^>]*>", "", page))
    return html.unescape(re.sub(r"\s+", " ", plain))


def total(client: httpx.Client, link: str) -> int:
    """How many deliveries the report that a link leads to says it has."""
    page = client.get(html.unescape(link))
    assert page.status_code == 200, link
    found = re.search(r"([\d\u202f]+) found", text(page.text))
    assert found, text(page.text)[:2000]
    return int(found[1].replace("\u202f", ""))


def test_every_status_leads_to_its_list(reader):
    """Each tile says a number and leads to a list of as many."""
    page = reader.get("/overview?period=30d").text
    tiles = re.findall(r'class="tile[^"]*" href="([^"]+)">.*?<b>([^<]+)</b>', page, re.DOTALL)

    assert len(tiles) == 9
    for link, number in tiles[:-1]:
        assert total(reader, link) == int(number)
    assert tiles[-1][1].endswith("%")


def test_the_drawing_has_words_and_a_table(reader):
    """Title, description, a name for each column, and the same figures as a table."""
    page = reader.get("/overview?period=7d").text
    drawing = page.split('class="chart"')[1].split("</svg>")[0]

    assert 'role="group" aria-labelledby="chart-title chart-about"' in drawing
    assert re.search(r'<title id="chart-title">[^<]+</title>', drawing)
    assert re.search(r'<desc id="chart-about">[^<]+</desc>', drawing)
    columns = re.findall(
        r'<a href="([^"]+)" aria-label="(\d{4}-\d\d-\d\d[^"]*: Delivered \d+[^"]*)"', drawing
    )
    assert columns
    rows = re.findall(r'<tr><th scope="row"><a href="([^"]+)">', page)
    assert {link for link, _ in columns} <= set(rows)
    assert "style=" not in page


def test_rows_lead_to_their_lists(reader):
    """Senders, recipients, providers and spread: every row is a question."""
    page = reader.get("/overview?period=30d").text
    for section in ("senders", "recipients", "providers", "spread"):
        part = page.split(f'aria-labelledby="{section}"')[1].split("</section>")[0]
        links = re.findall(r'<th scope="row"><a href="([^"]+)"', part)
        assert links, section
        assert total(reader, links[0]) > 0
    assert "anna@example.com" in text(page)


def test_the_overview_is_narrowed_to_what_is_asked(reader):
    """One address has its own figures; what cannot be asked is said; others' have none."""
    page = reader.get("/overview", params={"q": "anna@example.com", "period": "30d"}).text
    assert "Mail to or from “anna@example.com”" in text(page)
    answer = reader.get("/overview", params={"q": "x" * 2000})
    assert answer.status_code in (200, 422)
    page = reader.get("/overview", params={"q": "dora@example.net"}).text
    assert "No mail in this period." in text(page)
    assert reader.get("/overview?period=nonsense").status_code == 200
    hostile = reader.get("/overview", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in hostile


@pytest.mark.parametrize("account", ["root", "shop", "anna@example.com", "sales@example.com"])
def test_everybody_has_an_overview_of_their_own(served: Served, account: str):
    """Each kind of people sees their figures, and how their mail entered."""
    with served.reader(account) as client:
        for path in ("/overview", "/entered"):
            assert client.get(path).status_code == 200


def test_how_mail_entered(served: Served, reader):
    """By login, place and way; each leads to its messages; nobody else's is there."""
    page = reader.get("/entered").text
    said = text(page)
    assert "anna@example.com" in said
    assert "198.51.100.23" in said
    assert "signed in by dovecot_login esmtpsa" in said
    assert "carl@example.net" not in said
    [link, *_] = re.findall(r'data-label="Messages"><a href="([^"]+)"', page)
    assert total(reader, link) > 0
    with served.reader("sales@example.com") as client:
        assert "No mail was sent in your name" in text(client.get("/entered").text)


@pytest.mark.parametrize(
    ("values", "link"),
    [
        ({"since": "7d", "to": "a@b.test"}, "/?to=a%40b.test&period=7d"),
        ({"status": "failed"}, "/?status=failed"),
        (
            {"since": "2026-01-31T14:00:00.000000Z", "until": "2026-01-31T15:00:00Z"},
            "/?period=range&since=2026-01-31T14%3A00%3A00&until=2026-01-31T15%3A00%3A00&zone=UTC",
        ),
        ({}, "/"),
    ],
)
def test_questions_become_addresses_of_the_report(values: dict[str, str], link: str):
    """Periods stay periods; moments are a range in the reader's zone, which is named."""
    assert report_link(values, UTC_ZONE) == link
