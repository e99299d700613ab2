"""The seal: what was made is right, and no altered copy of it is."""

from __future__ import annotations

import base64
import json
import re
import time
import zlib

import pytest
from tests.evidence.documents import OTHER, SEAL, detail, made, sealed
from tests.store.rows import NOON

from postroad.reports.evidence import LARGEST, check, paper, seal

#: Bits that are flipped in a byte: the lowest, the one of upper and lower case, and the highest.
_BITS = (0x01, 0x20, 0x80)


@pytest.fixture(scope="module")
def data() -> bytes:
    """A signed file."""
    return sealed()


@pytest.fixture(scope="module")
def pdf(data: bytes) -> bytes:
    """Its PDF."""
    return paper.make(made(), data, SEAL, at=NOON)


def test_what_was_made_is_right(data: bytes, pdf: bytes):
    """Both forms verify, name the same key and say the same."""
    one, other = check(data), check(pdf)
    assert one.is_right
    assert other.is_right
    assert one.key == other.key == SEAL.public
    assert one.document == other.document == made()


def test_the_signed_file_is_checked_without_postroad(data: bytes):
    """What the documentation shows: any program that knows Ed25519 can do it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    def form(value):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    held = json.loads(data)
    assert form(held) == data
    key, signature = (base64.b64decode(held[name]) for name in ("key", "signature"))
    signed = b"postroad evidence 1 json\n" + form(held["document"])
    Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)


@pytest.mark.parametrize("bit", _BITS)
def test_every_changed_byte_of_the_signed_file_is_found(data: bytes, bit: int):
    """No byte of it is without meaning."""
    for at in range(len(data)):
        altered = bytearray(data)
        altered[at] ^= bit
        assert not check(bytes(altered)).is_right, at


def test_changed_bytes_of_the_pdf_are_found(pdf: bytes):
    """All over it, and every byte of the parts that say how it is to be read."""
    places = set(range(0, len(pdf), 3)) | set(range(200)) | set(range(len(pdf) - 700, len(pdf)))
    for found in re.finditer(rb"endobj|stream|EmbeddedFile|/Catalog|startxref", pdf):
        places |= set(range(found.start() - 3, found.end() + 3))
    for at in sorted(places):
        altered = bytearray(pdf)
        altered[at] ^= _BITS[at % 3]
        assert not check(bytes(altered)).is_right, at


@pytest.mark.parametrize("kind", ["data", "pdf"])
def test_what_is_cut_or_grown_is_found(request, kind: str):
    """Nothing can be taken from an end, put to one, or put in between."""
    whole = request.getfixturevalue(kind)
    for cut in (1, 2, 3, 10, 100, 300, len(whole) // 2, len(whole) - 1, len(whole)):
        assert not check(whole[:-cut]).is_right
        assert not check(whole[cut:]).is_right
    for more in (b"\n", b" ", b"\x00", b"\r\n", b"%%EOF\n", b"% a remark\n", whole):
        assert not check(whole + more).is_right, more
        assert not check(more + whole).is_right, more
        half = len(whole) // 2
        assert not check(whole[:half] + more + whole[half:]).is_right, more


def test_an_incremental_update_is_found(pdf: bytes):
    """A PDF that was annotated and saved, as readers do it: by appending (ISO 32000-1, 7.5.6)."""
    update = b"1 0 obj\n<</Type/Annot>>\nendobj\nxref\n0 0\ntrailer\n<</Size 99/Prev 9>>\nstartxref\n99\n%%EOF"
    assert not check(pdf + b"\n" + update).is_right
    line = re.search(rb"%postroad-signature-1 [^\n]+\n", pdf)[0]
    moved = pdf.replace(line, b"") + b"\n" + update.replace(b"startxref", line + b"startxref")
    assert not check(moved).is_right


def test_the_same_json_written_otherwise_is_found(data: bytes):
    """Blanks, another order, escapes, a doubled name: there is one way to write it."""
    value = json.loads(data)
    for text in (
        json.dumps(value),
        json.dumps(value, indent=1, ensure_ascii=False),
        json.dumps(dict(reversed(value.items())), separators=(",", ":"), ensure_ascii=False),
        data.decode().replace("bob", "\\u0062ob", 1),
        data.decode()[:-1] + ',"signature":' + json.dumps(value["signature"]) + "}",
        data.decode()[:-1] + ',"zzz":1}',
    ):
        assert not check(text.encode()).is_right, text[:60]


def test_a_signature_of_another_document_does_not_fit(data: bytes):
    """Neither between two files of one key, nor between two keys, nor between JSON and PDF."""
    one, two = json.loads(data), json.loads(sealed(detail(recipient="eve@example.net")))
    for name in ("signature", "document"):
        swapped = one | {name: two[name]}
        assert not check(seal.canonical(swapped)).is_right
    foreign = json.loads(sealed(seal=OTHER))
    for names in (("key",), ("signature",), ("document",), ("key", "signature")):
        swapped = one | {name: foreign[name] for name in names}
        assert not check(seal.canonical(swapped)).is_right, names
    as_pdf = seal.encoded(SEAL.sign(seal.PDF_LINE, seal.canonical(one["document"])))
    assert not check(seal.canonical(one | {"signature": as_pdf})).is_right


def test_signatures_of_two_pdfs_do_not_fit_each_other(pdf: bytes):
    """The lines of two papers are exchanged; and a paper is signed by two keys."""
    found = detail(recipient="eve@example.net")
    other = paper.make(made(found), sealed(found), SEAL, at=NOON)
    line = re.compile(rb"%postroad-signature-1 [^\n]+\n")
    assert check(other).is_right
    assert not check(line.sub(line.search(other)[0], pdf)).is_right
    bare = line.sub(b"", pdf)
    assert not check(bare).is_right
    assert check(paper.signed(bare, SEAL)).is_right
    assert not check(paper.signed(bare, OTHER)).is_right


def test_a_document_by_another_key_is_right_but_anothers(data: bytes):
    """Whoever makes a key can sign; whose it is the fingerprint tells, and nothing else."""
    checked = check(sealed(seal=OTHER))
    assert checked.is_right
    assert checked.fingerprint == OTHER.fingerprint != check(data).fingerprint


def test_a_document_that_names_another_key_is_not_right():
    """A forger cannot sign with a key of their own what names the server's."""
    import msgspec

    forged = OTHER.sealed(msgspec.to_builtins(made(seal=SEAL)))
    assert "another key" in check(forged).problem


