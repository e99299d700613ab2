"""The sample logs of the demo: bearable to publish, and true wherever they are moved in time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from demo import prepare
from demo.shift import last_day, shifted

LOGS = sorted(path for path in prepare.LOGS.rglob("*") if path.is_file())
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"

every_log = pytest.mark.parametrize("log", LOGS, ids=lambda path: path.name)


def _read(log: Path) -> str:
    return log.read_text("utf-8", "surrogateescape")


@every_log
def test_only_reserved_names_and_addresses(log: Path) -> None:
    """Whoever reads the samples reads of nobody: example names and documentation addresses only."""
    text = _read(log)
    domains = {found.lower() for found in re.findall(r"@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)", text)}
    addresses = set(re.findall(r"\[(\d+\.\d+\.\d+\.\d+)\]", text))
    reserved = ("192.0.2.", "198.51.100.", "203.0.113.", "127.0.0.")

    assert [] == [name for name in domains if not name.endswith((".example", "example.com"))]
    assert [] == [address for address in addresses if not address.startswith(reserved)]


@every_log
@pytest.mark.parametrize("days", [1, 7, 365, -400])
def test_there_and_back_again_changes_nothing(log: Path, days: int) -> None:
    """Moving a log and moving it back gives every byte as it was recorded."""
    text = _read(log)

    assert text != shifted(text, days)
    assert text == shifted(shifted(text, days), -days)


@pytest.mark.parametrize("days", [0, 100, -31])
def test_ids_agree_with_the_times_of_their_lines(days: int) -> None:
    """An arrival's id, Exim's or Postfix's, encodes the second at which its line was written."""
    exim = shifted(_read(prepare.LOGS / "mx1/mainlog"), days)
    postfix = shifted(_read(prepare.LOGS / "mx2/mail.log"), days)
    told = [
        (found[1], found[2], _BASE62)
        for found in re.finditer(r"^(\S+ [\d:]+)\S* (\w{6})-\w{6}-\w\w <= ", exim, re.MULTILINE)
    ]
    told += [
        (found[1], found[2], _BASE52)
        for found in re.finditer(
            r"^([\d-]+T[\d:]+)\S+ mx2 postfix/smtpd\[\d+\]: (\w{6})\w+: client=",
            postfix,
            re.MULTILINE,
        )
    ]
    apart = [
        abs(datetime.fromisoformat(f"{stamp}+00:00").timestamp() - _number(digits, alphabet))
        for stamp, digits, alphabet in told
    ]

    assert len(apart) > 300
    assert max(apart) <= 5


def test_prepared_logs_end_yesterday(tmp_path: Path) -> None:
    """The last day of the samples is the one before the day on which they are prepared."""
    today = date(2031, 3, 1)

    written = prepare.prepare(tmp_path, today)

    assert len(LOGS) == len(written)
    assert date(2031, 2, 28) == last_day([_read(path) for path in written])


def test_command_names_files_and_searches(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """`python -m demo.prepare` says what it wrote and what to ask."""
    assert 0 == prepare.main([str(tmp_path)])
    said = capsys.readouterr().out

    assert str(tmp_path / "mx1/mainlog") in said
    assert said.count("postroad search") == 3
    yesterday = last_day([_read(path) for path in tmp_path.rglob("*") if path.is_file()])
    assert 1 == (datetime.now(UTC).date() - yesterday).days


def _number(digits: str, alphabet: str) -> int:
    number = 0
    for digit in digits:
        number = number * len(alphabet) + alphabet.index(digit)
    return number
