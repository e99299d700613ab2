"""A real browser, one for all tests: two at a time in one process is more than Playwright can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from tests.web.served import PASSWORD, Served

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


@pytest.fixture
def open_page(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """Open a page in a window of its own; complaints of the browser fail the test."""
    contexts, complaints = [], []

    def opened(path: str = "/", *, account: str = "shop", at: Served = served, **window) -> Page:
        window.setdefault("viewport", {"width": 1280, "height": 940})
        context = browser.new_context(base_url=at.url, **window)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.extend(complaint(said)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.extend(failure(request)))
        page.goto(path)
        if account:
            page.get_by_label("Email address or name").fill(account)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(f"{at.url}{path}")
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
