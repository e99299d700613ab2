"""What Postfix makes of a recipient before it is in the queue: cleanup(8).

In goes an address, out come the recipients that the message gets, each with the addresses that led
to it, as canonical(5) and virtual(5) describe.

Limits: masquerading and address rewriting of bare names matter for addresses without a domain
only, which are not traced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from postroad.model import address as addresses
from postroad.model.text import Text, say
from postroad.trace.limits import DEEPEST, MOST_NODES
from postroad.trace.postfix_lists import Lists
from postroad.trace.postfix_tables import Tables


@dataclass(frozen=True)
class Expansion:
    """That an address is sent on: where it stands, and in which words that is said."""

    address: str
    source: str
    words: Text


@dataclass(frozen=True)
class Recipient:
    """A recipient in the queue, and the addresses that led to it."""

    address: str
    way: tuple[Expansion, ...] = ()
    is_copy: bool = False
    #: Whether an alias leads back to it, or so far on that nobody follows.
    is_loop: bool = False


class Rewriter:
    """Maps recipients as one Postfix does."""

    def __init__(self, tables: Tables, lists: Lists) -> None:
        self._tables = tables
        self._lists = lists

    def recipients(self, address: str) -> Iterator[Recipient]:
        """What a message for this address is queued for. Raises `Unanswered`."""
        way: tuple[Expansion, ...] = ()
        canonical, step = self._canonical(address)
        if step:
            way, address = (step,), canonical
        copy = self._tables.first("recipient_bcc_maps", self._lists.keys(address))
        if copy:
            words = say(
                "{setting} adds a copy, as {table} says",
                setting="recipient_bcc_maps",
                table=copy[2],
            )
            way = (*way, Expansion(address, copy[2], words))
        yield from self._aliased(Recipient(address, way))
        if copy:
            for each in split(copy[1]):
                target, _ = self._canonical(self.qualified(each))
                yield from self._aliased(Recipient(target, way, is_copy=True))

    def qualified(self, text: str) -> str:
        """An address from a table with its domain, where it stands there without."""
        text = text.strip().strip("<>")
        return text if "@" in text else f"{text}@{self._tables['myorigin']}"

    def _canonical(self, address: str) -> tuple[str, Expansion | None]:
        """The address after canonical mapping (canonical(5)), for recipients first."""
        before, step = address, None
        for setting, classes in (
            ("recipient_canonical_maps", "recipient_canonical_classes"),
            ("canonical_maps", "canonical_classes"),
        ):
            if "envelope_recipient" not in self._tables.words(classes):
                continue
            if found := self._mapped(setting, address, "canonical"):
                targets, table = found
                words = say("{setting} rewrites it, as {table} says", setting=setting, table=table)
                address, step = targets[0], Expansion(before, table, words)
        return (address, step) if address.lower() != before.lower() else (before, None)

    def _aliased(self, first: Recipient) -> Iterator[Recipient]:
        """What virtual aliases make of a recipient, in Postfix's order (cleanup_map1n.c).

        An alias that leads back to itself is too much for Postfix, and with it the whole message.
        """
        itself: set[str] = set()
        waiting, done = [first], []
        for begun in waiting:
            current = begun
            while (following := self._next(current, itself)) is not None:
                loop = next((each for each in following if _is_circle(each, itself)), None)
                if loop is not None:
                    yield Recipient(loop.address, loop.way, first.is_copy, is_loop=True)
                    return
                current = following[0]
                waiting += following[1:][: max(0, MOST_NODES - len(waiting))]
            done.append(current)
        yield from done

    def _next(self, current: Recipient, itself: set[str]) -> list[Recipient] | None:
        """What one mapping makes of a recipient; None where it stays as it is."""
        if current.address.lower() in itself:
            return None
        found = self._mapped("virtual_alias_maps", current.address, "virtual")
        if found is None:
            return None
        targets, table = found
        if any(each.lower() == current.address.lower() for each in targets):
            # An alias may name itself, which means the mailbox of that name.
            itself.add(current.address.lower())
        words = say("virtual alias sends it on, as {table} says", table=table)
        way = (*current.way, Expansion(current.address, table, words))
        return [Recipient(each, way, current.is_copy) for each in targets]

    def _mapped(self, setting: str, address: str, kind: str) -> tuple[list[str], str] | None:
        """What a table makes of an address, and which table; None where none has it."""
        keys = self._lists.keys(address)
        found = self._tables.first(setting, keys)
        if found is None:
            return None
        key, value, table = found
        local, _, _ = address.rpartition("@")
        extension = self._lists.extension(local)
        propagates = kind in self._tables.words("propagate_unmatched_extensions")
        keeps = bool(extension) and propagates and key in self._lists.keys_without(address)
        targets = []
        for each in split(value):
            target = f"{local}{each}" if each.startswith("@") else self.qualified(each)
            if keeps and not each.startswith("@"):
                name, _, domain = target.rpartition("@")
                target = f"{name}{extension}@{domain}"
            targets.append(_lower_domain(target))
        if len(targets) > 1:
            self._lists.learn(targets[:MOST_NODES])
        return (targets, table) if targets else None


def _is_circle(recipient: Recipient, itself: set[str]) -> bool:
    """Whether the recipient is one of those that led to it, or much too far from the first."""
    address = recipient.address.lower()
    before = [each.address.lower() for each in recipient.way]
    return (address in before and address not in itself) or len(before) > DEEPEST


def split(text: str) -> list[str]:
    """Addresses between commas; a comma within quotation marks is part of one."""
    found, item, is_quoted = [], "", False
    for each in text:
        is_quoted ^= each == '"'
        if each in ",\n" and not is_quoted:
            found.append(item.strip())
            item = ""
        else:
            item += each
    found.append(item.strip())
    return [each for each in found if each]


def _lower_domain(address: str) -> str:
    local, at, _ = address.rpartition("@")
    return f"{local}{at}{addresses.domain(address)}"
