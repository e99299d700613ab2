"""A desk: an outbox, one account, and a dispatcher with a clock that tests set."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from postroad.accounts import CHEAPEST, Accounts, Draft, Hasher, Kind
from postroad.model.notice import Notice
from postroad.notify.call import Caller
from postroad.notify.calling import Calling
from postroad.notify.dispatcher import Dispatcher
from postroad.notify.ledger import Ledger
from postroad.notify.mailing import Carrier, Mailing
from postroad.notify.settling import Lookup, Settling
from postroad.notify.writing import Written
from postroad.state import State, outbox, webhooks
from postroad.state.notices import letters
from postroad.state.outbox import Letter
from postroad.state.webhooks import Webhook
from postroad.trace.safety import Fence

#: 2026-01-15 10:00 UTC, microseconds.
NOW = 1_768_471_200_000_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NAME = "anna@example.com"
#: Seconds that the threads of a test may take.
PATIENCE = 30


class Clock:
    """Says what time it is, as a test has set it."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        """The time, in microseconds UTC."""
        return self.now


class Desk:
    """What sends the letters of one account."""

    def __init__(
        self,
        folder: Path,
        carrier: Carrier,
        *,
        caller: Caller | None = None,
        lookup: Lookup | None = None,
        write: Callable[[Letter], Written | str] | None = None,
        clock: Callable[[], int] | None = None,
        networks: tuple[str, ...] = ("127.0.0.0/8",),
        patience: float = 5,
    ) -> None:
        self.clock: Any = clock or Clock()
        self.state = State.open(folder / "state.db")
        directory = Accounts(self.state, hasher=Hasher(CHEAPEST)).directory
        account = directory.find(NAME) or directory.add(Draft(name=NAME, kind=Kind.MAILBOX))
        self.account = account.id
        self.carrier = carrier
        self._keys = itertools.count(1)
        ledger = Ledger(self.state)
        write = write or self.write
        common = (self.state, ledger, write, self.clock)
        sender = "postroad@mail.example.com"
        self.mailing = Mailing(*common, carrier=carrier, sender=sender, key="a key")
        self.caller = caller or Caller(Fence(networks), patience=patience)
        self.dispatcher = Dispatcher(
            self.state,
            ledger,
            self.mailing,
            lambda: Calling(*common, caller=self.caller, key="a key"),
            Settling(self.state, lookup) if lookup else None,
        )

    @staticmethod
    def write(letter: Letter) -> Written:
        """What every letter says."""
        notice = Notice(
            subject=f"About {letter.key}",
            text=f"This is {letter.key}.\n.\n..two dots\nEnd\n",
            data={"about": letter.key},
        )
        unsubscribe = "https://mail.example.com/unsubscribe/" + "5ec2e7" * 11
        return Written(notice=notice, unsubscribe=unsubscribe if letter.subscription_id else "")

    def put(self, key: str = "", **more: Any) -> Letter:
        """Put a letter in."""
        key = key or f"letter {next(self._keys)}"
        made = {"kind": "report", "channel": "email", "target": NAME} | more
        letter = Letter(key=key, account_id=self.account, **made)
        assert outbox.put(self.state, letter, at=self.clock())
        return self.letter(key)

    def webhook(self, url: str, most: int = 100) -> Webhook:
        """Make a webhook."""
        made = webhooks.add(
            self.state, account_id=self.account, label="mine", url=url, at=self.clock(), most=most
        )
        assert made is not None
        return made

    def ring(self, webhook: Webhook, key: str = "") -> Letter:
        """Put in a letter to a webhook."""
        return self.put(key, channel="webhook", target=webhook.id)

    def letter(self, key: str) -> Letter:
        """The letter of this key, as it is now."""
        with self.state.read() as connection:
            row = connection.execute(sa.select(letters).where(letters.c.key == key)).one()
        return outbox.letter_of(row)

    def now(self, letter: Letter) -> Letter:
        """A letter as it is now."""
        return self.letter(letter.key)

    def tries(self, letter: Letter) -> list[outbox.Try]:
        """The tries of a letter, the first one first."""
        return outbox.tries_of(self.state, [letter.id]).get(letter.id, [])[::-1]

    def round(self) -> None:
        """Look, and wait until all that was due is done."""
        self.dispatcher.look(self.clock())
        assert self.dispatcher.finish(PATIENCE), "it does not end"

    def pass_time(self, span: int, step: int = 10 * SECOND) -> None:
        """Let so much time pass, with a look now and then (microseconds)."""
        until = self.clock.now + span
        while self.clock.now < until:
            self.clock.now += step
            self.round()

    def close(self) -> None:
        """End it."""
        self.dispatcher.close()
        self.state.close()
