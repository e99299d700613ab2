"""Pasting, choosing and dropping a bounce message in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.browser import whole
from tests.web.served import Served


@pytest.fixture
def bounce(served: Served, tmp_path: Path) -> Path:
    """A bounce of a message of example.com's, with an attachment that makes it large."""
    with served.administrator() as client:
        failed = client.get(f"/deliveries/{served.ids['failed']}").json()["delivery"]
    path = tmp_path / "bounce.eml"
    path.write_text(
        "From: MAILER-DAEMON@mx.example.org\n\nHi. This is the qmail-send program at x.\n\n"
        f"<{failed['recipient']}>:\nno such user\n\n--- Below this line is a copy of the message.\n\n"
        f"Message-ID: <{failed['message_id']}>\n\nText\n" + "x" * 70 + "\n"
    )
    return path


def arrived(page) -> None:
    """The report is there, and asks for the message."""
    page.wait_for_url("**/?id=*")
    assert whole(page).locator("#answer tbody tr").count() >= 1


def test_a_long_text_in_the_one_box(open_page, bounce: Path):
    """What is pasted into the box and has several lines is sent by itself."""
    page = open_page("/")
    page.evaluate(
        """(text) => {
          const held = new DataTransfer();
          held.setData("text", text);
          const pasted = new ClipboardEvent("paste", { clipboardData: held, cancelable: true });
          document.querySelector(".ask input[name=q]").dispatchEvent(pasted);
        }""",
        bounce.read_text(),
    )

    arrived(page)


def test_a_large_file_that_is_dropped(open_page, bounce: Path):
    """Of a file that is too large the beginning is sent."""
    page = open_page("/")
    page.evaluate(
        """(text) => {
          const held = new DataTransfer();
          held.items.add(new File([text], "bounce.eml", { type: "message/rfc822" }));
          const dropped = new DragEvent("drop", { dataTransfer: held, cancelable: true });
          document.querySelector(".ask").dispatchEvent(dropped);
        }""",
        bounce.read_text() + "x" * 3_000_000,
    )

    arrived(page)


def test_choosing_a_file_without_javascript(open_page, bounce: Path):
    """The form alone does it."""
    page = open_page("/", java_script_enabled=False)
    page.get_by_text("Paste a bounce message, or choose its file").click()
    page.get_by_label("or a file (.eml)").set_input_files(bounce)
    page.get_by_role("button", name="Find the message").click()

    arrived(page)


def test_pasting_into_the_text_field(open_page, bounce: Path, tmp_path: Path):
    """Every reader can use the field by its label."""
    page = open_page("/")
    page.get_by_text("Paste a bounce message, or choose its file").click()
    page.get_by_label("Text", exact=True).fill(bounce.read_text())
    page.screenshot(path=tmp_path / "paste.png")
    page.get_by_role("button", name="Find the message").click()

    arrived(page)
