"""The plan of the tests: every case to every server, then six days of retries.

Comes in: `cases.py`. Goes out, as truth: for each message its queue id as the server told the
client, its recipients with their fates, and what the mailboxes hold in the end; the sinks'
answers are added by the yard. Nothing of it is taken from a log.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from . import names
from .cases import cases
from .fates import Case, Fate
from .post import Receipt, Way, send
from .yard import Server, Yard

#: When the yard looks at its queues again, counted from the start.
TICKS = (
    timedelta(minutes=20),
    timedelta(minutes=50),
    timedelta(hours=2),
    timedelta(hours=7),
    timedelta(hours=26),
    timedelta(days=3),
    timedelta(days=6),
    timedelta(days=6, hours=8),
)


def start() -> datetime:
    """Tomorrow at six in the morning."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return tomorrow.replace(hour=6, minute=0, second=0, microsecond=0)


def servers() -> list[str]:
    """Each Exim and each Postfix."""
    return [name for name in names.SERVERS if name.startswith(("exim", "postfix"))]


def play(yard: Yard) -> None:
    """Send, retry, and write down."""
    begin = yard.clock.moment()
    runs = [_Run(yard, server) for server in yard.servers.values()]
    _each(runs, _Run.send_all)
    yard.settle()
    for number, tick in enumerate(TICKS):
        yard.clock.advance_to(begin + tick)
        _each(runs, _Run.send_again if number == 0 else _Run.wait)
        if number == 1:
            _each(runs, _Run.operate_later)
        _each(runs, _Run.retry)
        yard.settle()
    time.sleep(0.5)
    yard.keep({"servers": {run.server.name: run.truth() for run in runs}})


def _each(runs: list[_Run], what: Any) -> None:
    """Do something for every server at once."""
    with ThreadPoolExecutor(len(runs)) as pool:
        list(pool.map(what, runs))


class _Run:
    """One server, and what was sent to it."""

    def __init__(self, yard: Yard, server: Server) -> None:
        self.yard = yard
        self.server = server
        hosted = ("customer.example", "bakery.example")
        if server.kind == "postfix":
            hosted = ("school.example", "club.example")
        self.words = {
            "here": hosted[0],
            "here_upper": hosted[0].upper(),
            "other": hosted[1],
            "host": server.host,
        }
        self.sent: list[dict[str, Any]] = []

    def send_all(self) -> None:
        for case in cases():
            if self.server.kind not in case.kinds:
                continue
            if case.instances and self.server.name not in case.instances:
                continue
            sent = self._send(case, len(self.sent))
            self.sent.append(sent)
            if case.operator:
                self.yard.settle(2, self.server)
                self._operate(case.operator, sent["queue_id"])

    def send_again(self) -> None:
        if self.server.kind == "exim":
            (self.server.place / "seen-patient-1@partner.example").touch()
        for case in cases():
            if case.again and self.server.kind in case.kinds:
                sent = self._send(case, len(self.sent))
                sent["fates"] = [
                    asdict(Fate(fate["recipient"], "delivered")) for fate in sent["fates"]
                ]
                self.sent.append(sent)

    def operate_later(self) -> None:
        for sent in list(self.sent):
            case = next(
                each
                for each in cases()
                if each.name == sent["name"] and self.server.kind in each.kinds
            )
            self._operate(case.operator_later, sent["queue_id"])

    def retry(self) -> None:
        self.server.retry()

    def wait(self) -> None:
        """Do nothing: only the clock moves."""

    def truth(self) -> dict[str, Any]:
        return {
            "kind": self.server.kind,
            "host": self.server.host,
            "address": self.server.address,
            "address6": names.ipv6_of(self.server.address),
            "zone": getattr(self.server.flavour, "zone", "UTC"),
            "sent": self.sent,
            "mailboxes": self.yard.mailboxes(self.server),
            "queued": self.server.queued(),
        }

    def _operate(self, commands: tuple[tuple[str, ...], ...], queue_id: str) -> None:
        for command in commands:
            self.server.operate(tuple(word.format(id=queue_id) for word in command))

    def _send(self, case: Case, number: int) -> dict[str, Any]:
        sender = self._fill(case.sender)
        recipients = tuple(self._fill(each) for each in case.recipients)
        message_id = (
            f"<{number}.{self.server.name}.yard@client.example>" if case.has_message_id else ""
        )
        message = self._message(case, sender, recipients, message_id)
        at = self.yard.clock.now()
        receipt = Receipt()
        if isinstance(case.way, Way):
            way = replace(case.way, login=self._fill(case.way.login))
            address = self.server.address
            listener = names.ipv6_of(address) if ":" in way.source else address
            receipt = send(way, listener, sender, recipients, message)
        else:
            self.server.submit(case.way, sender, recipients, message)
            sender = sender or f"{case.way}@{self.server.host}"
        return {
            "name": case.name,
            "at": at,
            "sender": sender,
            "login": self._fill(case.way.login) if isinstance(case.way, Way) else case.way,
            "subject": case.subject,
            "message_id": message_id,
            "score": case.score,
            "queue_id": receipt.queue_id,
            "accepted": receipt.accepted,
            "reply": receipt.reply,
            "refused": receipt.refused,
            "fates": [asdict(self._fate(fate)) for fate in case.fates],
        }

    def _fate(self, fate: Fate) -> Fate:
        return replace(fate, recipient=self._fill(fate.recipient), final=self._fill(fate.final))

    def _fill(self, text: str) -> str:
        """Put the server's own names in."""
        for word, value in self.words.items():
            text = text.replace("{" + word + "}", value)
        return text

    def _message(self, case: Case, sender: str, recipients: tuple[str, ...], mid: str) -> bytes:
        first = recipients[0] if recipients else "nobody@client.example"
        lines = [
            f"From: <{sender or 'MAILER-DAEMON@partner.example'}>",
            f"To: {first}",
            f"Subject: {case.subject}",
            f"Date: {format_datetime(self.yard.clock.moment())}",
        ]
        if isinstance(case.way, str) and not sender:
            del lines[0]
        if mid:
            lines.append(f"Message-ID: {mid}")
        if case.score:
            lines.append(f"X-Score: {case.score}")
        return ("\r\n".join([*lines, "", case.body])).encode()
