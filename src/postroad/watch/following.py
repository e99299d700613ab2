"""Following: tells once what became of a message that had not ended when it was asked for.

Looked at are messages of which something was written since the last look, and now and then all of
them. A message is named by its key and its recipient as addressed: a delivery's own name changes
when its final address becomes known.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from postroad import queries
from postroad.accounts import Accounts, Viewer
from postroad.model.delivery import Delivery
from postroad.model.when import DAY, MINUTE
from postroad.state import State, outbox, subscriptions
from postroad.state.subscriptions import DONE, FOLLOW, RIGHTS, Subscription
from postroad.store import Store
from postroad.store.changes import Wanted
from postroad.watch.expecting import Problem, letter
from postroad.watch.wishes import Follow, FollowMemory, memory, read, written

#: How often all messages are looked at, whether something was written of them or not.
_ALL_EVERY = 10 * MINUTE
#: How long nothing of a message is there to be seen before that is believed.
_MISSING = 10 * MINUTE
#: Wishes that are looked at, and changes that are read at once.
_ALL, _PAGE = 1_000_000, 5_000
#: Hexadecimal digits of a message's key, which the name of a delivery begins with.
_KEY = 16


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What a letter about the end of a message is made of."""

    #: Whether it ended; else it is older than anything that is kept.
    ended: bool = True


class Following:
    """The watch for messages that are followed."""

    def __init__(self, store: Store, state: State, accounts: Accounts, problem: Problem) -> None:
        self._problem = problem
        self._store = store
        self._state = state
        self._accounts = accounts
        self._mark = 0
        self._all_at = 0
        #: Wishes that were there at the last look.
        self._seen: set[int] = set()

    def look(self, now: int) -> None:
        """Put a letter into the outbox for each message that ended."""
        kept = subscriptions.due(self._state, (FOLLOW,), at=now, limit=_ALL)
        until = self._store.settled()
        is_all = not self._all_at <= now < self._all_at + _ALL_EVERY
        wishes = [(each, asked) for each in kept if (asked := read(each.what, Follow))]
        seen = {each.id for each, _ in wishes}
        if not is_all:
            changed = self._changed({asked.message for _, asked in wishes}, until)
            fresh = {each.id for each, _ in wishes} - self._seen
            wishes = [
                (each, asked)
                for each, asked in wishes
                if asked.message in changed or each.id in fresh
            ]
        mine: dict[int, list[tuple[Subscription, Follow]]] = {}
        for each, asked in wishes:
            mine.setdefault(each.account_id, []).append((each, asked))
        for account_id, some in mine.items():
            if viewer := self._accounts.by_id(account_id, via="notice"):
                self._look_for(viewer, some, now)
        self._mark, self._seen = until, seen
        if is_all:
            self._all_at = now

    def _changed(self, messages: Iterable[str], until: int) -> set[str]:
        """Those of these messages of which something was written since the last look."""
        wanted = Wanted(messages=sorted(messages))
        found: set[str] = set()
        after = (0, 0, "")
        while wanted.messages and self._mark < until:
            page = self._store.changes(
                wanted, since=self._mark, until=until, active=0, after=after, limit=_PAGE
            )
            found.update(each.id[:_KEY] for each in page)
            if len(page) < _PAGE:
                break
            after = page[-1].place
        return found

    def _look_for(
        self, viewer: Viewer, wishes: list[tuple[Subscription, Follow]], now: int
    ) -> None:
        messages = {asked.message for _, asked in wishes}
        rows: dict[str, list[Delivery]] = {}
        for row in queries.of_messages(self._store, viewer.scope, messages):
            rows.setdefault(row.message_key, []).append(row)
        for kept, asked in wishes:
            found = followed(rows.get(asked.message, []), asked)
            if self._problem(viewer, kept.channel, kept.target):
                subscriptions.end(self._state, kept.id, why=RIGHTS, at=now)
            elif found and all(row.status.is_final for row in found):
                self._end(kept, Recipe(), now)
            elif not found:
                self._miss(kept, asked, now)
            elif kept.memory != "{}":
                subscriptions.remember(self._state, {kept.id: "{}"})

    def _miss(self, kept: Subscription, asked: Follow, now: int) -> None:
        """Nothing of it can be seen: it is too old by now, or its follower's rights went."""
        if asked.first_at and asked.first_at < now - self._store.retention_days * DAY:
            self._end(kept, Recipe(ended=False), now)
            return
        since = memory(kept.memory, FollowMemory).missing
        if not since:
            missing = written(FollowMemory(missing=now))
            subscriptions.remember(self._state, {kept.id: missing})
        elif now - since >= _MISSING:
            subscriptions.end(self._state, kept.id, why=RIGHTS, at=now)

    def _end(self, kept: Subscription, recipe: Recipe, now: int) -> None:
        outbox.put(self._state, letter(kept, f"follow {kept.id}", recipe), at=now)
        subscriptions.end(self._state, kept.id, why=DONE, at=now)


def followed(rows: Iterable[Delivery], asked: Follow) -> list[Delivery]:
    """Those of a message's deliveries that are followed, the earliest recipient first."""
    wanted = asked.recipient.lower()
    found = [row for row in rows if not wanted or row.recipient.lower() == wanted]
    return sorted(found, key=lambda row: (row.first_at, row.recipient, row.id))
