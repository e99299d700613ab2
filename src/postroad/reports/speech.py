"""Speech: sentences, numbers and times as one reader reads them.

Whatever a stranger wrote is made visible on one line and cut here, before it gets into a paper.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers

from postroad.languages import catalogue, known
from postroad.languages.catalogue import ENGLISH
from postroad.model import safe, when

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
#: Characters of a name: an address with all that RFC 5321 section 4.5.3.1 allows it.
_LONGEST = 320
#: FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE.
_ISOLATE, _END = "\u2068", "\u2069"


class Speech:
    """One language and one zone."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        """A language that is not known is English."""
        self.language = language if language in known() else ENGLISH
        self.zone = zone
        self._catalogue = catalogue(self.language)
        self._locale = Locale.parse(self.language)

    def text(self, text: str) -> str:
        """A sentence made by `say` in this language, the RFC 3339 times in it as the clock is."""
        said = self._catalogue.text(text)
        return _RFC3339.sub(lambda found: self._time(found[0]), said)

    def number(self, value: int) -> str:
        """A number with its thousands apart."""
        return str(numbers.format_decimal(value, locale=self._locale))

    def share(self, part: int, whole: int) -> str:
        """A part of a whole in percent, with one digit; a dash where there is no whole."""
        if not whole:
            return "—"
        pattern = str(self._locale.percent_formats[None].pattern).replace("##0", "##0.0")
        return str(numbers.format_percent(part / whole, format=pattern, locale=self._locale))

    def change(self, now: int, before: int) -> str:
        """How much more or less in percent: `+12 %`; a dash where there was nothing before."""
        if not before:
            return "—" if now else "±0"
        pattern = str(self._locale.percent_formats[None].pattern)
        share = (now - before) / before
        said = str(numbers.format_percent(abs(share), format=pattern, locale=self._locale))
        sign = "±" if not share else "+" if share > 0 else "\N{MINUS SIGN}"
        return f"{sign}{said}"

    def day(self, day: date) -> str:
        """A day in full: `October 31, 2026`."""
        return str(dates.format_date(day, "long", locale=self._locale))

    def short_day(self, day: date) -> str:
        """A day of a table: `Sat, Oct 31`."""
        return str(dates.format_skeleton("MMMEd", day, locale=self._locale))

    def month(self, day: date) -> str:
        """A month: `October 2026`."""
        return str(dates.format_skeleton("yMMMM", day, locale=self._locale))

    def moment(self, at: int) -> str:
        """A moment on this zone's clock: `Oct 31, 2026, 14:10`."""
        day = dates.format_date(self.local(at), "medium", locale=self._locale)
        return f"{day}, {self.clock(at)}"

    def clock(self, at: int) -> str:
        """The time of day, in 24 hours: `02:10`."""
        return self.local(at).strftime("%H:%M")

    def local(self, at: int) -> datetime:
        """A moment of microseconds UTC on this zone's clock."""
        return (_EPOCH + timedelta(microseconds=at)).astimezone(self.zone).replace(tzinfo=None)

    def _time(self, text: str) -> str:
        return self.moment(when.read(text, now=0, zone=self.zone))


def name(text: str) -> str:
    """An address, host or other name from a log, on one line, its invisible characters shown."""
    cut = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return safe.line(cut)


def inside(text: str) -> str:
    """A name for the inside of a sentence: one that runs right to left stays by itself there.

    Otherwise the numbers behind it would stand before it (Unicode TR 9: first strong isolate).
    """
    shown = name(text)
    runs_left = any(unicodedata.bidirectional(each) in ("R", "AL") for each in shown)
    return f"{_ISOLATE}{shown}{_END}" if runs_left else shown


def without_marks(text: str) -> str:
    """A text without the marks that `inside` sets, for readers that show them."""
    return text.replace(_ISOLATE, "").replace(_END, "")
