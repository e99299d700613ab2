"""What is read: whether the sources are there and readable, how far and how well they were read."""

from __future__ import annotations

import grp
import os
from collections.abc import Iterator
from pathlib import Path

from postroad import queries
from postroad.config import Settings
from postroad.config import Source as Configured
from postroad.doctor import received
from postroad.doctor.finding import Finding, Level
from postroad.doctor.home import user_name, user_name_of_this_process
from postroad.model import when
from postroad.model.scope import Scope
from postroad.sources.find import find
from postroad.store import Store

#: Where Debian, Red Hat, cPanel and FreeBSD keep their mail logs.
_USUAL = (
    "/var/log/exim4/mainlog",
    "/var/log/exim/main.log",
    "/var/log/exim/mainlog",
    "/var/log/exim_mainlog",
    "/var/log/mail.log",
    "/var/log/maillog",
    "/var/log/postfix.log",
)
#: How many sources are told of one by one; imports of years of archives have thousands.
_TOLD = 20
#: One unknown line in so many is worth a look.
_FEW = 1000


def of_sources(settings: Settings) -> Iterator[Finding]:
    """Whether what is to be followed is there and may be read."""
    for source in settings.sources:
        if source.journal:
            yield from received.of_journal(source)
        elif source.path:
            yield from _source(source)
    yield from received.of_syslog(settings)
    if not settings.follows:
        yield _nothing_configured(settings)


def of_store(settings: Settings, store: Store, scope: Scope, *, now: int) -> Iterator[Finding]:
    """What was read, up to when, and how much of it was understood."""
    read = sorted(queries.sources(store, scope), key=lambda each: -each.newest_at)
    for each in read[:_TOLD]:
        yield _read(each, settings, now)
    if len(read) > _TOLD:
        yield _rest(read[_TOLD:])
    yield from received.of_gaps(settings, store, scope, now=now)
    if not read:
        yield Finding(
            level=Level.WARN,
            title="Nothing was read yet",
            detail="postroad import PATH reads what is there; sources in the settings file are "
            "read by postroad serve.",
        )


def _source(source: Configured) -> Iterator[Finding]:
    found = find([source.path])
    for problem in found.problems:
        yield Finding(level=Level.ERROR, title=problem.rstrip("."))
    paths = [each.path for each in found.files]
    for path in paths:
        if not _is_readable(path):
            yield _closed(path)
    readable = [path for path in paths if _is_readable(path)]
    if readable:
        count = f", {len(readable)} files" if len(readable) > 1 else ""
        yield Finding(level=Level.OK, title=f"{source.path} can be read{count}")
    elif not paths and not found.problems:
        yield Finding(
            level=Level.ERROR,
            title=f"{source.path} leads to no log",
            detail="It will be read when it appears. Is the path in the settings file right?",
        )


def _is_readable(path: Path) -> bool:
    return os.access(path, os.R_OK, effective_ids=True)


def _closed(path: Path) -> Finding:
    me = user_name_of_this_process()
    try:
        found = path.stat()
        group = grp.getgrgid(found.st_gid).gr_name
    except (OSError, KeyError):
        return Finding(level=Level.ERROR, title=f"{path} may not be read by {me}")
    mode = found.st_mode & 0o777
    owner = f"It belongs to {user_name(found.st_uid)}:{group}, mode {mode:03o}."
    advice = f"\nadduser {me} {group}, and start postroad again" if mode & 0o040 else ""
    return Finding(
        level=Level.ERROR, title=f"{path} may not be read by {me}", detail=owner + advice
    )


def _nothing_configured(settings: Settings) -> Finding:
    here = [path for path in _USUAL if Path(path).exists()]
    tables = "\n".join(f'[[sources]]\npath = "{path}"' for path in here)
    return Finding(
        level=Level.WARN,
        title="No sources are configured, so nothing is followed",
        detail=f"Put into {settings.home / 'postroad.toml'}:\n{tables}"
        if here
        else "No mail log was found where it usually lies; list [[sources]] in the settings file.",
    )


def _read(each: queries.Source, settings: Settings, now: int) -> Finding:
    until = when.local(each.newest_at, settings.zone)
    name = each.source if each.host in ("", each.source) else f"{each.source} of {each.host}"
    title = (
        f"{name}: read up to {until} ({when.named(settings.zone, each.newest_at)}), "
        f"{_understood(each)}"
    )
    if each.newest_at > now + when.HOUR // 4:
        return Finding(
            level=Level.WARN,
            title=title,
            detail=f"That is {when.length(each.newest_at - now)} in the future: its zone is "
            f"probably not {settings.timezone}. Set `timezone` for this source and read it again.",
        )
    if each.unknown * _FEW > each.lines:
        return Finding(
            level=Level.WARN,
            title=title,
            detail="postroad source unknown --mask shows a sample without names; please report it.",
        )
    return Finding(level=Level.OK, title=title)


def _rest(read: list[queries.Source]) -> Finding:
    lines = sum(each.lines for each in read)
    unknown = sum(each.unknown for each in read)
    return Finding(
        level=Level.WARN if unknown * _FEW > lines else Level.OK,
        title=f"{len(read)} more sources: {lines:,} lines, {unknown:,} not understood",
    )


def _understood(each: queries.Source) -> str:
    if not each.unknown:
        return f"{each.lines:,} lines, all understood"
    share = 100 * (1 - each.unknown / each.lines)
    return f"{each.lines:,} lines, {min(share, 99.999):.3f} % understood"
