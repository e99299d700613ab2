"""Runs the real command in an empty home directory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

#: The installed command, beside the Python that runs the tests.
POSTROAD = Path(sys.executable).with_name("postroad")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(home: Path) -> Run:
    """Run `postroad` with these arguments; output as text, nothing on standard input."""

    def run(*arguments: str, stdin: str = "", timeout: float = 60) -> subprocess.CompletedProcess:
        return subprocess.run(
            [POSTROAD, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=home,
            timeout=timeout,
            check=False,
        )

    return run
