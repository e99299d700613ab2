"""Catalogues: messages and their translations, read once from the files beside this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from gettext import c2py
from importlib import resources

from babel import Locale
from babel.messages.pofile import read_po

from postroad.model.text import translated

ENGLISH = "en"
#: Languages of a header that are looked at.
_MOST = 20


class Catalogue:
    """One language: what `gettext` and `ngettext` do, and sentences made by `say`."""

    def __init__(
        self, code: str, messages: Mapping[str, tuple[str, ...]], plural: Callable[[int], int]
    ) -> None:
        """`messages` lead from the English (of the singular) to one form or to all of them."""
        self.code = code
        #: The language's own name for itself: `Deutsch`.
        self.name = Locale.parse(code).get_display_name(code) or code
        self._messages = messages
        self._plural = plural

    def one(self, message: str) -> str:
        """The translation of a message; the message itself where there is none."""
        forms = self._messages.get(message)
        return forms[0] if forms else message

    def many(self, one: str, many: str, count: int) -> str:
        """The translation that goes with a count."""
        forms = self._messages.get(one)
        if forms:
            return forms[min(self._plural(count), len(forms) - 1)]
        return one if count == 1 else many

    def text(self, text: str) -> str:
        """A sentence made by `say` in this language; any other text as it is."""
        return translated(text, self.one, self.many)


@cache
def known() -> dict[str, str]:
    """The languages there are: their codes, and what each calls itself; English first."""
    files = resources.files("postroad.languages").iterdir()
    codes = sorted(file.name[:-3] for file in files if file.name.endswith(".po"))
    return {code: catalogue(code).name for code in (ENGLISH, *codes)}


@cache
def catalogue(code: str) -> Catalogue:
    """The catalogue of a language. Raises `FileNotFoundError` for one that is not known."""
    if code == ENGLISH:
        return Catalogue(ENGLISH, {}, lambda count: int(count != 1))
    with (resources.files("postroad.languages") / f"{code}.po").open("rb") as file:
        entries = read_po(file, locale=code)
    messages: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        if not entry.id or entry.fuzzy:
            continue
        name = entry.id if isinstance(entry.id, str) else entry.id[0]
        given = entry.string
        forms = (given,) if isinstance(given, str) else tuple(given or ())
        if forms and all(forms):
            messages[name] = forms
    return Catalogue(code, messages, c2py(entries.plural_expr))


def wanted(header: str) -> str:
    """The language that an `Accept-Language` field asks for (RFC 9110 section 12.5.4).

    The best liked of those that are known, with or without its region; English if none is.
    """
    liked: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:_MOST]):
        code, _, weight = part.partition(";")
        _, is_weighed, number = weight.partition("q=")
        try:
            quality = float(number) if is_weighed else 1.0
        except ValueError:
            continue
        liked.append((-quality, place, code.strip().lower().partition("-")[0]))
    for quality, _, code in sorted(liked):
        if quality and code in known():
            return code
    return ENGLISH
