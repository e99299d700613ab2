"""What axe finds on every page in a real browser: WCAG 2.2 A and AA, and what it holds for good."""

from __future__ import annotations

import pytest
from tests.browser import WINDOWS, violations
from tests.web.served import Served

#: Pages, and the account that looks at them.
PAGES = {
    "sign in": ("/sign-in", ""),
    "report": ("/", "root"),
    "empty report": ("/?to=nobody%40example.com", "shop"),
    "wrong question": ("/?to=two%20words%40example.com", "shop"),
    "message": ("/message/{deferred}", "shop"),
    "preferences": ("/preferences", "shop"),
    "print view": ("/message/{failed}?print=1", "shop"),
    "reasons": ("/reasons", "shop"),
    "reason": ("/reasons/mailbox_full?of={deferred}", "shop"),
    "overview": ("/overview?period=30d", "shop"),
    "how mail entered": ("/entered", "shop"),
    "reports": ("/reports", "shop"),
    "notices": ("/notices", "shop"),
    "exports": ("/exports", "shop"),
    "letters": ("/letters", "root"),
    "verification": ("/verify", ""),
    "remote deliveries": ("/remote", "shop"),
    "unsubscribe": ("/unsubscribe/nothing", ""),
    "who looked": ("/looked", "anna@example.com"),
    "accounts": ("/admin/accounts", "root"),
    "account": ("/admin/accounts/2", "root"),
    "new account": ("/admin/accounts/new", "root"),
    "removal": ("/admin/accounts/2/remove", "root"),
    "domains": ("/admin/domains", "root"),
    "sources": ("/admin/sources", "root"),
    "unknown lines": ("/admin/unknown", "root"),
    "audit": ("/admin/audit", "root"),
}


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(open_page, served: Served, name: str, window: str):
    """No rule is broken on this page, in light, in dark, and on a phone."""
    path, account = PAGES[name]
    page = open_page(path.format(**served.ids), account=account, **WINDOWS[window])
    assert violations(page) == []
