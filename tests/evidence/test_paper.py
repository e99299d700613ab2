"""The PDF: what stands in it, whatever somebody wrote, in any script, on however many pages."""

from __future__ import annotations

import json
import re

import pypdfium2
import pytest
from tests.evidence.documents import REPLY, SEAL, detail, made, sealed
from tests.store.rows import NOON
from tests.web.mail import EVIL, HOSTILE

from postroad.errors import PostroadError
from postroad.reports.evidence import check, paper

#: Text in many scripts, and signs that fonts lack.
SCRIPTS = (
    "العرض رقم ٤٢",
    "中文报价 見積書 견적서",
    "Предложение הצעה ข้อเสนอ प्रस्ताव",
    "👩‍👩‍👧 🏳️‍🌈 😀",
    "\U0001d509\U0001d52f \U00012000\U00012040 \ua66e \ufdfd",
    "a" + "\u0301" * 300,
)
MARKUP = '#panic("x") $x$ *b* _e_ `c` = h @ref <label> // c \\ "#read(\\"/etc/passwd\\")"'


def _set(**fields) -> bytes:
    found = detail(**fields)
    data = sealed(found)
    return paper.make(made(found), data, SEAL, at=NOON)


def _text(pdf: bytes) -> list[str]:
    """The text of each page, blanks and breaks as one space."""
    with pypdfium2.PdfDocument(pdf) as opened:
        found = []
        for number in range(len(opened)):
            page = opened[number]
            said = page.get_textpage()
            found.append(re.sub(r"[\s\u200b\ufffe]+", " ", said.get_text_bounded()))
            said.close()
            page.close()
    return found


def test_every_fact_stands_in_it():
    """Statement, facts, attempts, receipts, log lines, key, and the page's number."""
    pages = _text(_set())
    whole = " ".join(pages)
    for each in (
        "Accepted by the server mx.example.net [192.0.2.25]",
        "That a person received, opened or read the message.",
        "anna@example.com",
        "bob@example.net",
        "Offer 42",
        REPLY,
        "451 4.7.1 Greylisted",
        "TLS1.3:ECDHE_X25519:AES_256_GCM:256",
        "The recipient's program says: displayed",
        "2026-03-02 10:00:01",
        "https://mail.example.com/verify",
        SEAL.fingerprint[:4],
    ):
        assert each in whole, each
    assert f"Page 1 of {len(pages)}" in pages[0]
    assert " read by " not in whole


def test_times_are_told_in_the_zone_and_in_utc():
    """Both, so that nobody has to know the offset."""
    found = detail()
    data = sealed(found, zone="Asia/Kathmandu")
    text = " ".join(_text(paper.make(made(found, zone="Asia/Kathmandu"), data, SEAL, at=NOON)))
    assert "2026-03-02 15:45:01 (Asia/Kathmandu, UTC+05:45) = 2026-03-02 10:00:01 UTC" in text


@pytest.mark.parametrize("text", SCRIPTS)
def test_any_script_is_set(text: str):
    """A paper comes out, and verifies, whatever signs a subject is written with."""
    pdf = _set(subject=text)
    assert check(pdf).is_right
    assert check(pdf).document.subject


@pytest.mark.parametrize("number", range(2))
def test_arabic_and_chinese_have_their_letters(number: int):
    """Read back, they are the letters that were set."""
    text = " ".join(_text(_set(subject=SCRIPTS[number])))
    letters = {each for each in SCRIPTS[number] if each.isalpha()}
    assert letters <= set(text)


def test_what_strangers_wrote_is_text():
    """Markup of the typesetter, of pages, formulas and control codes, in every field."""
    for each in (*EVIL, HOSTILE, MARKUP):
        pdf = _set(
            subject=each, result=each, sender=each, recipient=each, tls=each, remote_host=each
        )
        checked = check(pdf)
        assert checked.is_right, each
    text = " ".join(_text(_set(subject=MARKUP, result=MARKUP)))
    assert '#panic("x") $x$ *b* _e_' in text
    assert "root:" not in text


def test_many_lines_make_many_pages():
    """And every page has its number and every line is there."""
    pages = _text(_set(lines=300))
    assert len(pages) > 5
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
    whole = " ".join(pages)
    for line in (0, 150, 299):
        assert f"C='{REPLY}' {line} " in whole


def test_the_signed_document_is_attached():
    """A PDF reader shows it as a file, and it is right by itself."""
    pdf = _set()
    with pypdfium2.PdfDocument(pdf) as opened:
        assert opened.count_attachments() == 1
        held = opened.get_attachment(0)
        assert held.get_name() == "evidence.json"
        data = bytes(held.get_data())
    assert check(data).is_right
    assert json.loads(data)["document"]["recipient"] == "bob@example.net"


def test_the_same_document_makes_the_same_paper():
    """Made again later, with the same date, it is the same file."""
    assert _set() == _set()


def test_only_a_pdf_with_one_file_is_signed():
    """A mistake in the template is not sealed."""
    for wrong in (b"", b"%PDF-1.7\n%%EOF", b"%PDF-1.7\nstartxref\n1\n%%EOF"):
        with pytest.raises(ValueError, match="not a PDF"):
            paper.signed(wrong, SEAL)


def test_what_cannot_be_set_is_said(monkeypatch: pytest.MonkeyPatch):
    """Where the typesetter ends without a paper there is a sentence, and no half file."""
    monkeypatch.setattr(paper, "_TEMPLATE", paper._TEMPLATE.with_name("nothing.typ"))
    with pytest.raises(PostroadError, match="could not be made"):
        _set()
