"""checkdmarc, as the checks use it: with our resolver, and asking anew each time.

It keeps answers for half an hour by itself; who has just corrected a record wants to see it.
"""

from __future__ import annotations

from typing import Any

from checkdmarc import utils

from postroad.model.check import Finding, State, Topic
from postroad.trace.lookup import Lookup

utils.DNS_CACHE.max_len, utils.DNS_CACHE.max_age = 1, 0

#: Seconds of those few questions of its own that do not go through our resolver.
_TIMEOUT = 1.0


def through(lookup: Lookup) -> dict[str, Any]:
    """Arguments that make checkdmarc ask as we do."""
    return {"resolver": lookup, "nameservers": lookup.nameservers, "timeout": _TIMEOUT}


class Findings:
    """Makes findings on one topic."""

    def __init__(self, topic: Topic, about: str) -> None:
        self._topic = topic
        self._about = about

    def __call__(
        self, state: State, title: str, *, record: str = "", advice: str = "", about: str = ""
    ) -> Finding:
        """A finding; about something else than usual where that is named."""
        return Finding(
            topic=self._topic,
            state=state,
            about=about or self._about,
            title=title,
            record=record,
            advice=advice,
        )
