"""Masks: everybody else's addresses in what a viewer is shown. Pure.

Comes in: any text a mail log can hold, and what its reader may see. Goes out: the text with
`•••@•••` for every other address, and `•••` for what would give one away: its local part standing
alone (`=> anna <•••@•••>`, "User anna unknown") or the mailbox it is delivered to.

Limits: where a hidden local part is a word that mail logs use anyway (`to`, `sent`), it stays
where it stands as that word; it tells nothing there. Addresses that are taken apart or encoded
otherwise than with `%40` are not recognised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from postroad.model import address as addresses

#: What stands for an address that is not the viewer's business, and for a part of one.
MASK = "•••@•••"
PART = "•••"

_AT = re.compile("[@＠﹫]|%40")  # noqa: RUF001
#: A text in angle brackets; an address with a quoted local part; anything between delimiters.
#: No branch is tried twice on the same characters, however long a hostile line is.
_CHUNK = re.compile(
    r"""
    <(?P<bracketed>[^<>]*)>
    | "(?:[^"\\]|\\.){0,64}+"@[^\s<>()\[\],;:"]+
    | [^\s<>()\[\],;:"\\]+
    """,
    re.VERBOSE,
)
#: A field of a log line before an address without brackets: its name is no part of the address.
_FIELD = re.compile(
    r"(?:to|orig_to|from|for|rcpt|recipient|sender|user|login|email|id|sasl_username|sasl_sender"
    r"|[AFPU])=",
    re.IGNORECASE,
)
#: What Exim writes before the mailbox of a delivery, or before the address of a failed one.
_SIGN = re.compile(r"(?<!\S)(?:=>|->|>>|\*>|\*\*|==) ")
_MASKED_ADDRESS = f" <{MASK}>"
#: How far before its address a mailbox can begin, and how long a hidden name can be that is looked
#: for in other places.
_REACH, _LONGEST = 400, 320
_WORD = re.compile(r"[\w.+'-]+")
_PLAIN = re.compile(r"[\w.+'-]+")
#: Words of the logs themselves.
_VOCABULARY = frozenset(
    [
        "a",
        "accepted",
        "action",
        "active",
        "address",
        "after",
        "all",
        "an",
        "and",
        "as",
        "at",
        "be",
        "bounce",
        "by",
        "cannot",
        "client",
        "closed",
        "command",
        "completed",
        "connect",
        "connection",
        "data",
        "deferred",
        "delay",
        "delays",
        "delivered",
        "delivery",
        "domain",
        "dsn",
        "end",
        "error",
        "expired",
        "for",
        "forwarded",
        "from",
        "helo",
        "host",
        "id",
        "in",
        "is",
        "lmtp",
        "local",
        "login",
        "lost",
        "mail",
        "mailbox",
        "maildir",
        "message",
        "milter",
        "mx",
        "no",
        "not",
        "of",
        "ok",
        "on",
        "or",
        "orig_to",
        "pipe",
        "protocol",
        "proto",
        "queue",
        "queued",
        "rcpt",
        "recipient",
        "refused",
        "rejected",
        "relay",
        "remote",
        "removed",
        "reply",
        "router",
        "said",
        "sender",
        "sent",
        "server",
        "size",
        "smtp",
        "spam",
        "status",
        "temporarily",
        "the",
        "timeout",
        "timed",
        "tls",
        "to",
        "transport",
        "unknown",
        "user",
        "via",
        "virtual",
        "was",
        "with",
    ]
)


class Mask:
    """What one viewer may read of the texts about one message."""

    def __init__(
        self, holds: Callable[[str], bool], allowed: Iterable[str], hidden: Iterable[str] = ()
    ) -> None:
        """Allow what the viewer `holds` and the `allowed` addresses, nothing else.

        `hidden` are names that must not be read even where they do not look like an address:
        other recipients, logins, and mailboxes, which may be files or commands.
        """
        self._holds = holds
        self._allowed = {addresses.key(each) for each in allowed}
        self._kept = {each.rpartition("@")[0] or each for each in self._allowed} | _VOCABULARY
        self._words: set[str] = set()
        self._texts: set[str] = set()
        self._hide(hidden)

    def allows(self, name: str) -> bool:
        """Whether this address or login may be read."""
        return addresses.key(name) in self._allowed or self._holds(name)

    def learn(self, text: str) -> None:
        """Note the hidden addresses of a text, for what they give away in others."""
        self._hide(self._masked(text)[1])

    def name(self, name: str) -> str:
        """A field that holds one address, login or mailbox, or nothing."""
        return name if not name or self.allows(name) else MASK

    def text(self, text: str) -> str:
        """A line, a reply, or any other text."""
        text, found = self._masked(text)
        self._hide(found)
        text = _without_mailboxes(text)
        lower = text.lower()
        for each in sorted((each for each in self._texts if each in lower), key=len, reverse=True):
            text = re.sub(re.escape(each), PART, text, flags=re.IGNORECASE)
        return _WORD.sub(self._word, text) if self._words else text

    def _hide(self, names: Iterable[str]) -> None:
        words, texts = _giveaways(name for name in names if not self.allows(name))
        self._words |= words - self._kept
        self._texts |= texts

    def _masked(self, text: str) -> tuple[str, list[str]]:
        """The text without hidden addresses, and these."""
        found: list[str] = []
        return _CHUNK.sub(lambda chunk: self._chunk(chunk, found), text), found

    def _chunk(self, chunk: re.Match[str], found: list[str]) -> str:
        whole = chunk[0]
        if not _AT.search(whole):
            return whole
        bracketed = chunk["bracketed"]
        if bracketed is not None:
            return whole if self._may(bracketed, found) else f"<{MASK}>"
        field = _FIELD.match(whole)
        name = field[0] if field else ""
        return whole if self._may(whole[len(name) :], found) else f"{name}{MASK}"

    def _may(self, text: str, found: list[str]) -> bool:
        candidate = _AT.sub("@", text).strip("'`*!?.{}|")
        if candidate.startswith("@"):
            # A source route (RFC 5321 appendix C): the address stands behind the last colon.
            candidate = candidate.rpartition(":")[2]
        if candidate.startswith("@") or self.allows(text) or self.allows(candidate):
            return True
        found.append(candidate)
        return False

    def _word(self, found: re.Match[str]) -> str:
        bare = found[0].strip(".'-")
        return found[0].replace(bare, PART) if bare.lower() in self._words else found[0]


def _without_mailboxes(text: str) -> str:
    """The text without the mailboxes that stand between Exim's sign and a masked address."""
    *heads, tail = text.split(_MASKED_ADDRESS)
    for index, head in enumerate(heads):
        start = max(len(head) - _REACH, head.rfind("<") + 1, 0)
        if sign := _SIGN.search(head, start):
            heads[index] = head[: sign.end()] + PART
    return _MASKED_ADDRESS.join([*heads, tail])


def _giveaways(names: Iterable[str]) -> tuple[set[str], set[str]]:
    """What gives a name away: words to be masked where they stand alone, and longer texts."""
    words: set[str] = set()
    texts: set[str] = set()
    for name in names:
        local, at, _ = name.lower().rpartition("@")
        for each in _forms(local if at else name.lower()):
            if _PLAIN.fullmatch(each):
                words.add(each.strip(".'-"))
            elif 1 < len(each) <= _LONGEST:
                texts.add(each)
    words.discard("")
    return words, texts


def _forms(local: str) -> Iterable[str]:
    """A local part as it may be written: without quotes, before a tag or a percent sign."""
    yield local
    if local.startswith('"') and local.endswith('"'):
        local = local[1:-1].replace("\\", "")
        yield local
    for sign in "+%":
        base, found, _ = local.partition(sign)
        if found and base:
            yield base
