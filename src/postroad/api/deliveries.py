"""Deliveries: search, counts, one in detail."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import Parameter

from postroad import queries
from postroad.api import shapes
from postroad.api.asking import Asking, Served, Values, Zone
from postroad.api.errors import NotFound, documented
from postroad.model import question, when
from postroad.model.delivery import Attempt, Delivery, LogLine
from postroad.model.receipt import Told
from postroad.model.retry import Retry
from postroad.model.status import Status
from postroad.reasons.verdict import verdict
from postroad.services import HIGHEST_LIMIT, USUAL_LIMIT

TAGS = ["Mail"]


@get("/deliveries", tags=TAGS, responses=documented(), sync_to_thread=True)
def search(
    *,
    viewer: Asking,
    services: Served,
    values: Values,
    zone: Zone,
    limit: Annotated[
        int, Parameter(ge=1, le=HIGHEST_LIMIT, description="How many a page holds at most.")
    ] = USUAL_LIMIT,
    sort: Annotated[
        str,
        Parameter(
            description="A field of a delivery, `-` before it for the greatest first; `-sent_at`, "
            "the newest first, unless given.",
            max_length=100,
        ),
    ] = "",
    cursor: Annotated[
        str, Parameter(max_length=1000, description="`next_cursor` of the page before.")
    ] = "",
    count: Annotated[bool, Parameter(description="Tell how many match in all.")] = False,
) -> shapes.Deliveries:
    """Deliveries that match, newest first unless another order is asked for.

    Whole addresses, domains and identifiers are found by their keys, at once. Other facts, parts of
    addresses and other orders look through everything in the viewer's scope and the period.
    """
    asked = {**values, "sort": sort}
    found = services.search(
        viewer, asked, zone=zone, limit=limit, cursor=cursor or None, count=count
    )
    return shapes.Deliveries(
        question=str(question.in_words(found.search, zone)),
        deliveries=[_delivery(each) for each in found.page.deliveries],
        next_cursor=found.page.next_cursor,
        total=found.page.total,
        limit=limit,
        notes=[{**note, "text": str(note["text"])} for note in found.page.notes],
    )


@get("/counts", tags=TAGS, responses=documented(), sync_to_thread=True)
def counts(
    viewer: Asking,
    services: Served,
    values: Values,
    zone: Zone,
) -> shapes.Counts:
    """How many deliveries match, by status."""
    search, found = services.counts(viewer, values, zone=zone)
    return shapes.Counts(
        question=str(question.in_words(search, zone)),
        counts={shapes.status_word(each): found.get(each, 0) for each in Status},
        total=sum(found.values()),
    )


@get("/deliveries/{delivery_id:str}", tags=TAGS, responses=documented(404), sync_to_thread=True)
def detail(
    viewer: Asking,
    services: Served,
    delivery_id: Annotated[str, Parameter(description="The `id` of a delivery.")],
) -> shapes.Detail:
    """One delivery: attempts, log lines, and the messages it belongs with."""
    found = services.detail(viewer, delivery_id)
    if found is None:
        message = "There is no such delivery, or none that you may see."
        raise NotFound(message)
    return shapes.Detail(
        delivery=_delivery(found.delivery),
        verdict=str(verdict(found.delivery, found.attempts).text),
        attempts=[_attempt(each) for each in found.attempts],
        log_lines=[_line(each) for each in found.log_lines],
        family=found.family,
        conversation=[_turn(each) for each in found.conversation],
        retry=_retry(found.retry) if found.retry else None,
        receipts=[_receipt(each) for each in found.receipts],
    )


def _delivery(delivery: Delivery) -> shapes.Delivery:
    return msgspec.convert(queries.public(delivery), shapes.Delivery)


def _attempt(attempt: Attempt) -> shapes.Attempt:
    values = {name: getattr(attempt, name) for name in shapes.Attempt.__struct_fields__}
    values |= {"at": when.rfc3339(attempt.at), "outcome": attempt.outcome.word}
    return shapes.Attempt(**values)


def _line(line: LogLine) -> shapes.Line:
    return shapes.Line(
        at=when.rfc3339(line.at), host=line.host, queue_id=line.queue_id, text=line.text
    )


def _turn(turn: queries.Turn) -> shapes.Turn:
    return shapes.Turn(
        at=when.rfc3339(turn.at),
        who=turn.who.value,
        text=str(turn.text),
        derived=turn.is_derived,
    )


def _receipt(told: Told) -> shapes.Receipt:
    values: dict[str, Any] = {
        name: getattr(told, name, "") for name in shapes.Receipt.__struct_fields__
    }
    values |= {"says": told.says.word, "text": str(told.says.words), "at": when.rfc3339(told.at)}
    return shapes.Receipt(**values)


def _retry(retry: Retry) -> shapes.Retry:
    return shapes.Retry(
        next_at=when.rfc3339(retry.next_at),
        gives_up_at=when.rfc3339(retry.gives_up_at),
        rule=retry.rule,
    )
