"""The pages of checks, as the router takes them."""

from __future__ import annotations

from typing import Any

from postroad.web import deliverability, probe

HANDLERS: list[Any] = [deliverability.deliverability, probe.probe_page, probe.probe]
