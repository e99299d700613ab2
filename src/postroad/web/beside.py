"""The pages beside the report, as the router takes them."""

from __future__ import annotations

from typing import Any

from postroad.web import admin, entered, looked, overview, reasons

HANDLERS: list[Any] = [
    reasons.reasons_page,
    reasons.reason_page,
    overview.overview,
    entered.entered,
    looked.looked,
    *admin.HANDLERS,
]
