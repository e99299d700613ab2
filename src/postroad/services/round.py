"""Who takes part in the round: what looks for news, what writes letters, and what sends them."""

from __future__ import annotations

from postroad.services.answers import Services


def wire(services: Services) -> None:
    """Give the round its watches and composers. Called once, before the round begins.

    The order is that of a look: first what may put letters into the outbox, last what sends them.
    """
    _ = services.telling
