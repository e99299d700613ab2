"""A process that looks for reports that are due, and sends them, until it is killed.

Arguments: its folder, and the port of the mail server. It says `ready` before it looks, and `done`
when a look has found nothing more to do.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.reports import traffic
from tests.reports.conftest import House

from postroad.store import Store


def main() -> None:
    """Look at the morning of the first, again and again."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    with Store.open(f"chdb://{folder}/store") as store:
        house = House(store, folder, port, traffic.MORNING)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        house.round()
        house.round()
        sys.stdout.write("done\n")
        sys.stdout.flush()
        sys.stdin.readline()
        house.close()


if __name__ == "__main__":
    main()
