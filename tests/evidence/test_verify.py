"""`postroad verify` and `postroad evidence`, as they are typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.evidence.documents import OTHER, SEAL, detail, made, sealed
from tests.store.rows import NOON
from tests.web.served import Served

from postroad.reports.evidence import check, grouped, paper, seal

_COMMAND = [sys.executable, "-W", "error", "-c", "from postroad.cli import main; main()"]


@pytest.fixture
def run(tmp_path: Path):
    """Runs a command of postroad's from an empty home, with nothing in its environment."""
    home = tmp_path / "home"
    home.mkdir()
    environ = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "Europe/Berlin"}

    def run(*arguments: str, given: bytes = b"", **more: str):
        done = subprocess.run(
            [*_COMMAND, *arguments],
            input=given,
            capture_output=True,
            cwd=home,
            env=environ | more,
            timeout=120,
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        if not more:
            assert list(home.iterdir()) == []
        return done

    return run


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a signed file, its PDF, altered copies and keys."""
    folder = tmp_path_factory.mktemp("files")
    data = sealed()
    pdf = paper.make(made(), data, SEAL, at=NOON)
    (folder / "evidence.json").write_bytes(data)
    (folder / "evidence.pdf").write_bytes(pdf)
    (folder / "altered.json").write_bytes(data.replace(b"bob@", b"eve@"))
    (folder / "altered.pdf").write_bytes(pdf.replace(b"%PDF-1", b"%PDF-2", 1))
    (folder / "large.pdf").write_bytes(pdf + b" " * (6 << 20))
    for name, each in (("key", SEAL), ("other", OTHER)):
        told = {"server": f"{name}.example.com", "key": seal.encoded(each.public)}
        (folder / f"{name}.json").write_text(json.dumps(told))
    (folder / "key.txt").write_text(seal.encoded(SEAL.public) + "\n")
    return folder


@pytest.mark.parametrize("name", ["evidence.json", "evidence.pdf"])
def test_a_right_file_needs_nothing_to_be_checked(run, files: Path, name: str):
    """No home, no account, no server: it is right, and the key is to be compared."""
    done = run("verify", str(files / name))
    said = done.stdout.decode()
    assert done.returncode == 0
    assert f"The signature is right; the key is {grouped(SEAL.fingerprint)}." in said
    assert "compare the key with the one on https://mail.example.com/verify" in said
    assert "Accepted by the server mx.example.net [192.0.2.25]" in said
    assert "250 2.0.0 OK queued as 4FzX1" in said
    assert "That a person received, opened or read the message." in said


def test_a_key_can_be_named(run, files: Path):
    """By a file as the API gives it, the key itself, or its fingerprint however it is written."""
    evidence = str(files / "evidence.pdf")
    done = run("verify", evidence, "--key", str(files / "key.json"))
    assert done.returncode == 0
    assert b"This is the key of key.example.com." in done.stdout
    for key in (
        str(files / "key.txt"),
        seal.encoded(SEAL.public),
        SEAL.fingerprint,
        grouped(SEAL.fingerprint).upper(),
    ):
        done = run("verify", evidence, "--key", key)
        assert done.returncode == 0, done.stderr
        assert b"This is the key that you named." in done.stdout


def test_another_key_is_not_right(run, files: Path):
    """Signed by somebody, but not by whom it was to be."""
    for key in (str(files / "other.json"), OTHER.fingerprint):
        done = run("verify", str(files / "evidence.json"), "--key", key)
        assert done.returncode == 1
        assert done.stdout == b""
        assert b"signed with another key" in done.stderr
    assert run("verify", str(files / "evidence.json"), "--key", "nonsense").returncode == 2
    assert (
        run("verify", str(files / "evidence.json"), "--key", str(files / "evidence.pdf")).returncode
        == 2
    )


@pytest.mark.parametrize(
    "name", ["altered.json", "altered.pdf", "large.pdf", "key.json", "key.txt"]
)
def test_what_is_not_right_ends_with_one(run, files: Path, name: str):
    """And shows nothing of what it says, for it may say anything."""
    done = run("verify", str(files / name))
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.startswith(b"Not right: ")


def test_what_cannot_be_read_ends_with_three(run, files: Path, tmp_path: Path):
    """A missing file, a folder, a pipe that nobody writes to, a name that is none."""
    os.mkfifo(tmp_path / "pipe")
    for name in (str(files / "missing"), str(files), str(tmp_path / "pipe"), "\x1b[31m"):
        done = run("verify", name)
        assert done.returncode == 3, (name, done)
        assert b"\x1b" not in done.stderr


def test_standard_input_is_a_file_too(run, files: Path):
    """As in a pipe."""
    assert run("verify", "-", given=(files / "evidence.pdf").read_bytes()).returncode == 0
    assert run("verify", "-", given=b"").returncode == 1
    assert run("verify", "-", given=os.urandom(10_000)).returncode == 1


def test_a_strangers_document_repaints_no_terminal(run):
    """Anybody can sign anything: what it says is shown as text."""
    import msgspec

    said = "\x1b]0;pwned\x07\x1b[31m\u202e"
    value = msgspec.to_builtins(made(seal=OTHER))
    value |= {"subject": said, "sender": said, "status": said, "zone": said, "arrived_at": said}
    value["statement"] |= {"headline": said, "shows": [said]}
    value["made_by"] |= {"server": said, "url": said}
    value["attempts"][0] |= {"at": said, "reply": said, "outcome": said}
    done = run("verify", "-", given=OTHER.sealed(value))
    assert done.returncode == 0
    shown = done.stdout.decode()
    for each in ("\x1b", "\x07", "\u202e"):
        assert each not in shown


def test_evidence_is_made_at_the_command_line(run, served: Served, tmp_path: Path):
    """By delivery id or queue id, as PDF, as the signed file or as text; verify takes each."""
    asks = {"POSTROAD_HOME": str(served.home)}
    identifier = served.ids["delivered"]
    path = tmp_path / "made.pdf"
    done = run("evidence", identifier, "--output", str(path), "--zone", "Asia/Tokyo", **asks)
    assert done.returncode == 0, done.stderr
    checked = check(path.read_bytes())
    assert checked.is_right
    assert checked.document.zone == "Asia/Tokyo"
    assert checked.document.delivery_id == identifier
    assert run("verify", str(path)).returncode == 0
    queue_id = checked.document.queue_id
    done = run("evidence", queue_id, "--format", "json", "--no-subject", **asks)
    document = check(done.stdout).document
    assert document.subject == ""
    assert document.zone == "Europe/Berlin"
    done = run("evidence", identifier, "--format", "text", "--language", "de", **asks)
    assert done.returncode == 0
    assert document.queue_id in done.stdout.decode()
    assert run("evidence", "0" * 24, **asks).returncode == 1
    assert run("evidence", "no-such-id", **asks).returncode == 1
    assert run("evidence", identifier, "--zone", "Mars", **asks).returncode == 2
    assert run("evidence", identifier, "--language", "xx", **asks).returncode == 2
    assert run("evidence", identifier, "--output", "/nowhere/x.pdf", **asks).returncode == 3


def test_one_of_several_recipients_has_to_be_named(run, served: Served):
    """A queue id of a message to three does not say which of them is meant."""
    with served.administrator() as root:
        row = root.get(f"/deliveries/{served.ids['copy of carl']}").json()["delivery"]
    done = run("evidence", row["queue_id"], "--format", "json", POSTROAD_HOME=str(served.home))
    assert done.returncode == 1
    assert b"several recipients" in done.stderr


def test_a_long_message_is_cut_and_says_so():
    """Of a thousand lines the first and the last go in; the others are counted in the document."""
    document = check(sealed(detail(lines=1000))).document
    assert len(document.log_lines) == 300
    assert document.log_lines[0].text.endswith(" 0")
    assert document.log_lines[-1].text.endswith(" 999")
    assert any("700" in each for each in document.statement.masked)
