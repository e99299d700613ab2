"""The API: names, limits, errors in one shape, and a description that is true."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import httpx
import pytest
from tests.web.served import PASSWORD, Served, form_key

from postroad.model.status import Status
from postroad.queries.public import FIELDS


@pytest.fixture
def owner(served: Served):
    """The owner of example.com, with a token."""
    with served.holder("shop") as client:
        yield client


@pytest.fixture
def administrator(served: Served):
    """Whoever may open the Unix socket."""
    with served.administrator() as client:
        yield client


def test_a_delivery_has_its_public_fields(owner, served: Served):
    """A delivery has exactly the names that scripts rely on, times in UTC with microseconds."""
    [found] = owner.get("/deliveries", params={"to": "lena@partner.test"}).json()["deliveries"]

    assert tuple(found) == FIELDS
    assert found["id"] == served.ids["deferred"]
    assert (found["status"], found["direction"], found["attempts"]) == ("deferred", "outbound", 3)
    assert found["sent_at"].endswith("Z")
    assert len(found["sent_at"]) == len("2026-01-31T14:05:09.123456Z")
    assert found["spam_score"] is None


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"to": "ANNA@example.com", "from": "mara@mail.example.org"}, {"inbound"}),
        ({"address": "lena@partner.test"}, {"deferred"}),
        ({"status": "rejected,blocked"}, {"rejected", "blocked"}),
        ({"direction": "internal", "to": "anna@example.com"}, {"bounce"}),
        ({"subject": "WALNUT", "from": "anna@example.com"}, {"delivered"}),
        ({"message_id": "<1vM900-00000009900-0aB@mx1.example.com>"}, {"bounce"}),
        ({"id": "1vM900-00000009900-0aB"}, {"bounce"}),
        ({"host": "elsewhere.example.com"}, set()),
        ({"since": "1h", "status": "deferred"}, {"deferred"}),
        ({"until": "2020-01-01"}, set()),
        ({"since": "now"}, set()),
        ({"q": "1vM900-00000009900-0aB"}, {"bounce"}),
        ({"q": "lena@partner.test"}, {"deferred"}),
        ({"to": "lena", "match": "begins"}, {"deferred"}),
        ({"to": "ena@partn", "match": "contains", "status": "deferred"}, {"deferred"}),
        ({"to": "lena@partner.test", "side": "received"}, set()),
        ({"to": "lena@partner.test", "side": "sent", "place": "remote"}, {"deferred"}),
        ({"to": "lena@partner.test", "ip": "203.0.113.1"}, set()),
    ],
)
def test_search(owner, served: Served, asked: dict[str, str], found: set[str]):
    """Every name of a question narrows the answer; the figures agree with it."""
    answer = owner.get("/deliveries", params={**asked, "count": True}).json()
    counts = owner.get("/counts", params=asked).json()

    ids = {each["id"] for each in answer["deliveries"]}
    assert {name for name, each in served.ids.items() if each in ids} == found
    assert answer["total"] == counts["total"] == len(found)
    assert set(counts["counts"]) == {each.word for each in Status}


def test_dates_are_in_the_zone_asked_for(owner):
    """`today` begins where the asker's day does; the question says what was understood."""
    questions = {
        zone: owner.get("/counts", params={"since": "today", "timezone": zone}).json()["question"]
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago")
    }

    assert questions["Pacific/Kiritimati"].endswith("00:00:00 (Pacific/Kiritimati, UTC+14:00)")
    assert questions["Pacific/Pago_Pago"].endswith("00:00:00 (Pacific/Pago_Pago, UTC-11:00)")


