"""What axe finds on every page in a real browser: WCAG 2.2 A and AA, and what it holds for good."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from tests.web.served import Served

#: Rules of WCAG up to 2.2, A and AA, and best practices.
_RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
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
WINDOWS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}},
}


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(open_page, served: Served, name: str, window: str):
    """No rule is broken on this page, in light, in dark, and on a phone."""
    path, account = PAGES[name]
    page = open_page(path.format(**served.ids), account=account, **WINDOWS[window])
    found = Axe().run(page, options=_RULES).response["violations"]
    said = [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]
    assert said == []
