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
from postroad.services import HIGHEST_LIMIT, USUAL_LIMIT

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
    health = services.follower.health() if services.follower else None
    hindered = {each.name: each.problems for each in health.sources} if health else {}
    found = [
        shapes.Source(
            name=each.source,
            host=each.host,
            followed=each.source in hindered,
            read_since=when.rfc3339(each.first_at),
            read_until=when.rfc3339(each.newest_at),
            lines=each.lines,
            understood=each.understood,
            noise=each.noise,
            unknown=each.unknown,
            problems=hindered.get(each.source, []),
        )
        for each in queries.sources(services.store, viewer.scope)
    ]
    seen = {each.name for each in found}
    waiting = [_unread(name, problems) for name, problems in hindered.items() if name not in seen]
    return shapes.Sources(sources=[*found, *waiting])


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
    )


@get("/unknown", tags=TAGS, responses=documented(403), sync_to_thread=True, guards=[administrators])
def unknown(
    viewer: Asking,
    services: Served,
    limit: Annotated[
        int, Parameter(ge=1, le=HIGHEST_LIMIT, description="How many lines at most.")
    ] = USUAL_LIMIT,
) -> shapes.Unknown:
    """A sample of lines that were not understood. For administrators."""
    lines = [
        shapes.UnknownLine(
            source=each.source,
            host=each.host,
            at=when.rfc3339(each.at),
            shape=each.shape,
            position=each.position,
            text=each.text,
        )
        for kind in queries.unknown(services.store, viewer.scope)
        for each in kind.examples
    ]
    return shapes.Unknown(unknown=lines[:limit])


@get("/doctor", tags=TAGS, responses=documented(403), sync_to_thread=True, guards=[administrators])
def examine(viewer: Asking, services: Served) -> shapes.Findings:
    """What is well, what is not, and what to do about it. For administrators."""
    found = doctor.examine(services.settings, services.store, viewer.scope, now=services.now())
    return shapes.Findings(
        findings=[
            shapes.Finding(level=each.level.value, title=each.title, detail=each.detail)
            for each in found
        ]
    )


def _unread(name: str, problems: list[str]) -> shapes.Source:
    """A configured source of which nothing was read yet."""
    return shapes.Source(
        name=name,
        host="",
        followed=True,
        read_since=None,
        read_until=None,
        lines=0,
        understood=0,
        noise=0,
        unknown=0,
        problems=problems,
    )
