"""Where the older parts of a log are: the names that rotation gives to them.

Known are numbers and dates behind the name or before its extension, packed or not, in the same
directory or one below it: `mainlog.1`, `mail.log.2.gz`, `mail.log-20260101.xz`,
`mail-20260101.log`, `old/mail.log-20260101` (logrotate(8): dateext, extension, olddir;
newsyslog(8); exicyclog(8)).
"""

from __future__ import annotations

import re
from pathlib import Path

_SERIAL = r"[-._]\d[-._:T\d]*"
_PACKED = r"(?:\.(?:gz|bz2|xz|zst))?"
_TAKEN_AWAY = re.compile(rf"{_SERIAL}(?:\.[a-z]+)?{_PACKED}$", re.ASCII)


def older(log: Path) -> list[Path]:
    """Files that may hold older parts of this log, or a copy of it."""
    return sorted({each for place in {log, log.resolve()} for each in _older(place)})


def is_older_name(path: Path) -> bool:
    """Whether a name looks like one that rotation gives."""
    return _TAKEN_AWAY.search(path.name) is not None


def _older(log: Path) -> list[Path]:
    stem, suffix = re.escape(log.stem), re.escape(log.suffix)
    pattern = re.compile(f"{stem}(?:{suffix}{_SERIAL}|{_SERIAL}{suffix}){_PACKED}", re.ASCII)
    found = []
    for directory in (log.parent, *_inside(log.parent)):
        try:
            names = [each for each in directory.iterdir() if pattern.fullmatch(each.name)]
        except OSError:
            continue
        found += [each for each in names if each.is_file()]
    return found


def _inside(directory: Path) -> list[Path]:
    try:
        return [each for each in directory.iterdir() if each.is_dir()]
    except OSError:
        return []
