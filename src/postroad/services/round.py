"""Who takes part in the round: what looks for news, what writes letters, and what sends them."""

from __future__ import annotations

from postroad.services.answers import Services
from postroad.services.delivering import TEST, write_test
from postroad.state.subscriptions import REPORT


def wire(services: Services) -> None:
    """Give the round its watches and composers. Called once, before the round begins.

    The order is that of a look: first what may put letters into the outbox, last what sends them.
    """
    telling = services.telling
    telling.composers[TEST] = write_test
    telling.composers[REPORT] = services.reporting.compose
    telling.watches.append(services.reporting.look)
    telling.composers["export"] = services.exporting.compose
    telling.watches.append(services.exporting.making.look)
    services.watching.wire()
    telling.watches.append(services.delivering.look)
