"""Watching: following messages, expecting mail and alerts, asked for and carried out."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from postroad import queries
from postroad.accounts import Kind, Viewer
from postroad.errors import AccountError
from postroad.model.delivery import Delivery
from postroad.model.text import say
from postroad.queries.terms import is_origin
from postroad.services.answers import Services
from postroad.state import subscriptions
from postroad.state.subscriptions import ALERT, EXPECT, FOLLOW, Subscription
from postroad.watch import sentences, wishes
from postroad.watch.alarming import Alarming, may_ask
from postroad.watch.expecting import Expecting
from postroad.watch.following import Following, followed
from postroad.watch.letters import Letters
from postroad.watch.wishes import Alert, Expect, ExpectMemory, Follow, Rule


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """Where letters go, and how they are written."""

    #: `email` or `webhook`.
    channel: str
    #: Address, or id of the webhook.
    target: str
    zone: str = ""
    language: str = ""


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """A wish as its owner is shown it."""

    kept: Subscription
    #: What it is, in words; empty for kinds of others.
    words: str
    #: How many letters there were, and when the last was written.
    letters: int
    last_at: int
    #: Since when the first of its incidents lasts; 0: there is none.
    since: int
    #: What its incidents are about.
    subjects: tuple[str, ...] = ()
    #: Up to when it waits; 0: until it is ended.
    until: int = 0


class Watching:
    """What one viewer follows, expects and is alarmed of."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def follow(
        self, viewer: Viewer, delivery_id: str, where: Where, *, everybody: bool = False
    ) -> tuple[int, Delivery]:
        """Tell how a delivery ends, or with `everybody` how the message ends for all recipients.

        The id of the wish, 0 where it has ended already, and the delivery. Raises `AccountError`.
        """
        services = self._services
        found = queries.among(services.store, viewer.scope, [delivery_id])
        if not found:
            message = say("There is no such message, or none that you may see.")
            raise AccountError(message, "not_found")
        delivery = found[0]
        everybody = everybody and is_origin(viewer.scope, delivery)
        asked = Follow(
            message=delivery.message_key,
            recipient="" if everybody else delivery.recipient,
            first_at=delivery.first_at,
        )
        rows = [delivery]
        if everybody:
            rows = queries.of_messages(services.store, viewer.scope, [delivery.message_key])
        if all(row.status.is_final for row in rows):
            return 0, delivery
        about = (delivery.sender, delivery.recipient)
        made = self._add(viewer, FOLLOW, asked, where, about=about)
        return made, delivery

    def expect(self, viewer: Viewer, asked: Expect, where: Where) -> int:
        """Tell of mail that comes from now on; the id of the wish. Raises `AccountError`."""
        wish = wishes.expected(asked, viewer.scope, now=self._services.now())
        memory = ExpectMemory(mark=self._services.store.settled())
        about = [each.removeprefix("@") for each in (wish.sender, wish.recipient) if each]
        return self._add(viewer, EXPECT, wish, where, memory=wishes.written(memory), about=about)

    def alert(self, viewer: Viewer, alert: Alert, where: Where) -> int:
        """Tell when figures alarm; the id of the wish. Raises `AccountError`."""
        if viewer.kind is Kind.MAILBOX:
            raise AccountError(say("Alerts are for those who look after mailboxes."))
        if not may_ask(viewer.scope, alert):
            raise AccountError(say("Only administrators are told how the logs are read."))
        if alert.rule is Rule.SILENCE:
            # Lines that are missing stay missing.
            alert = msgspec.structs.replace(alert, says_over=False)
        return self._add(viewer, ALERT, alert, where)

    def is_origin(self, viewer: Viewer, delivery: Delivery) -> bool:
        """Whether a viewer is the side that provably wrote a message to several recipients."""
        return is_origin(viewer.scope, delivery)

    def follows(self, viewer: Viewer, delivery: Delivery) -> bool:
        """Whether a viewer is told already how a delivery ends."""
        for kept in self._services.subscribing.mine(viewer):
            asked = None if kept.ended_at or kept.kind != FOLLOW else wishes.read(kept.what, Follow)
            if asked and followed([delivery], asked) and asked.message == delivery.message_key:
                return True
        return False

    def mine(self, viewer: Viewer) -> list[Mine]:
        """The wishes of a viewer's account of every kind, the newest first, ended ones too."""
        told = subscriptions.told(self._services.state, viewer.account_id)
        found = []
        for kept in self._services.subscribing.mine(viewer):
            letters = told.get(kept.id)
            lasting = _lasting(kept)
            found.append(
                Mine(
                    kept=kept,
                    words=_words(kept),
                    letters=letters.count if letters else 0,
                    last_at=letters.last_at if letters else 0,
                    since=min((each.since for each in lasting.values()), default=0),
                    subjects=tuple(filter(None, lasting)),
                    until=_until(kept),
                )
            )
        return found

    def wire(self) -> None:
        """Take part in the round."""
        services = self._services
        store, state, accounts = services.store, services.state, services.accounts
        problem = services.subscribing.problem
        letters = Letters(
            store,
            state,
            services.settings.base_url,
            link=services.subscribing.link,
            now=services.now,
            alive=self._alive,
        )
        services.telling.watches += [
            Following(store, state, accounts, problem).look,
            Expecting(store, state, accounts, problem).look,
            Alarming(store, state, accounts, problem, self._alive).look,
        ]
        services.telling.composers |= {
            FOLLOW: letters.follow,
            EXPECT: letters.expect,
            ALERT: letters.alert,
        }

    def _alive(self) -> Collection[str]:
        """Names of the logs that are followed."""
        follower = self._services.follower
        return {each.name for each in follower.health().sources} if follower else set()

    def _add(
        self,
        viewer: Viewer,
        kind: str,
        what: msgspec.Struct,
        where: Where,
        *,
        memory: str = "{}",
        about: Collection[str] = (),
    ) -> int:
        made = self._services.subscribing.add(
            viewer,
            kind,
            what,
            where.channel,
            where.target,
            where.zone,
            where.language,
            memory=memory,
            about=about,
        )
        self._services.telling.wake()
        return made


def _words(kept: Subscription) -> str:
    """What a wish of these kinds is, in words."""
    match kept.kind:
        case "follow":
            asked = wishes.read(kept.what, Follow)
            return sentences.of_follow(asked) if asked else ""
        case "expect":
            mail = wishes.read(kept.what, Expect)
            return sentences.of_expect(mail) if mail else ""
        case "alert":
            alert = wishes.read(kept.what, Alert)
            return sentences.of_alert(alert) if alert else ""
    return ""


def _until(kept: Subscription) -> int:
    """Up to when mail is expected; 0 where no day is named."""
    asked = wishes.read(kept.what, Expect) if kept.kind == EXPECT else None
    return asked.until if asked else 0


def _lasting(kept: Subscription) -> dict[str, wishes.Incident]:
    """The incidents of an alert that last."""
    if kept.kind != ALERT or kept.ended_at:
        return {}
    return wishes.memory(kept.memory, wishes.AlertMemory).open
