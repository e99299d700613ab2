"""What axe finds on the pages of checks in a real browser."""

from __future__ import annotations

import pytest
from tests.browser import WINDOWS, violations


@pytest.mark.parametrize("window", WINDOWS)
def test_axe_finds_nothing(open_page, window: str):
    """Findings and conversations can be read by everybody, on a phone without scrolling aside."""
    page = open_page("/deliverability?domain=hard.example", account="root", **WINDOWS[window])
    assert violations(page) == []

    page.goto("/probe?address=bob%40strictbad.example")
    page.get_by_role("button", name="Check").click()
    page.wait_for_selector("article")
    assert violations(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
