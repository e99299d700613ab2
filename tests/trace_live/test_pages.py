"""Checks on pages: what is shown, to whom, and that strangers' words do no harm there."""

from __future__ import annotations

import pytest
from tests.web.served import form_key


def test_a_domain_on_a_page(served):
    """Records and what to change stand there; the address of the page can be kept."""
    with served.reader("root") as reader:
        page = reader.get("/deliverability", params={"domain": "hard.example"})

    assert page.status_code == 200
    assert "v=spf1 ip4:198.51.100.1 -all" in page.text
    assert "v=spf1 ip4:192.0.2.25 ip4:198.51.100.1 -all" in page.text


@pytest.mark.parametrize(
    ("account", "domain", "status"),
    [
        ("shop", "example.com", 200),
        ("shop", "fine.example", 403),
        ("anna@example.com", "example.com", 403),
        ("root", "not a domain", 422),
        ("shop", "", 200),
    ],
)
def test_who_sees_which_domain(served, account: str, domain: str, status: int):
    """Owners their own, mailbox users none."""
    with served.reader(account) as reader:
        page = reader.get("/deliverability", params={"domain": domain})

    assert page.status_code == status
    assert "<h1" in page.text


def test_a_live_check_on_a_page(served):
    """The form asks nobody; sent with its key it shows the whole conversation."""
    with served.reader("shop") as reader:
        form = reader.get("/probe", params={"address": "bob@evil.example"})
        data = {"address": "bob@evil.example", "form_key": form_key(form.text)}
        shown = reader.post("/probe", data=data)
        forged = reader.post("/probe", data={"address": "bob@evil.example"})

    assert form.status_code == 200
    assert "RCPT TO" not in form.text
    assert "RCPT TO:&lt;bob@evil.example&gt;" in shown.text
    assert "<script>alert(1)" not in shown.text
    assert "\x1b" not in shown.text
    assert "\u202e" not in shown.text
    assert forged.status_code == 403


def test_what_is_no_address_is_said(served):
    """With the reason, and the form to correct it."""
    with served.reader("root") as reader:
        form = reader.get("/probe")
        answer = reader.post("/probe", data={"address": "nobody", "form_key": form_key(form.text)})

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="nobody"' in answer.text


def test_mailbox_users_have_no_live_checks(served):
    """Neither the form nor what it does."""
    with served.reader("anna@example.com") as reader:
        assert reader.get("/probe").status_code == 403
        assert "/deliverability" not in reader.get("/preferences").text
