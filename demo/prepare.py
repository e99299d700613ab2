"""Makes the sample logs ready for the demo: `python -m demo.prepare FOLDER`.

Writes logs/ into the folder, moved in time so that they end yesterday (see `shift.py`), because
postroad keeps a month and people ask for "since yesterday". Prints the searches worth trying.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from demo.shift import last_day, shifted

HERE = Path(__file__).parent
LOGS = HERE / "logs"


def prepare(folder: Path, today: date) -> list[Path]:
    """Write the logs, the last day of which becomes the one before today; returns the files."""
    texts = {
        path.relative_to(LOGS): path.read_text("utf-8", "surrogateescape")
        for path in sorted(LOGS.rglob("*"))
        if path.is_file()
    }
    days = (today - timedelta(days=1) - last_day(list(texts.values()))).days
    written = []
    for name, text in texts.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(shifted(text, days), "utf-8", "surrogateescape")
        written.append(target)
    return written


def main(arguments: list[str] | None = None) -> int:
    """Prepare the logs in the folder that is named, and say what to do with them."""
    parser = argparse.ArgumentParser(prog="demo.prepare", description=prepare.__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    for path in prepare(folder, datetime.now(UTC).date()):
        sys.stdout.write(f"{path}\n")
    for search in tomllib.loads((HERE / "demo.toml").read_text())["searches"]:
        sys.stdout.write(f"postroad {search['run']:<50} # {search['tells']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
