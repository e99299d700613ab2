"""Evidence over HTTP: who can make it of what, whom it names, and until when its link opens."""

from __future__ import annotations

import json
import re

import pytest
from tests.web.served import Served, form_key
from tests.web.test_scope import SEEN

from postroad.reports.evidence import check

EVERYBODY = (
    "anna@example.com", "bea@example.com", "sales@example.com", "info@example.com",
    "carl@example.net", "dora@example.net", "boss@example.net", "list@example.net",
)  # fmt: skip


def _evidence(served: Served, account: str, name: str, **wish):
    with served.holder(account) as holder:
        order = {"pdf": False, **wish}
        return holder.post(f"/deliveries/{served.ids[name]}/evidence", json=order)


@pytest.mark.parametrize("account", sorted(SEEN))
def test_nobody_makes_evidence_of_others_mail(served: Served, account: str):
    """What an account may not see, it cannot hand on: the answer is that there is no such mail."""
    for name in served.ids:
        answer = _evidence(served, account, name)
        assert answer.status_code == (200 if name in SEEN[account] else 404), name


@pytest.mark.parametrize("account", ["root", "rival", "carl@example.net"])
def test_a_blind_copy_stays_blind(served: Served, account: str):
    """Of a message to three, one copy's evidence names that one: also an administrator's."""
    answer = _evidence(served, account, "copy of carl")
    text = answer.json()["sealed"].lower()
    assert "carl@example.net" in text
    for other in set(EVERYBODY) - {"carl@example.net"}:
        assert other not in text
        assert other.partition("@")[0] not in re.findall(r"\w+", text)


@pytest.mark.parametrize("account", ["root", "shop", "anna@example.com"])
def test_the_senders_own_evidence_names_one_recipient(served: Served, account: str):
    """Who sent to two hands on the one delivery without naming the other recipient."""
    text = _evidence(served, account, "to both, carl's").json()["sealed"].lower()
    assert "anna@example.com" in text
    assert "carl@example.net" in text
    assert "bea" not in text


@pytest.mark.parametrize("account", ["root", "shop", "rival"])
def test_where_an_alias_leads_is_not_handed_on(served: Served, account: str):
    """The mailbox behind the address that was written to is nobody's business."""
    text = _evidence(served, account, "alias").json()["sealed"].lower()
    assert "sales@example.com" in text
    assert "boss" not in text


def test_every_delivery_becomes_evidence_that_verifies(served: Served):
    """Each status has its words, and none says more than the log knows."""
    for name in served.ids:
        answer = _evidence(served, "root", name)
        checked = check(answer.json()["sealed"].encode())
        assert checked.is_right, (name, checked.problem)
        document = checked.document
        assert document is not None
        said = " ".join([document.statement.headline, *document.statement.shows]).lower()
        for claim in (" read ", " received by", "opened", "seen by"):
            assert claim not in said, (name, said)
        assert document.statement.does_not_show


def test_subject_and_local_parts_can_be_left_out(served: Served):
    """Nothing of them stands anywhere in the document, the log lines included."""
    whole = _evidence(served, "shop", "delivered").json()["sealed"]
    assert "walnut" in whole
    assert "mara@" in whole
    hidden = _evidence(served, "shop", "delivered", subject=False, local_parts=False)
    text = hidden.json()["sealed"]
    assert "walnut" not in text
    assert "mara" not in text.replace("mail.example.org", "")
    assert "anna" not in text
    assert "m…@mail.example.org" in text
    assert "a…@example.com" in text


def test_the_audit_names_it(served: Served):
    """Who made evidence of what stands in the audit trail, with whom it was about."""
    _evidence(served, "shop", "failed")
    with served.administrator() as administrator:
        entries = administrator.get("/audit").json()["audit"]
    found = [each for each in entries if each["action"] == "evidence"]
    assert found
    mine = [each for each in found if each["subject"] == served.ids["failed"]]
    assert mine[0]["account"] == "shop"
    assert "joe.bloggs@mail.example.org" in mine[0]["about"]


def test_a_link_opens_without_account_and_without_cookies(served: Served, made):
    """The page shows the document, and tells no other site and no search engine of it."""
    path = made["link"].partition("//")[2].partition("/")[2] or made["link"]
    with served.visitor() as stranger:
        answer = stranger.get("/" + path.lstrip("/"))
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert "mara@mail.example.org" in re.sub("<wbr>", "", answer.text)
        assert "Sign out" not in answer.text
        stored = stranger.get(f"/{path.lstrip('/')}/evidence.json")
        assert stored.content == made["sealed"].encode()
        paper = stranger.get(f"/{path.lstrip('/')}/evidence.pdf")
        assert paper.headers["content-type"] == "application/pdf"
        assert paper.headers["referrer-policy"] == "no-referrer"
        assert check(paper.content).is_right
        assert stranger.get("/evidence").status_code == 303
        assert stranger.get("/evidence/nothing").status_code == 404
        assert stranger.get("/evidence/nothing/evidence.pdf").status_code == 404


