"""`postroad follow` and `serve`: lines become rows while they run; `doctor` and `source` tell of it."""

from __future__ import annotations

import json
import time
from pathlib import Path

from .conftest import LOGS, free_port, wait

KEEP = ("--set", "retention_days=36500")


def recipients(postroad) -> list[str]:
    """Recipients of everything in the store."""
    done = postroad.run("search", "--limit", "0")
    return sorted(json.loads(line)["recipient"] for line in done.stdout.splitlines())


def test_follow_reads_what_is_appended(postroad, tmp_path: Path):
    """Lines that are appended are found by a search meanwhile, and still after the end."""
    lines = (LOGS / "mail.log").read_text().splitlines(keepends=True)
    log = tmp_path / "mail.log"
    log.write_text("".join(lines[:5]))

    with postroad.running(*KEEP, "follow", "--host", "mx2", log):
        assert wait(lambda: len(recipients(postroad)) == 1)
        with log.open("a") as file:
            file.writelines(lines[5:])
        assert wait(lambda: len(recipients(postroad)) == 6)

    assert len(recipients(postroad)) == 6


def test_serve_follows_its_sources(postroad, tmp_path: Path):
    """`serve` reads the sources of the settings file; `source` and `doctor` say how far."""
    log = tmp_path / "mail.log"
    log.write_text((LOGS / "mail.log").read_text())
    settings = postroad.home / "p" / "postroad.toml"
    settings.parent.mkdir(mode=0o700)
    settings.write_text(f'retention_days = 36500\n[[sources]]\npath = "{log}"\nname = "mx2"\n')

    with postroad.running("serve", "--listen", free_port()):
        assert wait(lambda: len(recipients(postroad)) == 6)
        time.sleep(1)
        sources = postroad.run("source")
        (row,) = (json.loads(line) for line in sources.stdout.splitlines())
        doctor = postroad.run("doctor")

    assert (row["lines"], row["unknown"]) == (30, 0)
    assert doctor.returncode == 0, doctor.stdout
    findings = [json.loads(line) for line in doctor.stdout.splitlines()]
    assert any("30 lines, all understood" in each["title"] for each in findings)
    assert any("can be read" in each["title"] for each in findings)


def test_doctor_in_a_terminal(postroad):
    """For people the doctor writes a word, a title and advice; what is wrong means status 1."""
    shown = postroad.run_in_terminal("doctor")
    assert "look" in shown
    assert "Nothing was read yet" in shown

    (postroad.home / "p").chmod(0o755)
    done = postroad.run("doctor", "--format", "table")
    assert done.returncode == 1
    assert "chmod 700" in done.stdout


def test_unknown_lines_are_shown(postroad, tmp_path: Path):
    """Lines that no parser understood are counted, and a sample of them is shown."""
    log = tmp_path / "mainlog"
    log.write_text((LOGS / "mainlog").read_text() + "2026-03-02 09:59:00.000 blue moon over mx1\n")
    read = postroad.run(*KEEP, "import", "--timezone", "UTC", log)
    assert json.loads(read.stdout)["unknown"] == 1

    done = postroad.run(*KEEP, "source", "unknown")

    assert "blue moon over mx1" in done.stdout
