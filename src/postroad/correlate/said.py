"""Said: what one aside says, arranged so that a row finds its own part of it without a search.

Anybody can send mail under a Message-ID that is in use, as often as they like, and mailing lists
do: thousands of copies may share one aside. Whatever is looked up here takes time that grows with
what is found, and what is found is bounded.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import TypeVar

from postroad.correlate.fold import Row
from postroad.correlate.message import Message
from postroad.model import address as addresses
from postroad.model.event import Arrived, Attempted, Described

_Told = TypeVar("_Told", Attempted, Described)

#: Copies and what is said of them lie no further apart than this, microseconds.
TOGETHER = 600_000_000
#: Lines of one program about one copy that are taken over: those next to it in time.
_MOST = 20
_EVER = 2**62


class Said:
    """What is said in one aside, by session, by mailbox and by time."""

    __slots__ = ("_all", "_alone", "_by_session", "_by_user", "_times", "_verdicts", "has_copies")

    def __init__(self, aside: Message) -> None:
        """Arrange the lines that the aside has now."""
        events = sorted(aside.events.items(), key=lambda each: (each[1].at, each[0]))
        self._all = [event for _, event in events if isinstance(event, Attempted)]
        self._verdicts = [event for _, event in events if isinstance(event, Described)]
        #: Whether it says anything of single copies.
        self.has_copies = bool(self._all)
        self._times = [each.at for each in self._all]
        self._by_session: dict[str, list[Attempted]] = {}
        self._by_user: dict[str, list[Attempted]] = {}
        #: For each line, where the run of lines about the same mailbox begins that it is in.
        self._alone: list[int] = []
        before = ""
        for number, each in enumerate(self._all):
            user = addresses.key(each.address)
            if each.session:
                self._by_session.setdefault(each.session, []).append(each)
            self._by_user.setdefault(user, []).append(each)
            is_same = bool(number) and user == before
            self._alone.append(self._alone[-1] if is_same else number)
            before = user

    def named(self, row: Row, copy: Attempted, words: Iterable[str]) -> list[Attempted]:
        """What is said of the copy whose session stands among these words."""
        found: list[Attempted] = []
        for word in words:
            told = self._by_session.get(word)
            if not told:
                continue
            # Clocks may differ: a session's name is certain at any time.
            told = nearest(told, copy.at, within=_EVER)
            users = {addresses.key(each.address) for each in told}
            mine = _users(row, copy)
            found += [e for e in told if len(users) == 1 or addresses.key(e.address) in mine]
        return sorted(found, key=_at)[-_MOST:]

    def near(self, row: Row, copy: Attempted, session: str) -> list[Attempted]:
        """What is said of the row's mailbox about then; if a session is named, not in others."""
        found: list[Attempted] = []
        for user in _users(row, copy):
            found += nearest(self._by_user.get(user, ()), copy.at)
        return nearest(_not_elsewhere(sorted(found, key=_at), session), copy.at)

    def only(self, copy: Attempted, session: str) -> list[Attempted]:
        """What is said about then, as `near()`, if all of it is said of one mailbox."""
        low = bisect_left(self._times, copy.at - TOGETHER)
        high = bisect_right(self._times, copy.at + TOGETHER)
        if low == high or self._alone[high - 1] > low:
            return []
        return _not_elsewhere(nearest(self._all[low:high], copy.at), session)

    def verdicts(self, at: int, *, is_shared: bool) -> list[Described]:
        """What the filter says of a message that came in then.

        Where several messages share the Message-ID, it is what was said next to that time. If that
        is two different things, nobody knows which of them is meant.
        """
        found = nearest(self._verdicts, at)
        if not is_shared or len(found) <= 1:
            return found
        distance = min(abs(each.at - at) for each in found)
        closest = [each for each in found if abs(each.at - at) == distance]
        is_clear = len({(each.spam_score, each.spam_verdict) for each in closest}) == 1
        return closest if is_clear else []


def nearest(told: Sequence[_Told], at: int, *, within: int = TOGETHER) -> list[_Told]:
    """Those of `told`, which are in the order of time, that lie next to a time, in that order."""
    low = bisect_left(told, at - within, key=_at)
    high = bisect_right(told, at + within, key=_at)
    if high - low <= _MOST:
        return list(told[low:high])
    middle = bisect_left(told, at, key=_at)
    around = told[max(low, middle - _MOST) : min(high, middle + _MOST)]
    closest = sorted(around, key=lambda each: abs(each.at - at))[:_MOST]
    return sorted(closest, key=_at)


def came_in(message: Message) -> int:
    """When the content of a message was there: what a filter says is said about then.

    Exim logs an arrival behind the content, Postfix's queue manager begins behind it; its header
    is logged a little earlier.
    """
    times = [(2, message.first_at)]
    for event in message.events.values():
        if isinstance(event, Arrived):
            times.append((0 if event.has_sender else 2, event.at))
        elif isinstance(event, Described) and (event.nrcpt is not None or event.message_id):
            times.append((1 if event.nrcpt is None else 0, event.at))
    return min(times)[1]


def _users(row: Row, copy: Attempted) -> dict[str, None]:
    """What a mailbox server may call the mailbox of a row."""
    users: dict[str, None] = {}
    for address in (row.delivered_to, row.recipient, copy.address):
        key = addresses.key(address)
        users[key] = None
        users[key.partition("@")[0]] = None
    users.pop("", None)
    return users


def _not_elsewhere(told: list[Attempted], session: str) -> list[Attempted]:
    """Without what was said in other sessions, if it is known in which one it was to be."""
    if not session:
        return told
    return [each for each in told if not each.session or _base(each.session) == _base(session)]


def _base(session: str) -> str:
    """A session's name; its transactions and recipients bear it, with numbers behind a colon."""
    return session.partition(":")[0]


def _at(each: Attempted | Described) -> int:
    return each.at
