"""The people, servers and words of the generated logs.

A seed comes in, names come out: the same ones every time. All domains and addresses are those that
are reserved for documentation (RFC 2606, RFC 5737, RFC 3849).
"""

from __future__ import annotations

import random
from typing import NamedTuple

DAY = 86_400.0
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FIRST = [
    "anna",
    "ben",
    "carla",
    "david",
    "emma",
    "felix",
    "greta",
    "henry",
    "ida",
    "jonas",
    "karin",
    "louis",
    "maria",
    "nils",
    "olga",
    "paul",
    "quentin",
    "rosa",
    "sam",
    "tina",
    "uwe",
    "vera",
    "willi",
    "xenia",
    "yannick",
    "zoe",
]
_WORDS = [
    "invoice",
    "meeting",
    "report",
    "order",
    "delivery",
    "update",
    "newsletter",
    "question",
    "photo",
    "contract",
    "ticket",
    "reminder",
    "offer",
    "password",
    "holiday",
    "minutes",
    "budget",
    "draft",
    "review",
    "schedule",
    "Rechnung",
    "Termin",
    "Anfrage",
]
#: Subjects that try to look like something else, or are hard to write down.
_ODD = (
    "Sale => everyone@example.net R=x T=y",
    "Re: status=sent (250 2.0.0 Ok)",
    "** URGENT ** 100% off for you@example.org",
    "Grüße aus München, bis bald",
    "Your order (#4711), please read: to=<you@example.org>",
    'He said "hello" and left',
    "Completed",
    "日本語の件名",
)
_RANGES = ("192.0.2", "198.51.100", "203.0.113")


class Peer(NamedTuple):
    """A mail server out there."""

    host: str
    ip: str


class World:
    """Everything that is drawn by lot."""

    def __init__(self, seed: int) -> None:
        """The same seed gives the same world."""
        self.chance = random.Random(seed)
        self.own = ["example.com", "example.net", *(f"tenant{n}.example" for n in range(40))]
        self.other = [f"other{n}.example" for n in range(400)]
        self._mailboxes: dict[str, list[str]] = {}
        self._count = 0

    def odds(self, share: float) -> bool:
        """True in this share of cases."""
        return self.chance.random() < share

    def mailbox(self, domains: list[str]) -> str:
        """One address of one of these domains; some are asked for far more often than others."""
        domain = domains[int(len(domains) * self.chance.random() ** 2)]
        names = self._mailboxes.get(domain)
        if names is None:
            names = self._mailboxes[domain] = [
                f"{_FIRST[n % len(_FIRST)]}{'' if n < len(_FIRST) else n}" for n in range(60)
            ]
        return f"{names[int(60 * self.chance.random() ** 2)]}@{domain}"

    def ours(self) -> str:
        """An address here."""
        return self.mailbox(self.own)

    def theirs(self) -> str:
        """An address elsewhere."""
        return self.mailbox(self.other)

    def several(self, make: object, count: int) -> list[str]:
        """So many different addresses (or fewer, if they repeat)."""
        assert callable(make)
        return list(dict.fromkeys(make() for _ in range(count)))

    def recipients(self) -> int:
        """How many recipients a message has: mostly one."""
        draw = self.chance.random()
        if draw < 0.86:
            return 1
        return self.chance.randint(2, 4) if draw < 0.99 else self.chance.randint(8, 40)

    def ip(self) -> str:
        """A client's address, one in twenty of them IPv6."""
        if self.odds(0.05):
            return f"2001:db8:{self.chance.randrange(65536):x}::{self.chance.randrange(1, 65536):x}"
        return f"{self.chance.choice(_RANGES)}.{self.chance.randrange(1, 255)}"

    def peer(self, domain: str) -> Peer:
        """The mail server of a domain: always the same."""
        number = sum(domain.encode())
        return Peer(f"mx{number % 3}.{domain}", f"{_RANGES[number % 3]}.{1 + number % 250}")

    def subject(self) -> str:
        """A subject line."""
        if self.odds(0.04):
            return self.chance.choice(_ODD)
        words = self.chance.choices(_WORDS, k=self.chance.randint(1, 7))
        return f"{'Re: ' if self.odds(0.3) else ''}{' '.join(words)} {self.chance.randrange(99999)}"

    def message_id(self, domain: str) -> str:
        """A Message-ID without brackets."""
        self._count += 1
        return f"{self.token(10)}.{self._count}@{domain}"

    def token(self, length: int) -> str:
        """Letters and digits."""
        return "".join(self.chance.choices(_ALPHABET, k=length))

    def retries(self, *, ends_well: bool) -> list[float]:
        """Seconds after the first try at which further ones are made."""
        count = self.chance.choice((1, 1, 1, 2, 2, 3, 5)) if ends_well else 9
        times, wait = [], 900.0
        total = 0.0
        for _ in range(count):
            total += wait * self.chance.uniform(0.95, 1.1)
            times.append(total)
            wait = min(wait * 2.2, DAY)
        return times


class Truth(NamedTuple):
    """What really became of one message for one recipient."""

    queue_id: str
    #: Seconds since 1970 of the arrival or refusal.
    sent_at: float
    recipient: str
    delivered_to: str
    status: str
    sender: str
    subject: str
    attempts: int
    #: The folder it lies in, where a mailbox server says so.
    mailbox: str = ""
