"""One run for all tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.servers import yard

from . import packages, run


@dataclass(frozen=True)
class Run:
    """What a run left: the folder of its logs, and the truth."""

    folder: Path
    truth: dict[str, Any]


@pytest.fixture(scope="session")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Mail servers and mailbox servers took a message for everyone."""
    if reason := yard.why_not():
        pytest.skip(reason)
    try:
        packages.unpacked()
    except packages.PackagesMissing as missing:
        pytest.skip(str(missing))
    folder = tmp_path_factory.mktemp("landing")
    return Run(folder, run.run(folder))
