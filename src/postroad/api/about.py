"""About this postroad itself: that it runs, who asks, what was read and what was not understood."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import Parameter

import postroad
from postroad import doctor, queries
from postroad.api import shapes
from postroad.api.asking import TIME, Asking, Served, Zone, administrators
from postroad.api.errors import documented
from postroad.model import question, when
from postroad.model.coverage import Gap
from postroad.services import HIGHEST_LIMIT, USUAL_LIMIT, sourced

TAGS = ["Server"]
_HOUR, _DAY = 3600, 86400


@get("/health", tags=TAGS, security=[{}], opt={"open": True})
async def health() -> shapes.Health:
    """That it runs. Needs no sign-in."""
    return shapes.Health(status="ok", version=postroad.__version__)


@get("/status", tags=TAGS, responses=documented())
async def status(viewer: Asking, services: Served) -> shapes.Status:
    """What this postroad is, and who is asking."""
    return shapes.Status(
        version=postroad.__version__,
        account=viewer.name,
        kind=shapes.kind_word(viewer.kind),
        retention_days=services.settings.retention_days,
        timezone=services.settings.timezone,
        now=when.rfc3339(services.now()),
        started_at=when.rfc3339(services.started_at),
    )


@get("/sources", tags=TAGS, responses=documented(403), sync_to_thread=True, guards=[administrators])
def sources(viewer: Asking, services: Served) -> shapes.Sources:
    """What was read, source by source, and what hinders reading. For administrators."""
    found = sourced.states(services, viewer.scope)
    return shapes.Sources(
        sources=[_source(each) for each in found.sources], problems=found.problems
    )


@get(
    "/coverage", tags=TAGS, responses=documented(403), sync_to_thread=True, guards=[administrators]
)
def coverage(
    *,
    viewer: Asking,
    services: Served,
    zone: Zone,
    since: Annotated[str, Parameter(description=f"At or after this time. {TIME}")] = "7d",
    until: Annotated[str, Parameter(description=f"Before this time. {TIME}")] = "",
    step: Annotated[
        int, Parameter(ge=60, le=_DAY, description="Seconds that are summed up.")
    ] = _HOUR,
) -> shapes.Coverage:
    """What was read, and how much of it was understood, over time. For administrators."""
    period = question.ask({"since": since, "until": until}, now=services.now(), zone=zone)
    found = queries.coverage(
        services.store,
        viewer.scope,
        since=period.since,
        until=period.until,
        step=step * when.SECOND,
    )
    return shapes.Coverage(
        step_seconds=step,
        coverage=[
            shapes.CoverageStep(
                source=each.source,
                host=each.host,
                start=when.rfc3339(each.minute),
                lines=each.lines,
                understood=each.understood,
                noise=each.noise,
                unknown=each.unknown,
            )
            for each in found
        ],
        gaps=[
            _gap(each)
            for each in queries.gaps(
                services.store, viewer.scope, since=period.since, until=period.until
            )
        ],
    )


@get("/unknown", tags=TAGS, responses=documented(403), sync_to_thread=True, guards=[administrators])
def unknown(
    viewer: Asking,
    services: Served,
    limit: Annotated[
        int, Parameter(ge=1, le=HIGHEST_LIMIT, description="How many lines at most.")
    ] = USUAL_LIMIT,
    *,
    mask: Annotated[
        bool,
        Parameter(
            description="Replace addresses, hosts, ids and subjects, so that the lines can be "
            "sent to others."
        ),
    ] = False,
) -> shapes.Unknown:
    """A sample of lines that were not understood. For administrators."""
    found = [
        each for kind in queries.unknown(services.store, viewer.scope) for each in kind.examples
    ]
    if mask:
        found = queries.disguised(found)
    lines = [
        shapes.UnknownLine(
            source=each.source,
            host=each.host,
            at=when.rfc3339(each.at),
            shape=each.shape,
            position=each.position,
            text=each.text,
        )
        for each in found[:limit]
    ]
    return shapes.Unknown(unknown=lines)


@get("/doctor", tags=TAGS, responses=documented(403), sync_to_thread=True, guards=[administrators])
def examine(viewer: Asking, services: Served) -> shapes.Findings:
    """What is well, what is not, and what to do about it. For administrators."""
    found = doctor.examine(services.settings, services.store, viewer.scope, now=services.now())
    return shapes.Findings(
        findings=[
            shapes.Finding(level=each.level.value, title=each.title, detail=each.detail)
            for each in (*found, *services.delivering.findings())
        ]
    )


def _source(each: sourced.SourceState) -> shapes.Source:
    return shapes.Source(
        name=each.name,
        host=each.host,
        path=each.path,
        server=each.server,
        zone=each.zone,
        followed=each.is_followed,
        read_since=when.rfc3339(each.first_at) if each.newest_at else None,
        read_until=when.rfc3339(each.newest_at) if each.newest_at else None,
        lines=each.lines,
        understood=each.understood,
        noise=each.noise,
        unknown=each.unknown,
        behind=each.behind,
        received=each.received,
        dropped=each.dropped,
        cut=each.cut,
        problems=each.problems,
        notes=each.notes,
        gaps=[_gap(gap) for gap in each.gaps],
    )


def _gap(gap: Gap) -> shapes.Gap:
    return shapes.Gap(
        source=gap.source,
        host=gap.host,
        kind=gap.kind.value,
        since=when.rfc3339(gap.since),
        until=when.rfc3339(gap.until),
        lost=gap.lost,
        text=str(queries.in_words(gap, gap.source)),
    )
