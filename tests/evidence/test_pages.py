"""The pages of evidence in a real browser: usable by everybody, and with no script of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.browser import WINDOWS, violations
from tests.web.served import Served


@pytest.mark.parametrize("window", WINDOWS)
def test_axe_finds_nothing(
    open_page, served: Served, made, pdf: bytes, tmp_path: Path, window: str
):
    """No rule is broken where evidence is ordered, shown, listed and checked."""
    secret = made["link"].rpartition("/")[2]
    file = tmp_path / "evidence.pdf"
    file.write_bytes(pdf)
    ways = (
        (f"/message/{served.ids['delivered']}/evidence", "shop"),
        ("/evidence", "shop"),
        (f"/evidence/{secret}", ""),
        ("/verify", ""),
    )
    for path, account in ways:
        page = open_page(path, account=account, **WINDOWS[window])
        _is_clean(page, path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Check").click()
    page.get_by_text("The signature is right").wait_for()
    _is_clean(page, "checked")
    file.write_bytes(pdf[:-1])
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Check").click()
    page.get_by_text("Not right.").wait_for()
    _is_clean(page, "not right")


def test_a_browser_makes_evidence_and_withdraws_it(open_page, served: Served):
    """From the message to the link and back, without a script and with a keyboard's means."""
    path = f"/message/{served.ids['inbound']}"
    page = open_page(path, account="anna@example.com")
    page.get_by_role("link", name="Make evidence").click()
    page.get_by_label("Show the subject").uncheck()
    page.get_by_label("The link opens for").select_option("0")
    page.get_by_role("button", name="Make evidence").click()
    page.wait_for_url("**/evidence/*")
    assert page.get_by_text("It opens until you withdraw it.").count() == 1
    assert "walnut" not in page.content()
    address = page.url
    stranger = open_page(address.removeprefix(served.url), account="")
    assert stranger.get_by_text("The signature is right").count() == 1
    assert stranger.context.cookies() == []
    page.get_by_role("button", name="Withdraw the link").click()
    page.get_by_text("The link is withdrawn").wait_for()
    assert page.request.get(address).status == 410


def _is_clean(page, what: str) -> None:
    assert violations(page) == [], what
