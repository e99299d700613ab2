"""Delivering: what sends letters here, and the webhooks and letters of each account.

Only the process that serves sends; every process may ask what was sent. What a letter says, and
whether it may still go where it was to go, is found out when it is sent.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from postroad.accounts import Viewer, local_administrator
from postroad.accounts.keys import Keys
from postroad.doctor import Finding
from postroad.errors import AccountError
from postroad.model.notice import Notice
from postroad.model.text import say
from postroad.model.when import DAY
from postroad.notify import health, sentences
from postroad.notify.dispatcher import Dispatcher
from postroad.notify.ledger import Ledger
from postroad.notify.line import Server
from postroad.notify.mailing import Carrier, Mailing
from postroad.notify.program import Program, find
from postroad.notify.settling import Fate, Settling
from postroad.notify.submission import Submission
from postroad.notify.writing import Written
from postroad.queries.posted import posted
from postroad.services.limits import Rule
from postroad.state import outbox, subscriptions, webhooks
from postroad.state.outbox import EMAIL, FAILED, SENT, UNCLEAR, WEBHOOK, Letter, Try
from postroad.state.webhooks import Webhook

if TYPE_CHECKING:
    from postroad.notify.calling import Calling
    from postroad.services.answers import Services

#: Webhooks that an account may have.
MOST = 10
#: Characters of a webhook's label.
LONGEST_LABEL = 100
#: Kind of the letters that only try whether they arrive.
TEST = "test"
#: Seconds for a call, all in all.
_PATIENCE = 15
#: How often somebody may have something sent by hand.
_BY_HAND = Rule(20, 600)
#: Name of the key that events are named with.
_KEY = "letters"
#: A name that a server can be greeted with (RFC 5321 section 4.1.2).
_GREETING = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
#: Why subscriptions ended whose letters are not wanted any more, even those put in meanwhile.
_UNWANTED = (subscriptions.REMOVED, subscriptions.UNSUBSCRIBED, subscriptions.BOUNCED)
#: What may be sent once more by hand: calls also when they succeeded.
_AGAIN = {EMAIL: (FAILED, UNCLEAR, outbox.BOUNCED), WEBHOOK: (FAILED, SENT)}


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A letter as its reader is shown it."""

    letter: Letter
    #: The newest first.
    tries: list[Try]
    #: Label of the webhook that it went to; empty for e-mail, and for one that is gone.
    label: str = ""
    #: Whether it may be sent once more by hand.
    may_go_again: bool = False


