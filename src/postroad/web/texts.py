"""Texts of pages: made visible, in the reader's language and zone, and safe to be put out."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from postroad.languages import Catalogue
from postroad.model import when
from postroad.model.text import Text, say_many

#: Control characters, and marks that change the direction of what follows (Unicode TR 9, TR 36).
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
#: A domain longer than this may be broken too.
_SHORT_DOMAIN = 15
_MANY_DAYS = 3 * 365


@pass_context
def put_out(context: Context, value: object) -> object:
    """What a template puts out: sentences in the reader's language, invisible characters shown."""
    return visible(_catalogue(context).text(value)) if isinstance(value, str) else value


@pass_context
def message(context: Context, english: str, /, **values: object) -> Markup:
    """A message of a template in the reader's language, its values escaped: `_("To {name}")`."""
    return _filled(context, _catalogue(context).one(english), english, values)


@pass_context
def messages(context: Context, one: str, many: str, count: int, /, **values: object) -> Markup:
    """One of two messages, by a count, which fills in `{count}`."""
    english = one if count == 1 else many
    chosen = _catalogue(context).many(one, many, count)
    return _filled(context, chosen, english, {"count": number(count), **values})


@pass_context
def note(context: Context, text: str) -> str:
    """A sentence in the reader's language, the RFC 3339 times in it as their clock shows them."""
    return in_zone(_catalogue(context).text(text), context["zone"])


def _catalogue(context: Context) -> Catalogue:
    found: Catalogue = context["catalogue"]
    return found


def _filled(context: Context, chosen: str, english: str, values: dict[str, object]) -> Markup:
    safe = {name: escape(put_out(context, value)) for name, value in values.items()}
    try:
        return escape(chosen).format(**safe)
    except (KeyError, IndexError, ValueError):
        return escape(english).format(**safe)


def visible(value: object) -> object:
    r"""Text with its invisible characters written out, as `\x1b`; anything else as it is."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _INVISIBLE.sub(lambda found: found[0].encode("unicode_escape").decode(), value)


def breakable(address: str) -> Markup:
    """An address or host name that breaks, where it has to, before its `@` or a dot."""
    _, at, domain = address.rpartition("@")
    marks = "[@]" if at and len(domain) <= _SHORT_DOMAIN else "[@.]"
    text = str(escape(visible(address)))
    return Markup(re.sub(rf"(?<=\w)(?={marks})", "<wbr>", text))  # noqa: S704 - escaped above


def kept_for(days: int) -> Text:
    """How long mail is kept, in days, or in years where it is many."""
    if days < _MANY_DAYS:
        return say_many("one day", "{count} days", days)
    return say_many("one year", "{count} years", days // 365)


def in_zone(text: str, zone: ZoneInfo) -> str:
    """A sentence with its RFC 3339 times as the zone's clock shows them."""

    def local(found: re.Match[str]) -> str:
        return when.local(when.read(found[0], now=0, zone=zone), zone)

    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", local, text)


def number(value: int) -> str:
    """A number with its thousands apart, by a thin space that does not break."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
