"""How far an import is, in words."""

from __future__ import annotations

import pytest

from postroad.cli.progress import Progress, line, sentences, size

STEP = {
    "path": "/var/log/mail.log",
    "done": 250_000_000,
    "total": 1_000_000_000,
    "bytes": 500_000_000,
    "lines": 4_000_000,
    "messages": 320_000,
    "seconds": 20.0,
    "left": 61.0,
}
RESULT = {
    "files": 2,
    "known": 0,
    "bytes": 31_400_000,
    "skipped": 0,
    "lines": 200_000,
    "unknown": 0,
    "messages": 16_000,
    "seconds": 2.0,
    "problems": [],
    "notes": [],
}


def test_line_of_progress():
    """The line has bytes of all bytes, text per second, messages, time left and the file."""
    assert line(STEP) == (
        "250.0 MB of 1.0 GB, 25.0 MB/s, 320,000 messages, 1 min 1 s left, /var/log/mail.log"
    )


def test_line_without_a_known_end():
    """Where the end is not known, as in a pipe, the bytes read so far are told and no time left."""
    step = {**STEP, "total": 0, "left": None, "path": ""}

    assert line(step) == "500.0 MB, 25.0 MB/s, 320,000 messages"


def test_file_names_are_hostile_too():
    """A file name with an escape sequence does not reach the terminal as one."""
    assert "\x1b" not in line({**STEP, "path": "/var/log/\x1b[2J.log"})


@pytest.mark.parametrize(
    ("octets", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (31_400_000, "31.4 MB"), (2e15, "2000.0 TB")],
)
def test_size(octets: float, words: str):
    """Octets are told in the unit that reads best."""
    assert size(octets) == words


def test_sentences_of_a_result():
    """The end tells files, bytes, lines and messages, and that all was understood."""
    assert sentences(RESULT) == (
        "Read 31.4 MB of 2 files in 2 s, 200,000 lines, 16,000 messages, new or changed, "
        "every line understood."
    )


def test_sentences_tell_what_was_passed_over():
    """What was known already, what was not understood, and notes are told."""
    told = sentences({**RESULT, "known": 1, "skipped": 5000, "unknown": 3, "notes": ["A note."]})

    assert "3 lines not understood" in told
    assert "5.0 kB were known already" in told
    assert "postroad source unknown" in told
    assert told.endswith("A note.")


def test_problems_are_told_once(capsys: pytest.CaptureFixture[str]):
    """A problem that came at once and again with the result is told once, and counted once."""
    progress = Progress()

    progress.show({"problem": "x.log cannot be read."})
    progress.show({"result": {**RESULT, "problems": ["x.log cannot be read.", "y.log too."]}})

    assert progress.problems == ["x.log cannot be read.", "y.log too."]
    assert capsys.readouterr().err.splitlines() == progress.problems
