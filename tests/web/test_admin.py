"""Administration in pages: accounts, sources, unknown lines, the audit log, and who may see them."""

from __future__ import annotations

import html
import re

import httpx
import pytest
from tests.web.served import PASSWORD, Served, form_key

PATHS = [
    "/admin/accounts/new",
    "/admin/accounts/1",
    "/admin/accounts/1/remove",
    "/admin/domains",
    "/admin/sources",
    "/admin/unknown",
    "/admin/audit",
]


@pytest.fixture
def root(served: Served):
    """An administrator, signed in."""
    with served.reader("root") as client:
        yield client


def text(page: str) -> str:
    """What a page says, without markup."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)))


def sent(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Send a form as the page that it stands on would."""
    key = form_key(client.get("/admin/accounts/new").text)
    return client.post(path, data={"form_key": key, **fields})


def made(client: httpx.Client, **fields: str) -> str:
    """Make an account; the address of its page."""
    answer = sent(client, "/admin/accounts/new", password=PASSWORD, **fields)
    assert answer.status_code == 303, text(answer.text)
    return answer.headers["location"].partition("?")[0]


def may_sign_in(served: Served, name: str, password: str = PASSWORD) -> bool:
    """Whether the name and the password open a session."""
    with served.visitor() as client:
        key = form_key(client.get("/sign-in").text)
        form = {"name": name, "password": password, "form_key": key}
        return client.post("/sign-in", data=form).status_code == 303


def test_an_account_from_making_to_removing(served: Served, root: httpx.Client):
    """It is made, can sign in, is changed, switched off and on, and removed after a question."""
    page = made(root, name="New@Shop.Example", kind="owner", domains="shop.example, shop.test")
    said = text(root.get(f"{page}?done=added").text)
    assert "Account new@shop.example" in said
    assert "The account was made." in said
    assert may_sign_in(served, "new@shop.example")

    fields = {"name": "new@shop.example", "kind": "owner", "domains": "shop.example\nthird.test"}
    answer = sent(root, page, password="another horse", **fields)
    assert answer.headers["location"] == f"{page}?done=changed"
    assert "shop.example\nthird.test</textarea>" in root.get(page).text
    assert not may_sign_in(served, "new@shop.example")
    assert may_sign_in(served, "new@shop.example", "another horse")

    assert sent(root, f"{page}/use", use="off").headers["location"] == f"{page}?done=off"
    assert not may_sign_in(served, "new@shop.example", "another horse")
    sent(root, f"{page}/use", use="on")
    assert may_sign_in(served, "new@shop.example", "another horse")
    sent(root, f"{page}/sign-out")
    assert "Sessions 0" in text(root.get(page).text)

    assert "Remove new@shop.example?" in text(root.get(f"{page}/remove").text)
    answer = sent(root, f"{page}/remove")
    assert answer.headers["location"] == "/admin/accounts?done=removed"
    assert root.get(page).status_code == 404
    log = text(root.get("/admin/audit?account=root").text)
    for done in ("made an account", "changed an account", "removed an account"):
        assert f"{done} new@shop.example" in log


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "two words", "kind": "mailbox"}, "cannot be the name of an account"),
        ({"name": "x", "kind": "owner"}, "at least one domain"),
        ({"name": "x", "kind": "wizard"}, "There is no kind of account"),
        ({"name": "x", "kind": "owner", "domains": "a@b"}, "is not a domain"),
        ({"name": "shop", "kind": "owner", "domains": "a.test"}, "already an account"),
        ({"name": "x@a.test", "kind": "mailbox", "password": "short"}, "A password has 8"),
    ],
)
def test_what_cannot_be_made_is_said(root: httpx.Client, fields: dict[str, str], said: str):
    """The form comes back as it was filled in, with a sentence above it."""
    answer = sent(root, "/admin/accounts/new", **fields)

    assert answer.status_code == 422
    assert said in text(answer.text.split('role="alert"', 1)[1])
    assert f'name="name" value="{fields["name"]}"' in answer.text
    assert fields.get("password", "x" * 99) not in answer.text


def test_nobody_locks_themselves_out(root: httpx.Client):
    """The account one is signed in to can be neither removed, switched off nor demoted."""
    [page] = set(
        re.findall(r'href="(/admin/accounts/\d+)">.{0,60}>root<', root.get("/admin/accounts").text)
    )

    assert sent(root, f"{page}/remove").status_code == 422
    assert root.get(f"{page}/remove").status_code == 422
    assert sent(root, f"{page}/use", use="off").status_code == 422
    answer = sent(root, page, name="root", kind="owner", domains="a.test")
    assert "take administration away from yourself" in text(answer.text)
    assert root.get("/admin/accounts").status_code == 200


