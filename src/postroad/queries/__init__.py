"""Queries: every read that leaves the store for a person.

Comes in: the store, the viewer's `Scope`, a question. Goes out: rows that the viewer may see, with
everybody else's addresses masked. No function here can be asked without a scope, and each applies
it in SQL: what a viewer may not see is not found, not counted and not explained.
"""

from postroad.queries.alarms import Refusing, Sending, refusing, sending
from postroad.queries.among import among, of_messages
from postroad.queries.conversation import Turn, Who
from postroad.queries.detail import Detail, Relative, detail
from postroad.queries.disguise import disguised
from postroad.queries.entered import Entry, entered
from postroad.queries.explain import explain
from postroad.queries.figures import Day, counts, statistics
from postroad.queries.find import DEFAULT_LIMIT, MAXIMUM_LIMIT, search
from postroad.queries.health import (
    Host,
    Source,
    UnknownShape,
    coverage,
    hosts,
    sources,
    unknown,
)
from postroad.queries.listing import Listing, iterate
from postroad.queries.missing import gaps, in_words
from postroad.queries.overview import Bucket, Overview, Provider, Spread, Top, overview
from postroad.queries.public import public
from postroad.queries.receipts import receipts

__all__ = [
    "DEFAULT_LIMIT",
    "MAXIMUM_LIMIT",
    "Bucket",
    "Day",
    "Detail",
    "Entry",
    "Host",
    "Listing",
    "Overview",
    "Provider",
    "Refusing",
    "Relative",
    "Sending",
    "Source",
    "Spread",
    "Top",
    "Turn",
    "UnknownShape",
    "Who",
    "among",
    "counts",
    "coverage",
    "detail",
    "disguised",
    "entered",
    "explain",
    "gaps",
    "hosts",
    "in_words",
    "iterate",
    "of_messages",
    "overview",
    "public",
    "receipts",
    "refusing",
    "search",
    "sending",
    "sources",
    "statistics",
    "unknown",
]
