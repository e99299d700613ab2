"""Who sees what, on every page and every route of the API: two tenants, and nothing between them.

Every answer is searched, byte for byte, for addresses that its reader may not see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from tests.web.served import Served, forget_searches

#: What each account may see of the sample, by the names of its deliveries.
SEEN = {
    "shop": {
        "delivered",
        "deferred",
        "inbound",
        "failed",
        "bounce",
        "rejected",
        "blocked",
        "filtered",
        "in_progress",
        "copy of anna",
        "alias",
        "to both, anna's",
        "to both, carl's",
        "hostile",
    },
    "rival": {
        "copy of carl",
        "copy of dora",
        "alias",
        "forged",
        "to both, carl's",
        "foreign 0",
        "foreign 1",
        "foreign 2",
    },
    "anna@example.com": {
        "delivered",
        "deferred",
        "inbound",
        "failed",
        "bounce",
        "blocked",
        "in_progress",
        "copy of anna",
        "to both, anna's",
        "to both, carl's",
        "hostile",
    },
    "carl@example.net": {
        "copy of carl",
        "to both, carl's",
        "foreign 0",
        "foreign 1",
        "foreign 2",
    },
    "sales@example.com": {"alias", "filtered", "rejected"},
}

#: Addresses that may stand in no answer to this account.
HIDDEN = {
    # Carl was in anna's party, and she sees whom she wrote to.
    "shop": ("dora@example.net", "list@example.net", "secret0@rival.test"),
    # Anna wrote to Carl, and is named as the sender, as in the forged mail.
    "rival": ("bea@example.com", "mara@mail.example.org", "lena@partner.test"),
    "anna@example.com": (
        "dora@example.net",
        "boss@example.net",
        "list@example.net",
        "secret0@rival.test",
        "winner@lottery.test",
    ),
    "carl@example.net": (
        "bea@example.com",
        "dora@example.net",
        "boss@example.net",
        "list@example.net",
        "mara@mail.example.org",
    ),
    "sales@example.com": (
        "anna@example.com",
        "carl@example.net",
        "mara@mail.example.org",
    ),
}


def all_ids(client: httpx.Client) -> set[str]:
    """The ids of every delivery that the API lists, page by page."""
    found: set[str] = set()
    cursor = ""
    while True:
        page = client.get("/deliveries", params={"limit": 40, "cursor": cursor}).json()
        found |= {each["id"] for each in page["deliveries"]}
        cursor = page["next_cursor"]
        if not cursor:
            return found


def everything(served: Served, account: str) -> Iterator[str]:
    """Every answer about mail that this account can get, from pages and from the API."""
    with served.holder(account) as client:
        answer = client.get("/deliveries", params={"limit": 1000, "count": True})
        yield answer.text
        mine = [each["id"] for each in answer.json()["deliveries"]]
        special = [each for each in mine if each in served.ids.values()]
        for each in special:
            yield client.get(f"/deliveries/{each}").text
        for address in (*HIDDEN[account], "nobody@example.com"):
            for name in ("to", "from", "address"):
                found = client.get("/deliveries", params={name: address, "count": True}).json()
                # The question and the notes repeat what was asked.
                yield str((found["deliveries"], found["total"]))
        yield client.get("/counts").text
        yield client.get("/status").text
    with served.reader(account) as reader:
        forget_searches(reader)
        link = "/"
        while link:
            page = reader.get(link).text
            yield page
            older = re.search(r'href="(/\?cursor=[^"]+)"><span>Older', page)
            link = older[1].replace("&amp;", "&") if older else ""
        for each in special:
            yield reader.get(f"/message/{each}").text


@pytest.mark.parametrize("account", SEEN)
def test_an_account_sees_its_mail_and_no_other(served: Served, account: str):
    """Search lists what is the account's, and of the named samples nothing else."""
    with served.holder(account) as client:
        found = all_ids(client)

    names = {name for name, each in served.ids.items() if each in found}
    assert names == SEEN[account]


def test_an_administrator_sees_all_of_it(served: Served):
    """An administrator sees every delivery of the sample."""
    with served.holder("root") as client:
        assert set(served.ids.values()) <= all_ids(client)


@pytest.mark.parametrize("account", SEEN)
def test_no_foreign_address_stands_in_any_answer(served: Served, account: str):
    """Lists, details, log lines, counts and pages name nobody whom the account may not see."""
    checked = 0
    for text in everything(served, account):
        checked += 1
        for address in HIDDEN[account]:
            assert address not in text.lower()
    assert checked > 10


@pytest.mark.parametrize("account", SEEN)
def test_what_is_not_ones_own_is_not_there(served: Served, account: str):
    """A delivery of somebody else's answers exactly as one that never was."""
    foreign = [each for name, each in served.ids.items() if name not in SEEN[account]]
    assert foreign
    with served.holder(account) as client, served.reader(account) as reader:
        missing = client.get(f"/deliveries/{'0' * 24}")
        missing_page = reader.get(f"/message/{'0' * 24}")
        for each in foreign:
            answer = client.get(f"/deliveries/{each}")
            page = reader.get(f"/message/{each}")
            assert (answer.status_code, answer.text) == (404, missing.text)
            assert (page.status_code, page.text) == (404, missing_page.text)


