"""The sources as they are: what was read of each, how it is being read now, and what is missing."""

from __future__ import annotations

import msgspec

from postroad import queries
from postroad.ingest import Health, Status
from postroad.model import when
from postroad.model.coverage import Gap, GapKind
from postroad.model.scope import Scope
from postroad.services.answers import Services

#: How far back gaps are looked for, and how many of one source are told.
_BACK, _MOST = 30 * when.DAY, 20


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """One source, of one host."""

    name: str
    host: str
    #: What it reads: a path, matches of the journal or peers; empty for an import.
    path: str = ""
    #: The server whose log it is, as it was set or told from the lines; empty if not known now.
    server: str = ""
    #: Zone of dates that name none; empty for an import.
    zone: str = ""
    is_followed: bool = False
    #: First and last minute that its lines speak of; 0 if nothing was read yet.
    first_at: int = 0
    newest_at: int = 0
    lines: int = 0
    understood: int = 0
    noise: int = 0
    unknown: int = 0
    #: Octets that are there and were not read yet.
    behind: int = 0
    #: Messages received since the start; None where none are.
    received: int | None = None
    #: Messages that were dropped for want of room, and such that were cut, as far as is known.
    dropped: int = 0
    cut: int = 0
    problems: list[str] = []
    notes: list[str] = []
    #: The latest first.
    gaps: list[Gap] = []


class SourceStates(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, those with the newest lines first, and what hinders reading as such."""

    sources: list[SourceState]
    problems: list[str]


def states(services: Services, scope: Scope) -> SourceStates:
    """Every source. Raises `AccessError` unless administrator."""
    health = services.follower.health() if services.follower else Health()
    followed = {each.name: each for each in health.sources}
    gaps: dict[str, list[Gap]] = {}
    now = services.now()
    for gap in queries.gaps(
        services.store, scope, since=now - _BACK, until=0, alive=followed, now=now
    ):
        gaps.setdefault(gap.source, []).append(gap)
    read = sorted(queries.sources(services.store, scope), key=lambda each: -each.newest_at)
    found = [_state(each, followed.get(each.source), gaps.get(each.source, [])) for each in read]
    seen = {each.source for each in read}
    found += [
        _state(None, each, gaps.get(name, []))
        for name, each in followed.items()
        if name not in seen
    ]
    problems = [*([health.problem] if health.problem else []), *health.hindered]
    return SourceStates(sources=found, problems=problems)


def _state(read: queries.Source | None, status: Status | None, gaps: list[Gap]) -> SourceState:
    host = read.host if read else status.host if status else ""
    # A silence is one host's; what a reader noticed is the source's.
    gaps = [gap for gap in gaps if gap.kind is not GapKind.SILENT or gap.host == host]
    dropped = sum(gap.lost for gap in gaps if gap.kind is GapKind.DROPPED)
    state = SourceState(
        name=read.source if read else status.name if status else "",
        host=host,
        dropped=dropped,
        gaps=gaps[:_MOST],
    )
    if read:
        state = msgspec.structs.replace(
            state,
            first_at=read.first_at,
            newest_at=read.newest_at,
            lines=read.lines,
            understood=read.understood,
            noise=read.noise,
            unknown=read.unknown,
        )
    if status:
        state = msgspec.structs.replace(
            state,
            path=status.path,
            server=status.server,
            zone=status.zone,
            is_followed=True,
            behind=status.behind,
            received=status.received,
            dropped=max(dropped, status.dropped),
            cut=status.cut,
            problems=status.problems,
            notes=status.notes,
        )
    return state
