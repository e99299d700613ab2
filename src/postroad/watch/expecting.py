"""Expecting: tells of mail that somebody waits for, when it arrives, is put off or is refused.

Looked at is what was written since the last look, whatever time it speaks of, so that a log that is
read late tells, too. One statement asks for all wishes; who waits for something that it found asks
again in their own scope, and is told of what they may see.

A letter's key names wish, delivery and what happened. After so many letters in an hour the rest
of it is told in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from postroad import queries
from postroad.accounts import Accounts, Viewer
from postroad.model import address
from postroad.model.delivery import Delivery
from postroad.model.when import DAY, HOUR, MINUTE
from postroad.state import State, outbox, subscriptions
from postroad.state.outbox import Letter
from postroad.state.subscriptions import DONE, EXPECT, RIGHTS, Subscription
from postroad.store import Store
from postroad.store.changes import Change, Wanted
from postroad.watch.wishes import Expect, ExpectMemory, memory, read, written

#: Why a viewer may not have letters sent to a channel's target; empty where they may.
Problem = Callable[[Viewer, str, str], str]
#: Letters of one wish in an hour; the rest is summed up, and of so many it is said which.
PER_HOUR, NAMED = 20, 500
#: How long after its last day a wish still looks, for logs that are read late.
_LATE = 2 * DAY
#: How much older than a wish may be what it is told of: clocks of logs are whole seconds.
_BEFORE = MINUTE
#: Changes that are read at once, and that one wish is shown of a look.
_PAGE, _MOST = 5_000, 20_000
#: A wish that nothing happened to remembers so much later how far it looked.
_LAZY = 10 * MINUTE
#: Wishes that are looked at.
_ALL = 1_000_000


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What a letter about expected mail is made of."""

    #: Deliveries to name.
    deliveries: list[str]
    #: What happened; empty where they are summed up.
    event: str = ""
    #: How many they are, where there are more than are named.
    count: int = 1


class _Wish:
    """A wish while it is looked at."""

    def __init__(self, kept: Subscription, asked: Expect, mark: int) -> None:
        self.kept = kept
        self.asked = asked
        self.memory = memory(kept.memory, ExpectMemory)
        self.mark = max(mark, self.memory.mark)
        self.found: dict[str, None] = {}
        self.is_changed = False

    @property
    def since(self) -> int:
        """From when on mail is asked for."""
        return self.kept.created_at - _BEFORE