class Delivering:
    """Sends letters, and tells what became of them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._settings = services.settings
        self._state = services.state

    @cached_property
    def dispatcher(self) -> Dispatcher:
        """What sends. Asked for by the round of the process that serves."""
        ledger = Ledger(self._state)
        mailing = Mailing(
            self._state,
            ledger,
            self._write,
            self._services.now,
            carrier=self._carrier(),
            sender=self._settings.letters_from,
            key=Keys(self._state).get(_KEY),
        )
        return Dispatcher(
            self._state,
            ledger,
            mailing,
            lambda: self._calling(ledger),
            Settling(self._state, self._fate),
            keeps=self._settings.retention_days * DAY,
        )

    def look(self, now: int) -> None:
        """Send what is due by now (microseconds UTC). Raises `StateError`."""
        self.dispatcher.look(now)

    def close(self) -> None:
        """End its threads, if it ever sent."""
        if "dispatcher" in self.__dict__:
            self.dispatcher.close()

    def findings(self) -> list[Finding]:
        """What an administrator is to know about sending letters."""
        return list(health.findings(self._settings, self._state, now=self._services.now()))

    def way(self) -> str:
        """How e-mail leaves, in a sentence; empty where it cannot leave."""
        if self._settings.mail_submission:
            return say("through {server}", server=self._settings.mail_submission)
        program = find(self._settings.sendmail_path)
        return say("by {program}", program=program) if program else ""

    def add(self, viewer: Viewer, label: str, url: str) -> Webhook:
        """Make a webhook; its secret is to be shown once. Raises `AccountError`."""
        from postroad.notify import address

        _check_account(viewer)
        label = " ".join(label.split())[:LONGEST_LABEL]
        try:
            place = address.read(url.strip())
        except address.Wrong as wrong:
            raise AccountError(wrong.said) from wrong
        made = webhooks.add(
            self._state,
            account_id=viewer.account_id,
            label=label or place.host,
            url=url.strip(),
            at=self._services.now(),
            most=MOST,
        )
        if made is None:
            raise AccountError(
                say("You have {count} webhooks, which is the most. Remove one.", count=MOST)
            )
        self._services.accounts.audit.write(viewer, "add_webhook", f"{made.id} to {place.host}")
        return made

    def webhooks(self, viewer: Viewer) -> list[Webhook]:
        """The webhooks of this viewer's account."""
        return webhooks.of_account(self._state, viewer.account_id) if viewer.account_id else []

    def webhook(self, viewer: Viewer, webhook_id: str) -> Webhook:
        """The webhook of this id, if it is this viewer's. Raises `AccountError`."""
        found = webhooks.get(self._state, webhook_id)
        if found is None or not viewer.account_id or found.account_id != viewer.account_id:
            raise AccountError(say("There is no such webhook of yours."), "not_found")
        return found

    def pause(self, viewer: Viewer, webhook_id: str, *, paused: bool) -> None:
        """Stop calling a webhook, or go on. Raises `AccountError`."""
        found = self.webhook(viewer, webhook_id)
        webhooks.pause(self._state, found.id, paused=paused)
        action = "pause_webhook" if paused else "resume_webhook"
        self._services.accounts.audit.write(viewer, action, found.id)
        self._services.telling.wake()

    def remove(self, viewer: Viewer, webhook_id: str) -> None:
        """Delete a webhook; what was to be told there ends. Raises `AccountError`."""
        found = self.webhook(viewer, webhook_id)
        webhooks.remove(self._state, found.id, at=self._services.now())
        self._services.accounts.audit.write(viewer, "remove_webhook", found.id)

    def test(self, viewer: Viewer, webhook_id: str) -> None:
        """Call a webhook to see whether it answers. Raises `AccountError`, `TooManyTries`."""
        found = self.webhook(viewer, webhook_id)
        self._enter(viewer)
        now = self._services.now()
        letter = Letter(
            key=f"{TEST} {found.id} {now}",
            account_id=viewer.account_id,
            kind=TEST,
            channel=WEBHOOK,
            target=found.id,
        )
        outbox.put(self._state, letter, at=now)
        self._services.telling.wake()

    def letters(
        self, viewer: Viewer, *, limit: int, before: int = 0, webhook: str = ""
    ) -> list[Sent]:
        """What was sent for this viewer's account, the newest first.

        With `before` those with ids below, with `webhook` what went to this one.
        """
        if not viewer.account_id:
            return []
        found = outbox.latest(self._state, viewer.account_id, limit, before=before, target=webhook)
        labels = {each.id: each.label for each in self.webhooks(viewer)}
        tries = outbox.tries_of(self._state, [each.id for each in found])
        repeated = outbox.repeated(self._state, found)
        return [
            Sent(
                letter=each,
                tries=tries.get(each.id, []),
                label=labels.get(each.target, ""),
                may_go_again=(
                    each.status in _AGAIN[each.channel]
                    and each.id not in repeated
                    and (each.channel == EMAIL or each.target in labels)
                ),
            )
            for each in found
        ]

    def again(self, viewer: Viewer, letter_id: int) -> Letter:
        """Send a letter once more; the letter. Raises `AccountError`, `TooManyTries`."""
        found = outbox.get(self._state, letter_id)
        if found is None or not viewer.account_id or found.account_id != viewer.account_id:
            raise AccountError(say("There is no such letter of yours."), "not_found")
        if found.status not in _AGAIN[found.channel]:
            raise AccountError(say("This letter is not one to be sent again."), "conflict")
        self._enter(viewer)
        if outbox.again(self._state, found, at=self._services.now()):
            self._services.accounts.audit.write(viewer, "send_again", f"{found.kind} {found.id}")
        self._services.telling.wake()
        return found

    def _enter(self, viewer: Viewer) -> None:
        what = say("Sending by hand")
        self._services.limits.enter(f"letters {viewer.account_id}", _BY_HAND, what)

    def _write(self, letter: Letter) -> Written | str:
        """What a letter says now, or why it is not sent."""
        services = self._services
        viewer = services.accounts.by_id(letter.account_id, via=letter.kind)
        if viewer is None:
            return str(sentences.GONE)
        if services.subscribing.problem(viewer, letter.channel, letter.target):
            return str(sentences.NOT_THERE)
        wish = subscriptions.get(self._state, letter.subscription_id) if _is_told(letter) else None
        if wish and wish.ended_why in _UNWANTED:
            return str(sentences.UNWANTED)
        composer = services.telling.composers.get(letter.kind)
        if composer is None:
            return str(sentences.NOBODY_WRITES)
        notice = composer(viewer, letter)
        if notice is None:
            return str(sentences.NOTHING)
        return Written(notice=notice, unsubscribe=self._unsubscribe(letter))

    def _unsubscribe(self, letter: Letter) -> str:
        if not letter.subscription_id:
            return ""
        wish = subscriptions.get(self._state, letter.subscription_id)
        return self._services.subscribing.link(wish) if wish else ""

    def _carrier(self) -> Carrier:
        settings = self._settings
        if not settings.mail_submission:
            return Program(settings.sendmail_path, settings.mail_seconds)
        name = settings.host if _GREETING.fullmatch(settings.host) else ""
        return Submission(
            Server.of(
                settings.mail_submission,
                login=settings.mail_login,
                password=settings.mail_password,
                ca=settings.mail_ca,
                name=name,
                patience=settings.mail_seconds,
            )
        )

    def _calling(self, ledger: Ledger) -> Calling:
        """The lane of webhooks. What judges addresses takes a while to load."""
        from postroad.notify.call import Caller
        from postroad.notify.calling import Calling
        from postroad.trace.safety import Fence

        fence = Fence(self._settings.webhook_networks, self._settings.sending_addresses)
        return Calling(
            self._state,
            ledger,
            self._write,
            self._services.now,
            caller=Caller(fence, patience=_PATIENCE),
            key=Keys(self._state).get(_KEY),
        )

    def _fate(self, message_id: str, recipient: str) -> Fate | None:
        """What the log says of a letter: read for whoever it is of, who may see no more of it."""
        scope = local_administrator().scope
        found = posted(self._services.store, scope, message_id, recipient)
        return Fate(has_failed=found.came_back, said=found.said) if found else None


def write_test(viewer: Viewer, letter: Letter) -> Notice:
    """The composer of letters that only try whether they arrive."""
    del letter
    return Notice(
        subject=say("A test of postroad"),
        text=say("This letter was asked for to see whether it arrives."),
        data={"account": viewer.name},
    )


def _is_told(letter: Letter) -> bool:
    """Whether it is sent because of a subscription, and not once more by hand."""
    return bool(letter.subscription_id) and letter.key == letter.event


def _check_account(viewer: Viewer) -> None:
    if not viewer.account_id:
        raise AccountError(
            say("Webhooks belong to accounts: sign in to an account, or use its token.")
        )
