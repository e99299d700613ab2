"""From the values of a question to the address of the report that asks it."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from postroad.errors import SearchError
from postroad.model import when
from postroad.web.form import PERIODS, Form

_WORDS = {word for word, _ in PERIODS}


def report_link(values: Mapping[str, str], zone: ZoneInfo, **more: str) -> str:
    """The report of this question; moments are written as the zone's clock shows them.

    `more` are values that are added or changed; an empty one takes its value away.
    """
    asked = {**values, **{name.rstrip("_"): value for name, value in more.items()}}
    since, until = asked.pop("since", ""), asked.pop("until", "")
    if since in _WORDS and not until:
        asked["period"] = since
    elif since or until:
        asked |= {"period": "range", "since": _shown(since, zone), "until": _shown(until, zone)}
        asked["zone"] = zone.key
    return Form({name: value for name, value in asked.items() if value}).link()


def _shown(text: str, zone: ZoneInfo) -> str:
    """A moment in the form in which a browser's field for it is filled in."""
    try:
        return when.local(when.read(text, now=0, zone=zone), zone).replace(" ", "T")
    except SearchError:
        return text