def test_pages_continue_until_the_end(owner):
    """A cursor leads through everything once; the last page has none."""
    ids, cursor, pages = [], "", 0
    while cursor is not None:
        page = owner.get(
            "/deliveries", params={"limit": 20, "cursor": cursor, "count": True}
        ).json()
        ids += [each["id"] for each in page["deliveries"]]
        cursor, pages = page["next_cursor"], pages + 1
        assert page["limit"] == 20

    assert len(ids) == len(set(ids)) == page["total"]
    assert pages == -(-len(ids) // 20)


def test_orders(owner):
    """`sort` orders by any field, page by page."""
    rows, cursor = [], ""
    while cursor is not None:
        page = owner.get("/deliveries", params={"sort": "-size", "limit": 40, "cursor": cursor})
        rows += page.json()["deliveries"]
        cursor = page.json()["next_cursor"]

    sizes = [row["size"] for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    assert len({row["id"] for row in rows}) == owner.get("/counts").json()["total"]


def test_detail(owner, served: Served):
    """One delivery has its verdict, attempts, log lines and related messages."""
    detail = owner.get(f"/deliveries/{served.ids['failed']}").json()

    assert detail["verdict"].startswith("Not delivered: mx.mail.example.org [192.0.2.25] refused")
    assert [each["outcome"] for each in detail["attempts"]] == ["failed"]
    assert detail["attempts"][0]["reply"].startswith("550 5.1.1 The email account")
    assert [each["relation"] for each in detail["family"]] == ["bounce"]
    assert len(detail["log_lines"]) == 2
    assert {each["who"] for each in detail["conversation"]} <= {"client", "server", "note"}
    assert detail["conversation"][-1]["derived"] is False
    assert detail["retry"] is None


@pytest.mark.parametrize(
    ("path", "params", "status", "error", "field"),
    [
        ("/deliveries", {"to": "example.com"}, 422, "search", "to"),
        ("/deliveries", {"since": "soon"}, 422, "search", "since"),
        ("/deliveries", {"status": "sent"}, 422, "search", "status"),
        ("/deliveries", {"direction": "up"}, 422, "search", "direction"),
        ("/deliveries", {"timezone": "Mars/Olympus"}, 422, "search", "timezone"),
        ("/deliveries", {"timezone": "../../etc/passwd"}, 422, "search", "timezone"),
        ("/deliveries", {"cursor": "nonsense"}, 422, "search", "cursor"),
        ("/deliveries", {"match": "like"}, 422, "search", "match"),
        ("/deliveries", {"ip": "here"}, 422, "search", "ip"),
        ("/deliveries", {"reason": "bad_luck"}, 422, "search", "reason"),
        ("/deliveries", {"sort": "beauty"}, 422, "search", "sort"),
        ("/counts", {"sort": "size"}, 422, "search", "sort"),
        ("/deliveries", {"statuses": "failed"}, 422, "search", "statuses"),
        ("/deliveries", [("to", "a@b.example"), ("to", "c@d.example")], 422, "search", "to"),
        ("/deliveries", {"limit": 0}, 422, "invalid", "limit"),
        ("/deliveries", {"limit": 1001}, 422, "invalid", "limit"),
        ("/deliveries", {"limit": "many"}, 422, "invalid", "limit"),
        ("/deliveries", {"subject": "x" * 2000}, 422, "invalid", "subject"),
        ("/deliveries", {"to": "a\x00b@example.com"}, 422, "search", "to"),
        ("/deliveries/nothing", {}, 404, "not_found", ""),
        ("/nothing", {}, 404, "not_found", ""),
        ("/", {}, 200, "", ""),
    ],
)
def test_errors_have_one_shape(owner, path, params, status: int, error: str, field: str):
    """Whatever is wrong, the answer has a status, a word, a sentence, and names the value."""
    answer = owner.get(path, params=params)

    assert answer.status_code == status
    if status != 200:
        body = answer.json()
        assert set(body) == {"status", "error", "detail", "fields"}
        assert (body["status"], body["error"]) == (status, error)
        assert len(body["detail"].split()) > 2
        assert list(body["fields"]) == ([field] if field else [])


def test_a_wrong_method_says_which_are_right(owner):
    """An address that is asked in the wrong way answers 405 in the common shape."""
    answer = owner.delete("/deliveries")

    assert answer.status_code == 405
    assert answer.json()["error"] == "method"
    assert "GET" in answer.headers["allow"]


def test_accounts(served: Served, administrator: httpx.Client):
    """An account is made, listed, changed, used and removed."""
    name = f"{uuid.uuid4().hex}@example.com"
    made = administrator.post(
        "/users", json={"name": name.upper(), "kind": "mailbox", "password": PASSWORD}
    )
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["addresses"]) == (name, [name])
    assert "password" not in made.text
    again = administrator.post("/users", json={"name": name, "kind": "mailbox"})
    assert (again.status_code, again.json()["error"]) == (409, "conflict")

    with served.holder(name) as holder:
        assert holder.get("/status").json()["kind"] == "mailbox"
        changed = administrator.patch(f"/users/{name}", json={"addresses": [name, "b@example.com"]})
        assert changed.json()["addresses"] == sorted(["b@example.com", name])
        administrator.patch(f"/users/{name}", json={"disabled": True})
        assert holder.get("/status").status_code == 401
        administrator.patch(f"/users/{name}", json={"disabled": False})
        assert holder.get("/status").status_code == 200
        assert administrator.delete(f"/users/{name}").status_code == 204
        assert holder.get("/status").status_code == 401
    assert name not in {each["name"] for each in administrator.get("/users").json()["users"]}
    assert administrator.delete(f"/users/{name}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "kind": "god"},
        {"name": "x"},
        {"kind": "mailbox"},
        {"name": "", "kind": "mailbox"},
        {"name": "two words", "kind": "administrator"},
        {"name": "x", "kind": "owner"},
        {"name": "x", "kind": "mailbox"},
        {"name": "x", "kind": "administrator", "password": "short"},
        {"name": "x", "kind": "owner", "domain": ["example.com"]},
        {"name": "x" * 400, "kind": "administrator"},
        [],
        "text",
        None,
    ],
)
def test_accounts_that_cannot_be(administrator: httpx.Client, body):
    """An account that makes no sense, or has misspelt fields, is refused in the common shape."""
    answer = administrator.post("/users", json=body)

    assert answer.status_code == 422
    assert answer.json()["error"] in ("invalid", "config")


