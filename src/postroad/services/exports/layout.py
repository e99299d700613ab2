"""Layout: what stands in a file of deliveries, in which order, and in whose words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self
from zoneinfo import ZoneInfo

import msgspec

from postroad.errors import SearchError
from postroad.languages import Catalogue, catalogue
from postroad.languages.catalogue import ENGLISH
from postroad.model.search import SORTABLE
from postroad.model.text import say
from postroad.model.when import UTC_ZONE, shown
from postroad.services.exports.columns import Column, chosen


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a file; in CSV, the columns of a page instead where there are any."""

    #: Public fields of a delivery, in order.
    fields: tuple[str, ...]
    #: Columns of the report as its reader chose them.
    columns: tuple[Column, ...] = ()
    #: Zone of the times in columns; fields have theirs in UTC.
    zone: ZoneInfo = UTC_ZONE
    #: Of the headings and words in columns.
    catalogue: Catalogue = catalogue(ENGLISH)

    @classmethod
    def of_fields(cls, names: Iterable[str] = ()) -> Self:
        """These public fields, or all of them. Raises `SearchError`."""
        wanted = tuple(dict.fromkeys(filter(None, names)))
        for name in wanted:
            if name not in SORTABLE:
                raise SearchError(
                    say(
                        "There is no field {text}. Known are: {known}.",
                        text=shown(name),
                        known=", ".join(SORTABLE),
                    ),
                    field="fields",
                )
        return cls(fields=wanted or SORTABLE)

    @classmethod
    def of_page(cls, keys: Sequence[str], zone: ZoneInfo, said: Catalogue) -> Self:
        """The report as its reader sees it, and for programs the fields that it is made of."""
        columns = tuple(each for each in chosen(keys) if each.key != "actions")
        names = dict.fromkeys(["id", *(name for each in columns for name in each.fields)])
        return cls(fields=tuple(names), columns=columns, zone=zone, catalogue=said)
