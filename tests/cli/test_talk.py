"""What every command has in common: help, sentences instead of tracebacks, exit statuses."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from postroad import __version__

VERBS = (
    "import",
    "follow",
    "serve",
    "receipt",
    "search",
    "export",
    "show",
    "evidence",
    "verify",
    "report",
    "doctor",
    "trace",
    "deliverability",
    "source",
    "source list",
    "source unknown",
    "user",
    "user list",
    "user add",
    "user change",
    "user remove",
    "token",
    "token list",
    "token add",
    "token remove",
)


def test_version(run):
    """`--version` prints the version on stdout."""
    done = run("--version")

    assert (done.returncode, done.stdout) == (0, f"postroad {__version__}\n")


def test_help_names_every_verb(run):
    """`postroad --help` lists the verbs with a phrase each that is not cut."""
    text = run("--help").stdout
    listed = re.search(r"Commands:\n((?:  .*\n)+)", text)[1]

    assert {verb.split()[0] for verb in VERBS} == set(re.findall(r"^  (\w+)", listed, re.MULTILINE))
    assert "..." not in listed


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_examples_and_exit_statuses(run, verb: str):
    """The help of every verb ends with examples of that verb and with exit statuses."""
    done = run(*verb.split(), "--help")

    assert done.returncode == 0
    assert f"postroad {verb.split()[0]}" in done.stdout.partition("Examples:")[2]
    assert "  0   " in done.stdout.partition("Exit status:")[2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--set", "retention_day=3", "search"), "nearest known one is `retention_days`"),
        (("--set", "retention_days", "search"), "NAME=VALUE"),
        (("--set", "timezone=Mars/X", "search"), "Mars/X"),
        (("--config", "/nowhere/x.toml", "search"), "/nowhere/x.toml"),
        (("follow",), "nothing to follow"),
        (("import", "-", "a"), "Standard input"),
        (("user", "add", "shop", "--kind", "owner", "--no-password"), "at least one domain"),
        (("user", "change", "shop"), "Nothing to change"),
        (("user", "add", "a@b.example", "--kind", "mailbox"), "standard input, which is empty"),
        (("search", "--limit", "-1"), "--limit"),
        (("search", "--format", "xml"), "--format"),
        (("serch",), "serch"),
    ],
)
def test_wrong_arguments(run, arguments: tuple[str, ...], sentence: str):
    """An argument or setting that cannot be used ends with status 2 and a sentence about it."""
    done = run(*arguments)

    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_remote_that_does_not_answer(postroad):
    """A server that does not answer is named, with status 6."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    postroad.environ["POSTROAD_SERVER"] = f"http://127.0.0.1:{port}"

    done = postroad.run("search")

    assert done.returncode == 6
    assert f"http://127.0.0.1:{port} does not answer" in done.stderr


def test_home_that_cannot_be_made(run, tmp_path: Path):
    """A home directory that cannot be created is told with its name."""
    (tmp_path / "file").touch()

    done = run("--home", str(tmp_path / "file" / "x"), "search")

    assert done.returncode == 2
    assert str(tmp_path / "file" / "x") in done.stderr


def test_error_that_was_not_foreseen(postroad, tmp_path: Path):
    """An error in postroad itself is told in a sentence that names the file with its details."""
    (tmp_path / "rich.py").write_text("raise LookupError('a bug')")
    postroad.environ["PYTHONPATH"] = str(tmp_path)

    done = postroad.run("search")

    assert done.returncode == 70
    assert "Traceback" not in done.stderr
    details = Path(re.search(r"/\S+\.txt", done.stderr)[0])
    assert "LookupError: a bug" in details.read_text()
    assert details.stat().st_mode & 0o777 == 0o600
    details.unlink()
