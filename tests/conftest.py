"""What tests of every room share: an empty home, and what a missing thing means.

A test that needs a server, a browser or a package asks `need()`. On a laptop it is skipped with the
reason; where `CI` is set it fails, as does any other skip. Only the logs that other projects test
themselves with, which stand beside the repository and not in it, may be absent everywhere.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

#: Fixtures of every room that has pages.
from tests.browser import browser, open_page

from postroad.store import Store

__all__ = ["browser", "open_page"]

ROOT = Path(__file__).resolve().parent.parent
CORPORA = ROOT.parent / "shared" / "corpora"
#: What the reason of a skip names that is allowed everywhere.
ABSENT_CORPORA = "corpora"


@pytest.fixture(scope="session")
def need() -> Callable[[str, str], Path]:
    """Find a program by name, or skip (in CI: fail) naming the Debian package that has it."""
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])

    def find(program: str, package: str = "") -> Path:
        if found := shutil.which(program, path=search):
            return Path(found)
        pytest.skip(f"{program} is not installed (Debian package {package or program})")

    return find


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Find the logs that other projects test themselves with; without them the test is skipped."""
    if not CORPORA.is_dir():
        pytest.skip(f"there are no logs of other projects in {CORPORA}")
    return CORPORA


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test an empty home directory and an environment without settings."""
    for variable in list(os.environ):
        if variable.startswith("POSTROAD_"):
            monkeypatch.delenv(variable)
    empty = tmp_path / "home"
    empty.mkdir()
    monkeypatch.setenv("HOME", str(empty))
    monkeypatch.setenv("POSTROAD_HOME", str(empty / "postroad"))
    return empty


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open an empty embedded store.

    A process has room for one engine path at a time, so no fixture may hold a store for longer
    than one test.
    """
    with Store.open(f"chdb://{tmp_path}/store") as opened:
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn a skipped test into a failure where CI is set."""
    report = yield
    if not hasattr(report, "wasxfail"):
        _fail_if_skipped(report, item.nodeid)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Turn a skipped file into an error where CI is set."""
    report = yield
    _fail_if_skipped(report, collector.nodeid)
    return report


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport, name: str) -> None:
    if os.environ.get("CI") and report.skipped:
        _, _, reason = report.longrepr
        if ABSENT_CORPORA not in reason:
            report.outcome = "failed"
            report.longrepr = f"{name}: skipped, which CI does not allow: {reason}"
