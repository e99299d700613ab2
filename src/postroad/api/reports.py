"""Reports of a period: as values, as a PDF, as plain text."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter

from postroad.api.asking import Asking, Served, Zone
from postroad.api.errors import documented
from postroad.api.shapes import Time
from postroad.languages import known
from postroad.languages.catalogue import ENGLISH
from postroad.reports import contents
from postroad.reports.public import public

TAGS = ["Mail"]

#: How many deliveries, by status; statuses that none has are left out.
Counts = dict[str, int]


class ReportStep(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived in one day, or in one hour of a report of a day."""

    since: Time
    counts: Counts


class ReportAddress(msgspec.Struct, frozen=True, kw_only=True):
    """One address. Empty: the null sender of notifications."""

    address: str
    total: int
    #: Those of them that were not delivered, or not yet.
    undelivered: int


class ReportReason(msgspec.Struct, frozen=True, kw_only=True):
    """Why mail failed or waits, and at whose address most."""

    reason: str
    counts: Counts
    addresses: list[ReportAddress]


class ReportSide(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent, or what was received."""

    counts: Counts
    steps: list[ReportStep]
    reasons: list[ReportReason]
    #: How many further reasons there are.
    more_reasons: int
    senders: list[ReportAddress]
    recipients: list[ReportAddress]


class ReportProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A receiving provider that put mail off: how many deliveries, and how often."""

    provider: str
    total: int
    delayed: int
    times: int
    waiting: int
    failed: int
    reason: str


class ReportBefore(msgspec.Struct, frozen=True, kw_only=True):
    """The period before."""

    name: str
    sent: Counts
    received: Counts


class ReportGap(msgspec.Struct, frozen=True, kw_only=True):
    """What is missing of a log, or may be."""

    host: str
    cause: str
    since: Time
    until: Time


class ReportCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the period's logs was read."""

    complete: bool
    #: Whether the period was over when the report was made.
    over: bool
    first_at: Time
    newest_at: Time
    gaps: list[ReportGap]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of a period. Each delivery is counted when it arrived."""

    #: Server, account, domain or address.
    of: str
    kind: Literal["server", "account", "domain", "mailbox"]
    period: Literal["month", "week", "day"]
    #: As in `2026-10`, `2026-W41`, `2026-10-31`.
    name: str
    since: Time
    until: Time
    timezone: str
    #: Each delivery once: one from here to here is in both sides.
    counts: Counts
    #: Only passed through; on neither side. For administrators alone.
    passing: Counts
    sent: ReportSide
    received: ReportSide
    providers: list[ReportProvider]
    #: Null where its mail is not kept from its beginning.
    before: ReportBefore | None
    coverage: ReportCoverage
    made_at: Time


Of = Annotated[
    str,
    Parameter(
        description="A domain or an address of the viewer's; all that they see unless given.",
        max_length=320,
    ),
]
Period = Annotated[
    str, Parameter(description="`month` (unless given), `week` or `day`.", max_length=20)
]
Date = Annotated[
    str,
    Parameter(
        description="A day of the period (`2026-10-31`), or a month (`2026-10`); the last period "
        "that is over unless given.",
        max_length=20,
    ),
]
Language = Annotated[
    str,
    Parameter(
        description="Language of the words, as in `de`; English unless given, or not known.",
        max_length=20,
    ),
]


def _asked(
    *,
    viewer: Asking,
    services: Served,
    zone: Zone,
    of: Of = "",
    period: Period = "month",
    date: Date = "",
) -> contents.Report:
    return services.reporting.report(viewer, of, period, date, zone=zone)


_Asked = NamedDependency[contents.Report]
_ASKED = {"asked": Provide(_asked, sync_to_thread=True)}


def _responses(kind: type, media_type: str) -> dict[int, ResponseSpec]:
    file = ResponseSpec(
        kind, media_type=media_type, description="The report", generate_examples=False
    )
    return documented(403, 429) | {200: file}


@get(
    "/report",
    tags=TAGS,
    responses=documented(403, 429),
    dependencies=_ASKED,
    sync_to_thread=True,
)
def report(asked: _Asked) -> Report:
    """The figures of a month, a week or a day: every delivery is counted, none is estimated."""
    return msgspec.convert(public(asked), Report)


@get(
    "/report/pdf",
    tags=TAGS,
    responses=_responses(bytes, "application/pdf"),
    dependencies=_ASKED,
    sync_to_thread=True,
)
def report_pdf(*, services: Served, asked: _Asked, language: Language = ENGLISH) -> Response[bytes]:
    """The same as a PDF."""
    made = services.reporting.pdf(asked, _spoken(language))
    return Response(made, media_type="application/pdf")


@get(
    "/report/text",
    tags=TAGS,
    responses=_responses(str, "text/plain"),
    dependencies=_ASKED,
    sync_to_thread=True,
)
def report_text(*, services: Served, asked: _Asked, language: Language = ENGLISH) -> Response[str]:
    """The same as plain text."""
    return Response(services.reporting.text(asked, _spoken(language)), media_type="text/plain")


def _spoken(language: str) -> str:
    return language if language in known() else ENGLISH
