"""Sentences that can be said in another language.

Comes in: an English message with named fields in braces, and their values. Goes out: the English
sentence, a `str` like any other, which also remembers what it was made of, so that a reader's own
language can be put in its place at the very end (`web`). Programs and terminals read English.

The messages are the catalogue's: they are extracted from the calls of `say` and `say_many`
(`make catalogue`), so that these take literals only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping


class Text(str):
    """An English sentence and the message and values that it was made of."""

    __slots__ = ("message", "number", "plural", "values")

    message: str
    plural: str
    #: What the plural is chosen by; None for a message without one.
    number: int | None
    values: Mapping[str, object]


def say(message: str, /, **values: object) -> Text:
    """The message with its fields filled in; `{{` and `}}` are braces."""
    return _made(message, "", None, values)


def say_many(one: str, many: str, count: int, /, **values: object) -> Text:
    """The one message or the other, by a count, which fills in `{count}`."""
    return _made(one, many, count, {"count": count, **values})


def join(parts: Iterable[str], between: str = " ") -> Text:
    """Sentences behind one another, empty ones left out, each still to be translated."""
    given = [part for part in parts if part]
    fields = {f"p{index}": part for index, part in enumerate(given)}
    return _made(between.join(f"{{{name}}}" for name in fields), "", None, fields)


def translated(
    text: str,
    one: Callable[[str], str],
    many: Callable[[str, str, int], str],
) -> str:
    """The text in the language of `gettext` and `ngettext`; what is no `Text` stays as it is.

    Values that are texts themselves are translated too. A translation whose fields are not those
    of its message is left aside.
    """
    if not isinstance(text, Text):
        return text
    if text.number is None:
        message = one(text.message) if text.message else ""
    else:
        message = many(text.message, text.plural, text.number)
    values = {
        name: translated(value, one, many) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    try:
        return message.format_map(values)
    except (KeyError, IndexError, ValueError):
        return str(text)


def _made(one: str, many: str, count: int | None, values: Mapping[str, object]) -> Text:
    chosen = one if count is None or count == 1 else many
    made = Text(chosen.format_map(values))
    made.message, made.plural, made.number, made.values = one, many, count, values
    return made
