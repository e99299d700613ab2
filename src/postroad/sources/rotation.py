"""Where the older parts of a log are: the names that rotation gives to them.

Known are numbers and dates behind the name or before its extension, packed or not, in the same
directory or one below it: `mainlog.1`, `mail.log.2.gz`, `mail.log-20260101.xz`,
`mail-20260101.log`, `old/mail.log-20260101` (logrotate(8): dateext, extension, olddir;
newsyslog(8); exicyclog(8)); and `@4000....s` or `.u` beside `current` (multilog(8)).
"""

from __future__ import annotations

import re
from pathlib import Path

_SERIAL = r"[-._]\d[-._:T\d]*"
_PACKED = r"(?:\.(?:gz|bz2|xz|zst))?"
#: multilog(8): the time of the last line, and whether the file was safely written.
_MULTILOG = re.compile(rf"@[0-9a-f]{{24}}\.[su]{_PACKED}", re.ASCII)
_CURRENT = "current"
_NAME = re.compile(r"[^\W\d_]+(?:[-_][^\W\d_]+)*")
_TAKEN_AWAY = re.compile(rf"{_SERIAL}(?:\.[a-z]+)?{_PACKED}$", re.ASCII)


def older(log: Path) -> list[Path]:
    """Files that may hold older parts of this log, or a copy of it."""
    return sorted({each for place in {log, log.resolve()} for each in _older(place)})


def is_older_name(path: Path) -> bool:
    """Whether a name looks like one that rotation gives."""
    return bool(_TAKEN_AWAY.search(path.name) or _MULTILOG.fullmatch(path.name))


def family(path: str) -> str:
    """What the parts of one log have in common: their directory, and how their names begin."""
    directory, slash, name = path.rpartition("/")
    if _MULTILOG.fullmatch(name):
        name = _CURRENT
    found = _NAME.match(name)
    return directory + slash + (found[0] if found else "")


def _older(log: Path) -> list[Path]:
    stem, suffix = re.escape(log.stem), re.escape(log.suffix)
    pattern = re.compile(f"{stem}(?:{suffix}{_SERIAL}|{_SERIAL}{suffix}){_PACKED}", re.ASCII)
    if log.name == _CURRENT:
        pattern = _MULTILOG
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