def test_base64_has_one_form():
    """Spare bits, missing or doubled signs and line breaks are not let pass."""
    right = seal.encoded(SEAL.public)
    assert seal.decoded(right, 32) == SEAL.public
    last = right[-2]
    spare = chr(ord(last) + 1)
    for wrong in (
        right[:-2] + spare + "=",
        right[:-1],
        right + "=",
        right + "\n",
        f" {right}",
        "",
        "é" * 44,
    ):
        with pytest.raises(ValueError, match="base64"):
            seal.decoded(wrong, 32)


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1" * 100_000,
        b"1e999",
        b"NaN",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'"\xff\xfe"',
        b'"\\ud800"',
        b"\x00" * 1000,
        b'{"document":{},"key":"","signature":""}',
        b'{"document":1,"key":1,"signature":[]}',
        b"%PDF-1.7\n%%EOF",
        b"%PDF-1.7\n%postroad-signature-1 \nstartxref\n1\n%%EOF",
        b"%postroad-signature-1 " * 1000,
        b"x" * (LARGEST + 1),
    ],
    ids=lambda junk: repr(junk[:24]),
)
def test_junk_is_answered_with_a_sentence(junk: bytes):
    """Whatever somebody hands in, nothing breaks and nothing is right."""
    checked = check(junk)
    assert not checked.is_right
    assert checked.problem.endswith(".")


def test_a_sealed_pdf_that_unpacks_without_end_is_refused():
    """Somebody's own key, and an attachment of a gigabyte in a megabyte."""
    packed = zlib.compress(b"\0" * (64 << 20), 9)
    head = b"%%PDF-1.7\n1 0 obj\n<</Length %d/Type/EmbeddedFile/Filter/FlateDecode>>\nstream\n"
    checked = check(_by_a_stranger(head % len(packed) + packed + b"\nendstream\nendobj\n"))
    assert not checked.is_right
    assert "holds no evidence" in checked.problem


@pytest.mark.parametrize("filling", [b"a", b"/Params<<", b">", b"\n1 0 obj\n<<", b"\n9"])
def test_a_sealed_pdf_of_beginnings_is_read_once(filling: bytes):
    """Megabytes of what could become an attached file and never does: no time is lost on them."""
    head = b"\n1 0 obj\n<</Length 9/Type/EmbeddedFile/Filter/FlateDecode"
    for piece in (filling * 200, filling * 7, b""):
        body = b"%PDF-1.7\n" + (head + piece) * ((4 << 20) // len(head + piece))
        began = time.process_time()
        assert not check(_by_a_stranger(body + filling * 100_000)).is_right
        assert time.process_time() - began < 10


def _by_a_stranger(body: bytes) -> bytes:
    """A file with a right seal of somebody's own."""
    body += b"startxref\n9\n%%EOF"
    signer = seal.Seal(bytes(32))
    line = f"{seal.encoded(signer.public)} {seal.encoded(signer.sign(seal.PDF_LINE, body))}\n"
    return body.replace(b"startxref", paper.MARK + line.encode() + b"startxref")


def test_documents_of_a_stranger_are_shown_without_trust():
    """Signed by anybody, with a zone, a language and times that are none: still only text."""
    import msgspec

    from postroad.reports.evidence import words

    value = msgspec.to_builtins(made(seal=OTHER)) | {
        "zone": "../../etc/passwd",
        "language": "../../etc/passwd",
        "status": "read by everybody",
        "arrived_at": "9999-99-99",
        "last_attempt_at": "0001-01-01T00:00:00+23:59",
    }
    checked = check(OTHER.sealed(value))
    assert checked.is_right
    facts = {str(each.label): each.value for each in words.facts(checked.document)}
    assert facts["Status"] == "read by everybody"
    assert facts["Arrived at the mail server"] == "9999-99-99"
    assert words.page(checked.document, OTHER.public)["language"] == "en"


def test_what_is_sealed_but_no_evidence_is_refused():
    """A right signature over something else, or over what a newer version makes."""
    assert "newer" in check(SEAL.sealed({"format": "postroad evidence 2"})).problem
    assert "newer" in check(SEAL.sealed({})).problem
    assert "not evidence" in check(SEAL.sealed({"format": "postroad evidence 1"})).problem
