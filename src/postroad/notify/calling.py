"""The lane of letters that go to webhooks: one call at a time to each, several side by side."""

from __future__ import annotations

import msgspec

from postroad.model.when import SECOND, rfc3339
from postroad.notify import backoff, sentences
from postroad.notify.call import GONE, Call, Caller
from postroad.notify.ledger import Ledger
from postroad.notify.message import event_id
from postroad.notify.writing import Clock, Lane, Writer, timed
from postroad.state import State, outbox, webhooks
from postroad.state.outbox import WEBHOOK, Letter
from postroad.state.webhooks import Webhook

#: Calls of one webhook in one go; the next look goes on, so that others have their turn.
_MOST = 20


class Calling(Lane):
    """Takes letters out of the outbox and calls webhooks with them."""

    plan = backoff.CALL

    def __init__(
        self,
        state: State,
        ledger: Ledger,
        write: Writer,
        clock: Clock,
        *,
        caller: Caller,
        key: str,
    ) -> None:
        """`key` names the events."""
        super().__init__(state, ledger, write, clock)
        self._caller = caller
        self._key = key

    def work(self, target: str) -> None:
        """Make the calls to one webhook that are due. Raises `StateError`."""
        for _ in range(_MOST):
            due = outbox.due(self._state, WEBHOOK, at=self._clock(), target=target)
            if not due or not self.goes_on:
                return
            if not self._call(due[0]):
                return

    def close(self) -> None:
        """Break off; a call that was under way is made again at the next start."""
        self.is_over = True
        self._caller.close()

    def _call(self, letter: Letter) -> bool:
        """Make one call; whether the next may follow at once."""
        webhook = webhooks.get(self._state, letter.target)
        if webhook is None or webhook.account_id != letter.account_id:
            said = str(sentences.NOT_THERE)
            outbox.withdraw(self._state, letter.id, said=said, at=self._clock())
            return True
        if webhook.paused:
            return False
        made = self.written(letter)
        if made is None:
            return True
        call = self._made(letter, webhook, made.notice.data)
        outcome, took = timed(lambda: self._caller.make(call))
        self.note(letter, outcome, took=took)
        if outcome.code == GONE:
            webhooks.pause(self._state, webhook.id, paused=True)
        # Who does not answer is not asked the next thing at once.
        return bool(outcome.code)

    def _made(self, letter: Letter, webhook: Webhook, data: dict[str, object]) -> Call:
        event = event_id(self._key, letter)
        body = {
            "id": event,
            "event": letter.kind,
            "at": rfc3339(letter.created_at),
            "data": data,
        }
        return Call(
            url=webhook.url,
            secret=webhook.secret,
            id=event,
            body=msgspec.json.encode(body),
            timestamp=self._clock() // SECOND,
        )
