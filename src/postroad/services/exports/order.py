"""Order: an export that is to be made while nobody waits, as it is kept until then."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from postroad.languages import catalogue, known
from postroad.languages.catalogue import ENGLISH
from postroad.model.scope import Scope
from postroad.services.exports.layout import Layout


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The question and the layout; nothing of the answer."""

    #: The named values of the question.
    values: dict[str, str]
    #: Zone that its local times are meant in.
    clock: str
    #: The question as a query string of the report.
    query: str = ""
    #: Keys of the report's columns; empty: every public field.
    columns: tuple[str, ...] = ()
    #: Zone and language of the file's columns.
    zone: str = "UTC"
    language: str = ENGLISH
    #: What its account saw when the file was written; none before that.
    scope: Scope | None = None

    @property
    def layout(self) -> Layout:
        """What stands in the file."""
        if not self.columns:
            return Layout.of_fields()
        language = self.language if self.language in known() else ENGLISH
        return Layout.of_page(self.columns, ZoneInfo(self.zone), catalogue(language))

    @property
    def about(self) -> list[str]:
        """The addresses and domains that are asked for, for the audit trail."""
        named = [self.values.get(name, "") for name in ("to", "from", "address", "user")]
        domain = self.values.get("domain", "")
        return [*filter(None, named), *([f"@{domain}"] if domain else [])]
