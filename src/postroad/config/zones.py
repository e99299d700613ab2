"""Zones by name, and the machine's own."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

from postroad.errors import ConfigError


def zone(name: str, where: str) -> ZoneInfo:
    """The zone of this name. Raises `ConfigError`; `where` tells whose value it is."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise _unknown_zone(name, where) from error


def system_zone(root: Path = Path("/")) -> str:
    """Name of the machine's zone: where `/etc/localtime` leads, else what `/etc/timezone` says.

    "UTC" where neither names a known zone.
    """
    link = os.path.realpath(root / "etc/localtime")
    _, found, linked = link.partition("/zoneinfo/")
    try:
        written = (root / "etc/timezone").read_text().strip()
    except (OSError, UnicodeDecodeError):
        written = ""
    for name in (linked if found else "", written):
        try:
            if name:
                return ZoneInfo(name).key
        except (OSError, ValueError, KeyError):
            continue
    return "UTC"


def _unknown_zone(name: str, where: str) -> ConfigError:
    message = (
        f"{where[0].upper()}{where[1:]} names the zone {name!r}, which is not known. "
        "Zones are named as in Europe/Berlin or UTC."
    )
    return ConfigError(message)