def test_forms_need_their_key(root: httpx.Client):
    """Another site's page cannot send these forms."""
    for path in ("/new", "/2", "/2/use", "/2/remove", "/2/sign-out"):
        answer = root.post(f"/admin/accounts{path}", data={"name": "x", "form_key": "guessed"})
        assert answer.status_code == 403
        assert "This form is too old" in text(answer.text)


@pytest.mark.parametrize("account", ["shop", "anna@example.com"])
def test_others_are_kept_out(served: Served, account: str):
    """Owners and mailbox users get one and the same answer, whether it exists or not."""
    with served.reader(account) as client:
        pages = {path: client.get(path) for path in [*PATHS, "/admin/accounts", "/admin"]}
        pages |= {path: client.get(path) for path in ("/admin/accounts/99999",)}
        key = form_key(client.get("/").text)
        forms = [
            client.post(f"/admin/accounts{path}", data={"form_key": key, "name": "root"})
            for path in ("/new", "/1", "/1/use", "/1/remove", "/1/sign-out", "/99999")
        ]
        assert "/admin" not in client.get("/").text

    for answer in [*pages.values(), *forms]:
        assert answer.status_code == 403
        assert "Only administrators may do that." in text(answer.text)


@pytest.mark.parametrize("path", [*PATHS, "/admin/accounts", "/looked", "/reasons"])
def test_strangers_are_asked_to_sign_in(served: Served, path: str):
    """Without a session every page leads to the sign-in, and from there back."""
    with served.visitor() as client:
        answer = client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


def test_a_reseller_reads_its_own_accounts(served: Served, root: httpx.Client):
    """It sees those that belong to it, and can change none."""
    reseller = made(root, name="hosting-house", kind="reseller")
    owned = made(root, name="client", kind="owner", domains="client.test", reseller="hosting-house")
    try:
        with served.reader("hosting-house") as client:
            page = client.get("/admin/accounts")
            assert page.status_code == 200
            table = text(page.text.split("<tbody>")[1].split("</tbody>")[0])
            assert "client owner" in table
            assert "root" not in table
            assert "shop" not in table
            assert client.get(owned).status_code == 403
            assert client.get("/admin/audit").status_code == 403
    finally:
        sent(root, f"{owned}/remove")
        sent(root, f"{reseller}/remove")


def test_domains_name_their_owners(root: httpx.Client):
    """Each domain leads to the accounts that see its mail, and to that mail."""
    page = root.get("/admin/domains").text
    rows = [text(each) for each in page.split("<tbody>")[1].split("</tbody>")[0].split("<tr>")]
    [ours] = [each for each in rows if re.match(r"\s*example .com ", each)]
    assert "shop owner" in ours
    assert 'href="/?address=%40example.com"' in page
    assert "One domain." in text(root.get("/admin/domains?find=example.net").text)
    assert "No such domain" in text(root.get("/admin/domains?find=nothing").text)


def test_sources_have_a_map_that_can_be_read_out(root: httpx.Client):
    """Each source has its figures, and its map words for those who do not see it."""
    for period in ("24h", "7d", "30d", "nonsense"):
        page = root.get("/admin/sources", params={"period": period}).text
        assert "mainlog" in text(page)
        assert re.search(r'role="img" aria-label="Lines in \d+ of \d+ steps from', page)
        assert 'class="map-read"' in page
    assert "Not understood 0" in text(page)
    assert "Every line was understood" in text(root.get("/admin/unknown").text)


def test_the_audit_log_is_narrowed_and_paged(served: Served, root: httpx.Client):
    """By account, by what it was about, and back in time."""
    with served.reader("anna@example.com") as anna:
        anna.get("/", params={"to": "narrow@example.com"})
    found = text(root.get("/admin/audit", params={"account": "anna@example.com"}).text)
    assert "narrow@example.com" in found
    assert "Nothing was done like that" in text(root.get("/admin/audit?account=nobody").text)
    assert root.get("/admin/audit?before=x").status_code == 200
    assert root.get("/admin/audit?before=" + "9" * 40).status_code == 200


def test_hostile_names_stay_text(root: httpx.Client):
    """What somebody asked for or typed is shown in the administration, never obeyed."""
    bad = '"><script>alert(1)</script>'
    root.get("/", params={"subject": bad})
    answers = [
        root.get("/admin/audit"),
        root.get("/admin/audit", params={"account": bad, "about": bad}),
        root.get("/admin/accounts", params={"find": bad, "kind": bad, "done": bad}),
        sent(root, "/admin/accounts/new", name=bad, kind=bad, domains=bad, reseller=bad),
    ]
    for answer in answers:
        assert "<script>alert" not in answer.text
