"""Whatever somebody pastes, to the question that finds the mail that it is about."""

from __future__ import annotations

from postroad import queries, receipts
from postroad.accounts import Viewer
from postroad.errors import SearchError
from postroad.model import host, question, when
from postroad.model.text import say
from postroad.receipts import Clue
from postroad.services.answers import Services


def pasted(services: Services, viewer: Viewer, data: bytes) -> Clue:
    """The named values of a question about the mail that a pasted text is about.

    Of all that the text can be asked for, the first that finds mail which this viewer may see;
    where nothing does, the surest. The text is not kept. Raises `SearchError` if it is blank.
    """
    found = [each for each in receipts.clues(data) if each]
    if not found:
        raise SearchError(say("There is nothing in it that mail could be found by."), field="q")
    known = [each.host for each in queries.hosts(services.store, viewer.scope)]
    asked = [each for clue in found if (each := _at_ours(clue, known))]
    chosen = next((each for each in asked if _finds(services, viewer, each)), None)
    words = ", ".join(f"{name} {value}" for name, value in (chosen or found[0]).items())
    services.accounts.audit.write(viewer, "pasted", words, about=_about(chosen or found[0]))
    return chosen or (asked or found)[0]


def _at_ours(clue: Clue, known: list[str]) -> Clue | None:
    """The question with the name under which the host is known here; None if it is not ours."""
    if "host" not in clue:
        return clue
    name = next((each for each in known if host.is_same(each, clue["host"])), None)
    return {**clue, "host": name} if name else None


def _finds(services: Services, viewer: Viewer, values: Clue) -> bool:
    """Whether this viewer's mail answers a question."""
    try:
        search = question.ask(values, now=services.now(), zone=when.UTC_ZONE)
    except SearchError:
        return False
    return bool(queries.search(services.store, viewer.scope, search, limit=1).deliveries)


def _about(values: Clue) -> list[str]:
    return [values[name] for name in ("to", "from", "address") if name in values]