def test_tokens_are_ones_own(served: Served, owner: httpx.Client):
    """One sees and revokes one's own tokens; an administrator everybody's."""
    made = owner.post("/tokens", json={"label": "mine", "days": 3}).json()
    mine = owner.get("/tokens").json()["tokens"]
    assert made["token"].startswith("pr_")
    assert {each["account"] for each in mine} == {"shop"}
    assert made["token"] not in json.dumps(mine)

    with served.holder("rival") as rival, served.holder("root") as root:
        assert made["id"] not in {each["id"] for each in rival.get("/tokens").json()["tokens"]}
        assert rival.delete(f"/tokens/{made['id']}").status_code == 404
        other = {"label": "not mine", "account": "shop"}
        assert rival.post("/tokens", json=other).status_code == 403
        assert root.delete(f"/tokens/{made['id']}").status_code == 204
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert owner.get("/status", headers=headers).status_code == 401


def test_a_session_may_read_and_needs_its_form_key_to_write(served: Served):
    """A cookie alone reads; it writes only with the key that no other site's page can know."""
    with served.reader("shop") as reader:
        key = form_key(reader.get("/").text)
        assert reader.get("/api/v1/counts").status_code == 200
        order = {"label": "by cookie"}
        for headers in ({}, {"X-Form-Key": "0" * 64}):
            refused = reader.post("/api/v1/tokens", json=order, headers=headers)
            assert (refused.status_code, refused.json()["error"]) == (403, "access")
        made = reader.post("/api/v1/tokens", json=order, headers={"X-Form-Key": key})
        assert made.status_code == 201


