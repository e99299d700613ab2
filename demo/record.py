"""Records the sample logs: `python -m demo.record`, as root, from the top of the repository.

Plays `traffic.py` to a real Exim and a real Postfix (see tests/servers), which takes some minutes,
and keeps what they logged in logs/. Their clock is libfaketime's: a week passes while they run.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.servers import yard

LOGS = Path(__file__).parent / "logs"

#: File of the demo, and where a run leaves it. Postfix's lines come through rsyslog.
FILES = {
    "mx1/mainlog": "exim/mainlog",
    "mx1/rejectlog": "exim/rejectlog",
    "mx2/mail.log": "postfix/rfc3339.log",
}

#: Seconds that a week takes at most.
_LIMIT = 1800


def main() -> int:
    """Record, and replace what was recorded before."""
    if reason := yard.why_not():
        sys.stderr.write(f"The servers cannot run here: {reason}.\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        yard.run(Path(folder), "demo.traffic", _LIMIT)
        shutil.rmtree(LOGS, ignore_errors=True)
        for target, source in FILES.items():
            (LOGS / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(folder) / source, LOGS / target)
    for target in FILES:
        lines = (LOGS / target).read_bytes().count(b"\n")
        sys.stdout.write(f"{lines:>6} lines in {LOGS / target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
