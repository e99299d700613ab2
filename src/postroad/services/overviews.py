"""Overviews that are kept for a minute, so that many who look at the same work it out once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from zoneinfo import ZoneInfo

import msgspec

from postroad import queries
from postroad.model import when
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.queries import steps
from postroad.store import Store

_KEPT_FOR = when.MINUTE
_MOST = 64


class _Kept:
    """One overview, and who may work it out."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at = 0
        self.overview: queries.Overview | None = None


class Overviews:
    """What was worked out within the last minute, for each scope, question and zone."""

    def __init__(self) -> None:
        """Begin empty."""
        self._guard = threading.Lock()
        self._kept: OrderedDict[tuple[Scope, Search, str], _Kept] = OrderedDict()

    def get(
        self, store: Store, scope: Scope, search: Search, *, now: int, zone: ZoneInfo
    ) -> queries.Overview:
        """The overview of a question, up to a minute old.

        A period that ends now begins with a step of the clock, so that it is the same for a while.
        """
        if search.ago:
            grain = steps.grain(search.since, now)
            since = max(1, search.since // grain * grain)
            search = msgspec.structs.replace(search, since=since)
        key = (scope, search, zone.key)
        with self._guard:
            kept = self._kept.setdefault(key, _Kept())
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        with kept.lock:
            if kept.overview is None or not kept.at <= now < kept.at + _KEPT_FOR:
                kept.overview = queries.overview(store, scope, search, now=now, zone=zone)
                kept.at = now
            return kept.overview