@pytest.mark.parametrize(
    ("account", "question"),
    [
        ("anna@example.com", {"to": "dora@example.net"}),
        ("anna@example.com", {"to": "@rival.test"}),
        ("shop", {"from": "carl@example.net"}),
        ("shop", {"address": "secret0@rival.test"}),
        ("shop", {"to": "list@example.net"}),
        ("carl@example.net", {"to": "bea@example.com"}),
        ("sales@example.com", {"address": "anna@example.com"}),
    ],
)
def test_foreign_mail_is_not_counted_either(served: Served, account: str, question: dict[str, str]):
    """A question about others' mail finds nothing, counts nothing and explains nothing of it."""
    with served.holder(account) as client:
        found = client.get("/deliveries", params={**question, "count": True}).json()
        counts = client.get("/counts", params=question).json()

    assert (found["deliveries"], found["total"], counts["total"]) == ([], 0, 0)


def test_a_forged_sender_gains_nothing(served: Served):
    """Mail that only claims to be from an address is not that address's mail."""
    with served.holder("anna@example.com") as client:
        found = client.get("/deliveries", params={"subject": "Please pay this"}).json()

    assert found["deliveries"] == []


def test_blind_copies_stay_blind(served: Served):
    """A recipient sees that mail came, and no trace of who else got it."""
    with served.holder("anna@example.com") as client:
        detail = client.get(f"/deliveries/{served.ids['copy of anna']}").json()

    assert detail["delivery"]["recipient"] == "anna@example.com"
    assert detail["family"] == []
    lines = " ".join(each["text"] for each in detail["log_lines"])
    assert "anna@example.com" in lines
    assert "carl" not in lines
    assert "dora" not in lines


def test_who_submitted_a_message_sees_all_of_its_recipients(served: Served):
    """The proven sender of a message sees every recipient of it by name."""
    with served.holder("anna@example.com") as client:
        of_party = served.ids["to both, anna's"]
        detail = client.get(f"/deliveries/{of_party}").json()

    assert {each["recipient"] for each in detail["family"]} == {"carl@example.net"}
    lines = " ".join(each["text"] for each in detail["log_lines"])
    assert "carl@example.net" in lines


def test_an_alias_across_tenants_is_seen_from_both_ends(served: Served):
    """Who owns the alias and who owns the mailbox behind it see this copy; nobody else does."""
    ends = ("shop", "rival", "sales@example.com")
    for account in (*ends, "anna@example.com", "carl@example.net"):
        with served.holder(account) as client:
            answer = client.get(f"/deliveries/{served.ids['alias']}")
        if account in ends:
            shown = answer.json()["delivery"]
            both = (shown["recipient"], shown["delivered_to"])
            assert both == ("sales@example.com", "boss@example.net")
        else:
            assert answer.status_code == 404


ADMINISTRATION = [
    ("GET", "/users"),
    ("POST", "/users"),
    ("PATCH", "/users/root"),
    ("DELETE", "/users/root"),
    ("GET", "/audit"),
    ("GET", "/sources"),
    ("GET", "/coverage"),
    ("GET", "/unknown"),
    ("GET", "/doctor"),
    ("GET", "/imports"),
    ("POST", "/imports"),
]


@pytest.mark.parametrize(("method", "path"), ADMINISTRATION)
def test_looking_after_the_server_is_for_administrators(served: Served, method: str, path: str):
    """Accounts, the audit trail and the logs themselves are not for owners and mailboxes."""
    body = (
        {"name": "x@example.com", "kind": "administrator"} if method in ("POST", "PATCH") else None
    )
    for account in ("shop", "anna@example.com"):
        with served.holder(account) as client:
            answer = client.request(method, path, json=body)
        assert answer.status_code == 403
        assert answer.json()["error"] == "access"


def test_every_route_asks_who_it_is(served: Served):
    """Without a token or cookie, every route but two answers 401, in one shape: that it
    is up, and the key that evidence is signed with, everybody may know.
    """
    with served.visitor() as client:
        paths = client.get("/api/v1/openapi.json").json()["paths"]
        for path, operations in paths.items():
            for method in operations:
                url = re.sub(r"\{[a-z_]+\}", "1", path)
                answer = client.request(method, url, headers={"Content-Type": "application/json"})
                is_open = path in ("/api/v1/health", "/api/v1/evidence-key")
                expected = 200 if is_open else 401
                assert answer.status_code == expected, (method, path)
                if expected == 401:
                    assert set(answer.json()) == {"status", "error", "detail", "fields"}
                    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Postroad-Local": "true"},
        {"postroad.local": "true"},
        {"Authorization": "Bearer socket"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic cm9vdDpjb3JyZWN0IGhvcnNl"},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"},
    ],
)
def test_no_header_makes_an_administrator(served: Served, headers: dict[str, str]):
    """Only the Unix socket needs no proof; nothing that a request says replaces it."""
    with served.visitor() as client:
        assert client.get("/api/v1/users", headers=headers).status_code == 401


def test_every_search_leaves_its_line(served: Served):
    """Who searched for what, and when, is in the audit trail, whether by page, token or socket."""
    with served.reader("anna@example.com") as reader:
        reader.get("/", params={"to": "trail1@example.com"})
        reader.get(f"/message/{served.ids['inbound']}")
    with served.holder("shop") as client:
        client.get("/counts", params={"to": "trail2@example.com"})
    with served.administrator() as administrator:
        administrator.get("/deliveries", params={"to": "trail3@example.com"})
        trail = administrator.get("/audit", params={"limit": 1000}).json()["audit"]

    noted = [(each["account"], each["via"], each["action"], each["subject"]) for each in trail]
    assert ("anna@example.com", "session", "search", "Mail to “trail1@example.com”") in noted
    assert ("anna@example.com", "session", "detail", served.ids["inbound"]) in noted
    assert ("shop", "token", "counts", "Mail to “trail2@example.com”") in noted
    search = ("local administrator", "socket", "search", "Mail to “trail3@example.com”")
    assert search in noted
