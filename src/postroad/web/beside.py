"""The pages beside the report, as the router takes them."""

from __future__ import annotations

from typing import Any

from postroad.web import admin, looked, reasons

HANDLERS: list[Any] = [
    reasons.reasons_page,
    reasons.reason_page,
    looked.looked,
    *admin.HANDLERS,
]
