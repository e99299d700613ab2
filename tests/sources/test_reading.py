"""Readings: whole decoded lines, whatever stands in the file and however it is packed."""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import lzma
import os
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.errors import SourceError
from postroad.sources.archives import Content, open_content, why_no_log
from postroad.sources.identity import BLOCK, Chain
from postroad.sources.reading import CHUNK, LONGEST, Reading, recognise, skip

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACK = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
}


def through(path, *, final=True):
    """All lines of a file, and the reading at its end."""
    with open_content(path) as content:
        reading = Reading(content)
        lines = []
        while chunk := reading.chunk(final=final):
            assert chunk.number == len(lines) + 1
            lines += chunk.lines
        return lines, reading


def noise(packing):
    """Lines that hardly can be packed, enough for several blocks of the packing."""
    lines = [os.urandom(400).hex() for _ in range(4_000 if packing == "bzip2" else 1_000)]
    return lines, "".join(f"{line}\n" for line in lines).encode()


@pytest.fixture
def file(tmp_path):
    """Make a file that holds these bytes."""

    def make(data, name="log"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return make


@pytest.mark.parametrize("packing", PACK)
def test_every_packing_gives_the_same_lines_and_digest(file, packing):
    """Plain, gzip, bzip2, xz and Zstandard are told apart by content and read alike."""
    data = b"".join(b"line %d of the log\n" % n for n in range(20_000))
    lines, reading = through(file(PACK[packing](data)))
    chain = Chain()
    chain.update(data)
    assert lines == data.decode().split("\n")[:-1]
    assert (reading.offset, reading.lines) == (len(data), 20_000)
    assert reading.chain.digest() == chain.digest()


@pytest.mark.parametrize("packing", ["gzip", "bzip2", "xz", "zstd"])
def test_packed_streams_one_behind_the_other_are_one_log(file, packing):
    """Two streams in one file, padding between them included, give the lines of both."""
    pack = PACK[packing]
    padding = b"\0" * 512 if packing in ("gzip", "xz") else b""
    lines, reading = through(file(pack(b"one\n") + padding + pack(b"two\nthree\n")))
    assert lines == ["one", "two", "three"]
    assert reading.content.notes == []


@pytest.mark.parametrize("packing", ["gzip", "bzip2", "xz", "zstd"])
def test_a_packed_file_that_ends_too_early_gives_what_is_there(file, packing):
    """The lines before the end are read, the position stands behind them, and a note says so."""
    lines, data = noise(packing)
    packed = PACK[packing](data)
    path = file(packed[: len(packed) * 2 // 3])
    got, reading = through(path, final=False)
    assert len(lines) // 3 < len(got) < len(lines)
    assert got == lines[: len(got)]
    assert reading.offset == sum(len(line) + 1 for line in got)
    assert len(reading.content.notes) == 1
    assert str(path) in reading.content.notes[0]
    assert "ends in the middle" in reading.content.notes[0]


@pytest.mark.parametrize("packing", ["gzip", "bzip2", "xz", "zstd"])
def test_a_damaged_packed_file_gives_what_stands_before_the_damage(file, packing):
    """Lines before a broken place are read, and a note says about where it is."""
    lines, data = noise(packing)
    pack = PACK[packing]
    if packing == "zstd":
        pack = functools.partial(pack, options={zstd.CompressionParameter.checksum_flag: 1})
    packed = bytearray(pack(data))
    middle = len(packed) // 2
    packed[middle : middle + 64] = bytes(64)
    got, reading = through(file(packed), final=False)
    assert "is damaged" in reading.content.notes[0]
    assert got[: len(lines) // 4] == lines[: len(lines) // 4]


def test_something_else_behind_the_packed_data_is_noted(file):
    """Text behind a gzip stream is not read, and a note says that it is there."""
    lines, reading = through(file(gzip.compress(b"one\n") + b"not packed\n"))
    assert lines == ["one"]
    assert "something else" in reading.content.notes[0]


def test_a_hundred_megabytes_of_zeros_packed_small_take_little_memory(file):
    """A packed file that unpacks to far more than it is, without a newline, is read in pieces."""
    zeros = b"\0" * (1 << 20)
    pack = zstd.ZstdCompressor()
    packed = b"".join(pack.compress(zeros) for _ in range(100)) + pack.compress(b"a line\n")
    path = file(packed + pack.flush())
    tracemalloc.start()
    lines, _ = through(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines == ["a line"]
    assert peak < 4 << 20


def test_a_line_of_ten_megabytes_is_cut_and_counted(file):
    """Its beginning is handed out with what was left out; lines around it are whole."""
    path = file(b"before\n" + b"x" * 10_000_000 + b"\nafter\n")
    tracemalloc.start()
    lines, reading = through(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    long = "x" * LONGEST + f" [{10_000_000 - LONGEST} bytes cut by postroad]"
    assert lines == ["before", long, "after"]
    assert (reading.cut, reading.lines, reading.offset) == (1, 3, 10_000_000 + 14)
    assert peak < 2 << 20


def test_a_long_line_without_an_end_is_read_but_not_passed(file):
    """At the end of the file it is handed out, while the position stays before it."""
    lines, reading = through(file(b"before\n" + b"y" * 300_000))
    assert [line[:6] for line in lines] == ["before", "yyyyyy"]
    assert (reading.offset, reading.cut) == (7, 1)


@pytest.mark.parametrize("length", [LONGEST - 1, LONGEST, LONGEST + 1, CHUNK - 1, CHUNK, CHUNK + 1])
def test_lines_around_the_limit_are_cut_only_above_it(file, length):
    """A line of exactly the limit is whole, one byte more is cut."""
    lines, reading = through(file(b"a\n" + b"z" * length + b"\r\nb\n"))
    assert lines[0] == "a"
    assert lines[2] == "b"
    assert (len(lines[1]) == length) is (length <= LONGEST)
    assert reading.cut == (length > LONGEST)


def test_nuls_before_a_line_are_dropped_and_inside_it_kept(file):
    """What a crash leaves in front of the next line does not hide that line."""
    lines, _ = through(file(b"a\n" + b"\0" * 5000 + b"b\nc\0d\n\0\0\n"))
    assert lines == ["a", "b", "c\0d", ""]


def test_broken_utf8_is_shown_as_bytes(file):
    """What is not UTF-8 becomes backslash escapes; what is stays as it is."""
    lines, _ = through(file("Grüße ".encode() + b"\xff\xc3( \xed\xa0\x80\n"))
    assert lines == ["Grüße \\xff\\xc3( \\xed\\xa0\\x80"]
    assert lines[0].encode()


def test_one_carriage_return_and_a_byte_order_mark_are_dropped(file):
    """CRLF is a line end; only what comes first in the file is a byte order mark."""
    lines, _ = through(file(b"\xef\xbb\xbfa\r\nb\r\r\n\xef\xbb\xbfc\r\n"))
    assert lines == ["a", "b\r", "\ufeffc"]


def test_separators_that_only_unicode_knows_are_text(file):
    """A line ends at a newline and nowhere else."""
    lines, _ = through(file("a\x0b\x0c\x1c\x85\u2028b\n".encode()))
    assert lines == ["a\x0b\x0c\x1c\x85\u2028b"]


def test_a_last_line_without_newline_waits_until_it_is_whole(file):
    """It is not handed out while more may come, and then once and whole."""
    path = file(b"one\ntw")
    with open_content(path) as content:
        reading = Reading(content)
        assert reading.chunk().lines == ["one"]
        assert reading.chunk() is None
        with path.open("ab") as more:
            more.write(b"o\nthree\n")
        assert reading.chunk().lines == ["two", "three"]
        assert reading.offset == path.stat().st_size


class Dribble(io.BytesIO):
    """A stream that gives these pieces."""

    def __init__(self, pieces):
        """Give them in this order."""
        super().__init__()
        self.pieces = pieces

    def read(self, _size=-1, /):
        """The next piece."""
        return self.pieces.pop(0) if self.pieces else b""


@given(st.lists(st.binary(max_size=40).filter(lambda b: b"\n" not in b), max_size=30), st.data())
def test_pieces_do_not_matter(lines, data):
    """However the bytes arrive, lines, position and digest are those of the whole."""
    whole = b"".join(line + b"\n" for line in lines)
    pieces, rest = [], whole
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        pieces.append(rest[:size])
        rest = rest[size:]

    reading = Reading(Content(Dribble(pieces), "stream"))
    got = []
    while chunk := reading.chunk(final=True):
        got += chunk.lines
    if reading.content.is_plain:
        expected = [line.removesuffix(b"\r").lstrip(b"\0") for line in lines]
        expected = [line.decode("utf-8", "backslashreplace") for line in expected]
        if expected:
            expected[0] = expected[0].removeprefix("\ufeff")
        chain = Chain()
        chain.update(whole)
        assert got == expected
        assert reading.chain.digest() == chain.digest()


@given(st.integers(0, 3), st.integers(-2, 2))
def test_a_chain_goes_on_from_its_last_whole_block(blocks, more):
    """A digest continued from the block before the position is that over everything."""
    data = (b"abcdefg" * BLOCK)[: max(0, blocks * BLOCK + more)]
    whole = Chain()
    whole.update(data)
    start = len(data) - len(data) % BLOCK
    again = Chain(whole.base, start)
    again.update(data[start:])
    assert (again.digest(), again.length) == (whole.digest(), whole.length)


def test_a_content_is_recognised_up_to_where_it_agrees(file):
    """The longest known beginning counts; one that differs, or is longer than the file, does not."""
    data = b"".join(b"line %d\n" % n for n in range(50_000))

    def known(text, length):
        chain = Chain()
        chain.update(text[:length])
        return length, chain.digest()

    lengths = [known(data, 7), known(data, 100_000), known(data.replace(b"2", b"3"), 200_000)]
    lengths.append(known(data + b"more\n", len(data) + 5))
    path = file(gzip.compress(data))
    with open_content(path) as content:
        chain = recognise(content, lengths)
    assert chain is not None
    assert chain.length == 100_000
    with open_content(path) as content:
        skip(content, chain.length)
        assert content.read(10) == data[100_000:100_010]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"PK\x03\x04" + b"\0" * 100, "zip archive"),
        (b"mainlog".ljust(257, b"\0") + b"ustar  \0", "tar archive"),
        (b"LPKSHHRH" + b"\0" * 100, "journalctl"),
        ("Jan 1".encode("utf-16"), "UTF-16"),
        (b"\x7fELF\x02\x01\x01" + bytes(range(1, 30)) * 20, "binary data"),
        (os.urandom(8192).replace(b"\n", b"\1"), "binary data"),
    ],
)
def test_what_is_no_log_is_named(data, word):
    """Other archives, the journal's files, UTF-16 and programs are told from logs."""
    assert word in why_no_log(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 4096 + b"2026-01-01 00:00:00 x\n",
        b"\x1b[1mx\x1b[0m\ttext\n",
        "Grüße\n".encode(),
    ],
)
def test_what_may_be_a_log_is_not_refused(data):
    """Nothing, NULs before a line, colours and accents do not make a file binary."""
    assert why_no_log(data) == ""


def test_a_path_that_cannot_be_read_says_why(tmp_path):
    """A missing file and a directory raise a sentence with the path."""
    with pytest.raises(SourceError, match="gone does not exist"):
        open_content(tmp_path / "gone")
    with pytest.raises(SourceError, match="is a directory") as caught:
        open_content(tmp_path)
    assert caught.value.path == str(tmp_path)


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path):
    """Whoever may write to a directory of logs cannot have its reader wait for ever."""
    os.mkfifo(tmp_path / "log")
    with pytest.raises(SourceError, match="no file any more"):
        open_content(tmp_path / "log", is_regular=True)


def test_a_file_without_permission_says_what_to_do(file):
    """A file closed to us raises a sentence that names the group to join."""
    path = file(b"x\n")
    path.chmod(0)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    try:
        with pytest.raises(SourceError, match=r"may not be read by this user.*`adm`"):
            open_content(path)
    finally:
        if was_root:
            os.seteuid(0)
