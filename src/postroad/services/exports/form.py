"""The forms that a file of deliveries may have."""

from __future__ import annotations

import msgspec

from postroad.errors import SearchError
from postroad.model.text import Text, say
from postroad.model.when import shown


class Form(msgspec.Struct, frozen=True):
    """One form of file."""

    #: What people ask for, and what the name of a file ends in.
    word: str
    #: Media type (RFC 7111, RFC 9512 has none for lines of JSON, IANA's list for Parquet).
    type: str
    label: Text


FORMATS = {
    each.word: each
    for each in (
        Form("csv", "text/csv", say("CSV, for spreadsheets")),
        Form("json", "application/x-ndjson", say("JSON, for programs")),
        Form("parquet", "application/vnd.apache.parquet", say("Parquet, for analysis")),
    )
}


def form(word: str) -> Form:
    """The form of this name. Raises `SearchError`."""
    if word not in FORMATS:
        raise SearchError(
            say(
                "There is no format {text}. Known are: {known}.",
                text=shown(word),
                known=", ".join(FORMATS),
            ),
            field="format",
        )
    return FORMATS[word]
