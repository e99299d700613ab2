"""About this postroad itself: that it runs, who asks, what was read."""

from __future__ import annotations

from litestar import get

import postroad
from postroad.accounts import Viewer
from postroad.api import shapes
from postroad.api.errors import documented
from postroad.model import when
from postroad.services import Services

TAGS = ["Server"]


@get("/health", tags=TAGS, opt={"is_open": True}, security=[{}])
async def health() -> shapes.Health:
    """That it runs. Needs no sign-in."""
    return shapes.Health(status="ok", version=postroad.__version__)


@get("/status", tags=TAGS, responses=documented())
async def status(viewer: Viewer, services: Services) -> shapes.Status:
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