class Expecting:
    """The watch for mail that is expected."""

    def __init__(self, store: Store, state: State, accounts: Accounts, problem: Problem) -> None:
        self._problem = problem
        self._store = store
        self._state = state
        self._accounts = accounts
        #: How far each wish looked, of which the state is told now and then.
        self._marks: dict[int, int] = {}

    def look(self, now: int) -> None:
        """Put letters into the outbox for what happened since the last look."""
        until = self._store.settled()
        wishes = list(self._wishes(now))
        for wish in wishes:
            if wish.mark > until:
                # The clock went back: what was written since is looked at by it.
                wish.mark = wish.memory.mark = until - _BEFORE
        waiting = [each for each in wishes if each.mark < until]
        self._find(waiting, until)
        for viewer, mine in self._by_account(waiting):
            self._tell(viewer, mine, now)
        memories: dict[int, str] = {}
        self._marks = {each.kept.id: until for each in wishes}
        for wish in wishes:
            self._sum_up(wish, now)
            mark = self._marks[wish.kept.id]
            if wish.is_changed or mark - wish.memory.mark >= _LAZY:
                wish.memory.mark = mark
                memories[wish.kept.id] = written(wish.memory)
        if memories:
            subscriptions.remember(self._state, memories)

    def _wishes(self, now: int) -> Iterator[_Wish]:
        """Those that still wait; what is over, or cannot be read, is ended."""
        for kept in subscriptions.due(self._state, (EXPECT,), at=now, limit=_ALL):
            asked = read(kept.what, Expect)
            if asked is None or (asked.until and now > asked.until + _LATE):
                subscriptions.end(self._state, kept.id, why=DONE, at=now)
            else:
                yield _Wish(kept, asked, self._marks.get(kept.id, 0))

    def _find(self, wishes: list[_Wish], until: int) -> None:
        """Give each wish the names of the deliveries that may be what it waits for."""
        if not wishes:
            return
        index = _Index(wishes)
        since = min(each.mark for each in wishes)
        active = min(each.since for each in wishes)
        after = (0, 0, "")
        while True:
            page = self._store.changes(
                index.wanted, since=since, until=until, active=active, after=after, limit=_PAGE
            )
            for change in page:
                for wish in index.waiting_for(change):
                    is_new = change.written_at >= wish.mark and wish.asked.fits(change)
                    if is_new and len(wish.found) < _MOST:
                        wish.found[change.id] = None
            if len(page) < _PAGE:
                return
            after = page[-1].place

    def _by_account(self, wishes: list[_Wish]) -> Iterator[tuple[Viewer, list[_Wish]]]:
        """The wishes that found something, with who each account is now; none for who is away."""
        mine: dict[int, list[_Wish]] = {}
        for wish in wishes:
            if wish.found:
                mine.setdefault(wish.kept.account_id, []).append(wish)
        for account_id, found in mine.items():
            if viewer := self._accounts.by_id(account_id, via="notice"):
                yield viewer, found

    def _tell(self, viewer: Viewer, wishes: list[_Wish], now: int) -> None:
        """Write to an account what its wishes found, as far as it may see that now."""
        names = {name for wish in wishes for name in wish.found}
        rows = queries.among(self._store, viewer.scope, names)
        for wish in wishes:
            kept = wish.kept
            if wish.asked.lost(viewer.scope) or self._problem(viewer, kept.channel, kept.target):
                subscriptions.end(self._state, wish.kept.id, why=RIGHTS, at=now)
                continue
            found = [row for row in rows if row.id in wish.found]
            self._tell_of(wish, sorted(found, key=lambda row: (row.first_at, row.id)), now)

    def _tell_of(self, wish: _Wish, rows: list[Delivery], now: int) -> None:
        events = {row.id: wish.asked.holds(row, since=wish.since) for row in rows}
        keys = {
            row.id: f"expect {wish.kept.id} {row.id} {event}"
            for row in rows
            if (event := events[row.id])
        }
        known = subscriptions.known(self._state, keys.values())
        for name, key in keys.items():
            if key in known or name in wish.memory.more:
                continue
            wish.is_changed = True
            if not wish.memory.hour:
                wish.memory.hour = now
            if wish.memory.count < PER_HOUR:
                recipe = Recipe(deliveries=[name], event=events[name] or "")
                outbox.put(self._state, letter(wish.kept, key, recipe), at=now)
                wish.memory.count += 1
                continue
            wish.memory.more_count += 1
            if len(wish.memory.more) < NAMED:
                wish.memory.more.append(name)

    def _sum_up(self, wish: _Wish, now: int) -> None:
        """After an hour, tell of what there was too much of, and count anew."""
        kept = wish.memory
        if not kept.hour or kept.hour <= now < kept.hour + HOUR:
            return
        if kept.more:
            recipe = Recipe(deliveries=kept.more, count=kept.more_count)
            key = f"expect {wish.kept.id} more {kept.hour}"
            outbox.put(self._state, letter(wish.kept, key, recipe), at=now)
        wish.memory = ExpectMemory(mark=kept.mark)
        wish.is_changed = True


class _Index:
    """Which wishes wait for what, found by the narrowest thing that each names."""

    def __init__(self, wishes: Iterable[_Wish]) -> None:
        self._senders: dict[str, list[_Wish]] = {}
        self._recipients: dict[str, list[_Wish]] = {}
        self._subjects: list[tuple[str, _Wish]] = []
        for wish in wishes:
            if wish.asked.sender:
                self._senders.setdefault(wish.asked.sender, []).append(wish)
            elif wish.asked.recipient:
                self._recipients.setdefault(wish.asked.recipient, []).append(wish)
            else:
                self._subjects.append((wish.asked.subject.casefold(), wish))
        self.wanted = Wanted(
            senders=sorted(self._senders),
            recipients=sorted(self._recipients),
            subjects=sorted({subject for subject, _ in self._subjects}),
        )

    def waiting_for(self, change: Change) -> Iterator[_Wish]:
        """The wishes that may wait for this."""
        for party in _keys([change.sender]):
            yield from self._senders.get(party, ())
        for party in _keys([change.recipient, *change.targets]):
            yield from self._recipients.get(party, ())
        subject = change.subject.casefold()
        for part, wish in self._subjects:
            if part in subject:
                yield wish


def letter(kept: Subscription, key: str, recipe: msgspec.Struct) -> Letter:
    """A letter of a wish."""
    return Letter(
        key=key,
        account_id=kept.account_id,
        subscription_id=kept.id,
        kind=kept.kind,
        channel=kept.channel,
        target=kept.target,
        recipe=written(recipe),
    )


def _keys(parties: Iterable[str]) -> set[str]:
    """The parties, and the domains of those that have one."""
    found = {each for each in parties if each}
    return found | {f"@{domain}" for each in found if (domain := address.domain(each))}
