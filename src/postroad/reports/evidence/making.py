"""Making the document of a delivery as it may be handed on. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from postroad.languages import catalogue
from postroad.model import safe, when
from postroad.model.delivery import Attempt as Tried
from postroad.model.delivery import LogLine
from postroad.model.receipt import Told
from postroad.queries import Detail
from postroad.queries.handed import Wish
from postroad.reports.evidence.document import (
    Attempt,
    Document,
    Line,
    Maker,
    Receipt,
    Statement,
)
from postroad.reports.evidence.statement import statement

#: How much of a hostile or endless message goes into a document; what is left out is counted.
#: Of lines the first and the last ones count: how it came, and how it ended.
_FIRST, _LAST, _ATTEMPTS, _LONGEST = 50, 250, 100, 2000


def document(
    found: Detail, wish: Wish, *, maker: Maker, at: int, zone: ZoneInfo, language: str
) -> Document:
    """The document of a delivery as it may be handed on; `at` is now, microseconds UTC."""
    row = found.delivery
    last = found.attempts[-1] if found.attempts else None
    tried, lines = found.attempts[-_ATTEMPTS:], found.log_lines
    if len(lines) > _FIRST + _LAST:
        lines = [*lines[:_FIRST], *lines[-_LAST:]]
    cut = len(found.log_lines) - len(lines) + len(found.attempts) - len(tried)
    said, speaks = statement(found, wish, at=at, zone=zone, cut=cut), catalogue(language)
    return Document(
        made_at=_time(at),
        made_by=maker,
        zone=zone.key,
        language=language,
        statement=Statement(
            headline=_text(speaks.text(said.headline)),
            shows=[_text(speaks.text(each)) for each in said.shows],
            does_not_show=[_text(speaks.text(each)) for each in said.does_not_show],
            masked=[_text(speaks.text(each)) for each in said.masked],
        ),
        status=row.status.word,
        direction=row.direction.word,
        sender=_text(row.sender),
        recipient=_text(row.recipient),
        subject=_text(row.subject),
        user=_text(row.user),
        client_host=_text(row.client_host),
        client_ip=_text(row.client_ip),
        mail_server=_text(row.host),
        queue_id=_text(row.queue_id),
        message_id=_text(row.message_id),
        delivery_id=row.id,
        size=row.size,
        arrived_at=_time(row.sent_at or row.first_at),
        last_attempt_at=_time(row.last_attempt_at),
        host=_text(row.remote_host),
        ip=_text(row.remote_ip),
        port=last.remote_port if last and last.remote_ip == row.remote_ip else 0,
        tls=_text(row.tls),
        smtp_code=row.smtp_code,
        enhanced_code=_text(row.enhanced_code),
        reply=_text(row.result),
        folder=_text(row.mailbox),
        attempts=[_attempt(each) for each in tried],
        receipts=[_receipt(each, speaks.text(each.says.words)) for each in found.receipts],
        log_lines=list(_lines(lines)),
    )


def _attempt(each: Tried) -> Attempt:
    return Attempt(
        at=_time(each.at),
        outcome=each.outcome.word,
        counted=each.counted,
        host=_text(each.remote_host),
        ip=_text(each.remote_ip),
        port=each.remote_port,
        tls=_text(each.tls),
        smtp_code=each.smtp_code,
        enhanced_code=_text(each.enhanced_code),
        reply=_text(each.reply),
    )


def _receipt(told: Told, says: str) -> Receipt:
    return Receipt(
        at=_time(told.at),
        says=says,
        reporter=_text(told.reporter),
        diagnostic=_text(told.diagnostic or told.enhanced_code),
        names_recipient=told.is_for_recipient,
    )


def _lines(lines: Iterable[LogLine]) -> Iterable[Line]:
    for each in lines:
        yield Line(at=_time(each.at), host=_text(each.host), text=_text(each.text))


def _time(at: int) -> str:
    return when.rfc3339(at) or ""


def _text(text: str) -> str:
    """Somebody's text, visible and no longer than it may be."""
    shown = safe.lines(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