def test_a_page_makes_evidence_and_its_maker_withdraws_it(served: Served):
    """From the message's page to the link, and to its end: 410, with words."""
    with served.reader("anna@example.com") as reader, served.visitor() as stranger:
        identifier = served.ids["delivered"]
        page = reader.get(f"/message/{identifier}")
        assert f"/message/{identifier}/evidence" in page.text
        order = reader.get(f"/message/{identifier}/evidence")
        form = {"form_key": form_key(order.text), "subject": "1", "local_parts": "1", "days": "0"}
        refused = reader.post(f"/message/{identifier}/evidence", data={**form, "form_key": "x"})
        assert refused.status_code == 403
        done = reader.post(f"/message/{identifier}/evidence", data=form)
        assert done.status_code == 303
        link = done.headers["location"]
        mine = reader.get(link).text
        assert "Withdraw the link" in mine
        assert "Withdraw the link" not in stranger.get(link).text
        kept = re.search(r'name="id" value="([0-9a-f]{64})"', mine)[1]
        assert kept not in link
        with served.reader("carl@example.net") as other:
            key = (
                form_key(other.get("/evidence").text)
                if False
                else form_key(other.get("/preferences").text)
            )
            tried = other.post("/evidence/withdraw", data={"form_key": key, "id": kept})
            assert tried.status_code == 404
        assert stranger.get(link).status_code == 200
        listed = reader.get("/evidence").text
        assert kept in listed
        assert link.rpartition("/")[2] not in listed
        gone = reader.post("/evidence/withdraw", data={"form_key": form["form_key"], "id": kept})
        assert gone.headers["location"].startswith("/evidence")
        for path in (link, f"{link}/evidence.pdf", f"{link}/evidence.json"):
            answer = stranger.get(path)
            assert answer.status_code == 410
            assert "withdrawn" in answer.text
            assert "mara" not in answer.text


def test_a_link_ends_with_its_makers_rights(served: Served):
    """Disabled, without the domain, or removed: what one may not see, one cannot show."""
    with served.administrator() as root:
        account = {"name": "passing", "kind": "owner", "domains": ["example.com"], "password": ""}
        assert root.post("/users", json=account).status_code == 201
        link = (
            "/evidence/"
            + _evidence(served, "passing", "delivered").json()["link"].rpartition("/")[2]
        )
        with served.visitor() as stranger:
            assert stranger.get(link).status_code == 200
            root.patch("/users/passing", json={"domains": ["example.net"]})
            assert stranger.get(link).status_code == 410
            root.patch("/users/passing", json={"domains": ["example.com"]})
            assert stranger.get(link).status_code == 200
            root.patch("/users/passing", json={"disabled": True})
            assert stranger.get(link).status_code == 410
            root.delete("/users/passing")
            assert stranger.get(link).status_code == 404


def test_who_has_no_account_gets_no_link(served: Served):
    """Over the Unix socket evidence is made and not kept."""
    with served.administrator() as root:
        answer = root.post(f"/deliveries/{served.ids['delivered']}/evidence", json={"pdf": False})
    assert answer.json()["link"] is None
    assert check(answer.json()["sealed"].encode()).is_right


def test_the_key_is_told_to_everybody(served: Served, sealed: bytes):
    """Page and API show the key that documents are signed with, without sign-in."""
    with served.visitor() as stranger:
        told = stranger.get("/api/v1/evidence-key").json()
        assert told["fingerprint"] == check(sealed).fingerprint
        assert told["key"] == json.loads(sealed)["key"]
        assert told["key"] in stranger.get("/verify").text.replace("&#43;", "+")


def test_the_page_checks_files_of_anybody(served: Served, sealed: bytes, pdf: bytes):
    """A right file is shown, a changed one is not; too large a one is refused."""
    with served.visitor() as stranger:
        key = form_key(stranger.get("/verify").text)

        def handed(data: bytes = b"", text: str = "", given: str = key):
            files = {"file": ("evidence", data)}
            return stranger.post("/verify", data={"form_key": given, "text": text}, files=files)

        for data in (sealed, pdf):
            page = handed(data)
            assert page.status_code == 200
            assert "The signature is right" in page.text
            assert "The key is the one of this server" in page.text
            changed = handed(data.replace(b"e", b"f", 1))
            assert "Not right." in changed.text
            assert "mara@" not in changed.text
        assert "The signature is right" in handed(text=f" {sealed.decode()}\r\n").text
        assert "Choose a file" in handed().text
        assert handed(sealed, given="x").status_code == 403
        assert handed(b"x" * (6 << 20)).status_code == 413


@pytest.mark.parametrize("path", ["/evidence/{}", "/evidence/{}/evidence.json"])
def test_hostile_mail_stays_text(served_evil: Served, path: str):
    """What a stranger wrote becomes neither markup nor a code, and every document verifies."""
    with served_evil.visitor() as stranger:
        for name in served_evil.ids:
            made = _evidence(served_evil, "shop", name)
            assert made.status_code == 200, made.text
            assert check(made.json()["sealed"].encode()).is_right
            answer = stranger.get(path.format(made.json()["link"].rpartition("/")[2]))
            assert answer.status_code == 200
            for each in ("\x1b", "\u202e"):
                assert each not in answer.text
            if "html" in answer.headers["content-type"]:
                for each in ("<script>window", "<img src=x", "<svg/onload", "' onmouseover='"):
                    assert each not in answer.text
