"""The home directory: closed to others, and with room to grow."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from collections.abc import Iterator

from postroad.config import Settings
from postroad.doctor.finding import Finding, Level

#: Octets below which free space is worth a look.
_LITTLE = 1_000_000_000


def findings(settings: Settings) -> Iterator[Finding]:
    """Who may look into the home directory, how much room there is, and which zone is meant."""
    try:
        found = settings.home.stat()
        room = shutil.disk_usage(settings.home).free
    except OSError as error:
        yield Finding(
            level=Level.ERROR,
            title=f"The home directory {settings.home} cannot be looked at ({error.strerror})",
            detail="Set POSTROAD_HOME to a directory that postroad may write to.",
        )
        return
    yield _mode(settings, found)
    yield _room(settings, room)
    yield Finding(
        level=Level.OK,
        title=f"Dates in the log that name no zone are taken for {settings.timezone}",
        detail="If times are off by whole hours, set `timezone` and import the log again.",
    )


def _mode(settings: Settings, found: os.stat_result) -> Finding:
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding(
            level=Level.ERROR,
            title=f"Others may look into {settings.home}, where everybody's mail is listed",
            detail=f"chmod 700 {settings.home}",
        )
    return Finding(
        level=Level.OK,
        title=f"Only {user_name(found.st_uid)} may look into {settings.home}",
    )


def _room(settings: Settings, room: int) -> Finding:
    free = f"{room / 1e9:.1f} GB are free where {settings.home} lies"
    if room >= _LITTLE:
        return Finding(level=Level.OK, title=free)
    return Finding(
        level=Level.WARN,
        title=f"Only {free}",
        detail="A million deliveries take about 0.1 GB with their log lines. Make room, or keep "
        "mail for fewer days (`retention_days`).",
    )


def user_name(number: int) -> str:
    """The name of the user with this number, or the number."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def user_name_of_this_process() -> str:
    """The name of the user that this runs as."""
    return user_name(os.geteuid())