def test_health_needs_no_sign_in_and_tells_little(served: Served):
    """A monitor sees that it runs, and nothing of mail or accounts."""
    with served.visitor() as client:
        answer = client.get("/api/v1/health")

    assert answer.json().keys() == {"status", "version"}


def test_what_was_read(administrator: httpx.Client):
    """An administrator is told of sources, coverage, lines not understood, and advice."""
    assert administrator.get("/sources").json().keys() == {"sources", "problems"}
    assert administrator.get("/coverage", params={"since": "1d"}).json()["step_seconds"] == 3600
    assert administrator.get("/unknown").json().keys() == {"unknown"}
    findings = administrator.get("/doctor").json()["findings"]
    assert {each["level"] for each in findings} <= {"ok", "warn", "error"}
    assert findings


EXIM = (
    "2026-11-20 09:15:02 1vMAbc-00000000{n:03d}-1aBc <= news@example.org H=out.example.org "
    "[192.0.2.8] P=esmtp S=2048\n"
    "2026-11-20 09:15:03 1vMAbc-00000000{n:03d}-1aBc => imported{n}@example.com R=local T=lmtp "
    'C="250 2.0.0 Saved"\n'
    "2026-11-20 09:15:03 1vMAbc-00000000{n:03d}-1aBc Completed\n"
)


def steps(answer: httpx.Response) -> list[dict]:
    """The lines of an import's answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def test_an_import_of_paths_tells_how_far_it_is(administrator: httpx.Client, tmp_path: Path):
    """Files are read by the server; the last line has the figures and what could not be read."""
    log = tmp_path / "mainlog"
    log.write_text("".join(EXIM.format(n=n) for n in range(100)))
    order = {"paths": [str(log), str(tmp_path / "missing")], "timezone": "UTC", "host": "mx9"}

    *progress, last = steps(administrator.post("/imports", json=order))

    assert all(set(each) == {"progress"} for each in progress)
    assert (last["result"]["messages"], last["result"]["lines"]) == (100, 300)
    assert any("missing" in each for each in last["result"]["problems"])
    found = administrator.get("/deliveries", params={"to": "imported7@example.com"}).json()
    assert [each["host"] for each in found["deliveries"]] == ["mx9"]
    assert administrator.get("/imports").json()["imports"][0]["status"] == "done"


def test_an_import_of_a_stream(administrator: httpx.Client):
    """A log can be sent as the body, piece by piece, without knowing its length."""
    pieces = (EXIM.format(n=n).encode() for n in range(500, 503))
    answer = administrator.post(
        "/imports",
        params={"host": "mx8", "timezone": "UTC", "mta": "auto", "name": "stdin"},
        content=pieces,
        headers={"Content-Type": "application/octet-stream"},
    )

    assert steps(answer)[-1]["result"]["messages"] == 3
    found = administrator.get("/deliveries", params={"to": "imported501@example.com"}).json()
    assert [each["host"] for each in found["deliveries"]] == ["mx8"]


def test_paths_are_read_for_the_socket_only(served: Served, tmp_path: Path):
    """An administrator from afar cannot make the server read its files."""
    secret = tmp_path / "secret"
    secret.write_text("secret\n")
    with served.holder("root") as root:
        answer = root.post("/imports", json={"paths": [str(secret)]})

    assert (answer.status_code, answer.json()["error"]) == (403, "access")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{}", "application/json"),
        (b'{"paths": []}', "application/json"),
        (b'{"paths": ["/x"], "mta": "sendmale"}', "application/json"),
        (b'{"paths": ["/x"], "timezone": "Mars/Olympus"}', "application/json"),
        (b"not json \xff", "application/json"),
        (b"x", "text/plain"),
    ],
)
def test_orders_that_cannot_be(administrator: httpx.Client, content: bytes, kind: str):
    """An order for an import that makes no sense is refused before anything is read."""
    answer = administrator.post("/imports", content=content, headers={"Content-Type": kind})

    assert answer.status_code == 422
    assert answer.json()["error"] == "config"
