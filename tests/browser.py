"""A real browser, one for all tests: two at a time in one process is more than Playwright can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from tests.web.served import Served

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

#: Windows in which no page may break a rule.
WINDOWS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}},
}
#: Rules of WCAG up to 2.2, A and AA, and best practices.
_RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    # What is right is not listed, which takes axe most of its time.
    "resultTypes": ["violations"],
}


@pytest.fixture(scope="session")
def browser(need) -> Iterator[Browser]:
    """Debian's Chromium."""
    program = need("chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(program), args=FLAGS)
        yield launched
        launched.close()


def whole(page: Page) -> Page:
    """The page once all of it is there: a click is over when the next page begins to come."""
    page.wait_for_load_state()
    return page


def violations(page: Page) -> list[str]:
    """The rules that axe finds broken on a page as it stands, each with its first place."""
    found = Axe().run(page, options=_RULES).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


@pytest.fixture
def open_page(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """Open a page in a window of its own; complaints of the browser fail the test.

    Its reader has signed in already, without the browser.
    """
    contexts, complaints = [], []

    def opened(path: str = "/", *, account: str = "shop", at: Served = served, **window) -> Page:
        window.setdefault("viewport", {"width": 1280, "height": 940})
        context = browser.new_context(base_url=at.url, **window)
        contexts.append(context)
        if account:
            with at.reader(account) as reader:
                for name, value in reader.cookies.items():
                    context.add_cookies([{"name": name, "value": value, "url": at.url}])
        page = context.new_page()
        page.on("console", lambda said: complaints.extend(complaint(said)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.extend(failure(request)))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def complaint(said: ConsoleMessage) -> list[str]:
    """What the browser says; that a question cannot be asked is an answer like any other."""
    return [] if "status of 422" in said.text else [said.text]


def failure(request: Request) -> list[str]:
    """Why a request failed; leaving a page while it loads is no failure."""
    return [] if request.failure == "net::ERR_ABORTED" else [f"{request.url} {request.failure}"]
