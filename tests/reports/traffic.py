"""A month of made-up mail of two tenants, and its figures counted one delivery after the other."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from zoneinfo import ZoneInfo

from tests.store.rows import attempt, batch, delivery

from postroad.model import address
from postroad.model.coverage import Coverage
from postroad.model.status import Direction, Outcome, Status
from postroad.model.when import DAY, HOUR, MINUTE, SECOND
from postroad.reports import calendar

ZONE = ZoneInfo("Europe/Berlin")
#: A month in which clocks go back.
OCTOBER = calendar.around(calendar.Span.MONTH, date(2026, 10, 1), ZONE)
#: The morning after it.
MORNING = calendar.due(OCTOBER, 7)
HOSTS = ("mx1.example.com", "mx2.example.com")
OURS = ("anna@example.com", "bea@example.com", "sales@example.com")
THEIRS = ("carl@example.net", "dora@example.net")
#: Names that try to be markup, to run the other way, or that need other letters.
HOSTILE = (
    "#eval(sys)@markup.test",
    "$x^2$*bold*_it_@markup.test",
    "[a](b)\\\\<c>@markup.test",
    '"quo\'ted"@quotes.test',
    "x" * 300 + "@long.test",
    "\u202egpj.exe\u202c\u2066@bidi.test",
    "مرحبا@مثال.test",
    "测试@例子.test",
    "テスト한국어@example.test",
)
_REASONS = ("mailbox_unknown", "mailbox_full", "sender_reputation", "greylisted", "spam", "")
_OUT = (Status.DELIVERED, Status.FAILED, Status.DEFERRED, Status.BLOCKED, Status.IN_PROGRESS)
_IN = (Status.DELIVERED, Status.FAILED, Status.REJECTED, Status.FILTERED)


class Mail:
    """The rows, as the correlator makes them."""

    def __init__(self, seed: int = 1, count: int = 1500) -> None:
        chance = random.Random(seed)
        self.deliveries = []
        self.attempts = []
        strangers = [f"p{n}@{host}" for host in ("slow.test", "fast.test") for n in range(12)]
        for number in range(count):
            at = (
                OCTOBER.since
                - 31 * DAY
                + chance.randrange(OCTOBER.until - OCTOBER.since + 33 * DAY)
            )
            own = chance.choice((*OURS, *THEIRS))
            other = chance.choice(HOSTILE) if number % 37 == 0 else chance.choice(strangers)
            way = chance.choice(
                (Direction.OUTBOUND, Direction.INBOUND, Direction.INBOUND, Direction.INTERNAL)
            )
            fields = {"queue_id": f"q{number}", "at": at, "direction": way}
            fields["host"] = chance.choice(HOSTS)
            status = chance.choices(_IN, (12, 1, 3, 2))[0]
            if way is Direction.OUTBOUND:
                status = chance.choices(_OUT, (12, 3, 2, 1, 1))[0]
                host = "mx." + other.rpartition("@")[2]
                fields |= {"sender": own, "origins": [own], "user": own, "remote_host": host}
            elif way is Direction.INTERNAL:
                other = chance.choice((*OURS, *THEIRS))
                fields |= {"sender": own, "origins": [own], "user": own}
            else:
                fields["sender"], other = ("" if number % 50 == 0 else other), own
            fields["status"] = status
            if status not in (Status.DELIVERED, Status.IN_PROGRESS):
                fields["reason"] = chance.choice(_REASONS)
            tries = chance.choice((1, 1, 2, 4)) if way is Direction.OUTBOUND else 1
            if status is Status.REJECTED:
                tries = 0
            row = delivery(other, attempts=tries, **fields)
            self.deliveries.append(row)
            deferred = tries if status is Status.DEFERRED else max(0, tries - 1)
            self.attempts += [
                attempt(
                    row,
                    at=at + n * 300 * SECOND,
                    outcome=Outcome.DEFERRED,
                    reason=chance.choice(("greylisted", "rate_limited")),
                    remote_host=row.remote_host,
                    counted=True,
                )
                for n in range(deferred)
            ]
        #: Nobody is to see these, or to count them.
        self.hidden = [
            delivery("anna@example.com", queue_id="hop", at=OCTOBER.since + DAY, folded=True),
            delivery("anna@example.com", queue_id="gone", at=OCTOBER.since + DAY, deleted=True),
        ]

    def fill(self, store) -> None:
        """Write all of it, every row twice: a replay."""
        for _ in range(2):
            store.write(batch(*self.deliveries, *self.hidden, attempts=self.attempts))

    def of(self, parties, since=OCTOBER.since, until=OCTOBER.until) -> Count:
        """Count what these addresses sent and received in a period; None: everything."""
        return Count(
            [each for each in self.deliveries if since <= each.first_at < until],
            self.attempts,
            None if parties is None else {address.key(each) for each in parties},
        )


class Count:
    """Figures, one delivery after the other."""

    def __init__(self, rows, attempts, parties) -> None:
        internal = Direction.INTERNAL
        if parties is None:
            self.sent = [r for r in rows if r.direction in (Direction.OUTBOUND, internal)]
            self.received = [r for r in rows if r.direction in (Direction.INBOUND, internal)]
            self.all = rows
        else:
            self.sent = [r for r in rows if parties & set(r.origins)]
            self.received = [r for r in rows if parties & set(r.targets)]
            self.all = [r for r in rows if parties & {*r.origins, *r.targets}]
        self._attempts = Counter(each.delivery_id for each in attempts)

    @staticmethod
    def by_status(rows) -> dict[Status, int]:
        """How many of each status, in their order."""
        found = Counter(each.status for each in rows)
        return {each: found[each] for each in Status if found[each]}

    @staticmethod
    def by_step(rows, starts, until) -> list[dict[Status, int]]:
        """The same for each step."""
        ends = [*starts[1:], until]
        return [
            Count.by_status([r for r in rows if start <= r.first_at < end])
            for start, end in zip(starts, ends, strict=True)
        ]

    @staticmethod
    def top(rows, field, most=10) -> list[tuple[str, int, int]]:
        """Names, how often, and how often not delivered."""
        names = [getattr(each, field).lower() for each in rows]
        lost = Counter(
            getattr(each, field).lower() for each in rows if each.status is not Status.DELIVERED
        )
        ranked = sorted(Counter(names).items(), key=lambda each: (-each[1], each[0].encode()))
        return [(name, count, lost[name]) for name, count in ranked][:most]

    @staticmethod
    def why(rows) -> dict[str, dict[Status, int]]:
        """By reason and status, of what went wrong."""
        fine = (Status.DELIVERED, Status.IN_PROGRESS)
        wrong = [each for each in rows if each.status not in fine]
        return {
            reason: Count.by_status([each for each in wrong if each.reason == reason])
            for reason in {each.reason for each in wrong}
        }

    def providers(self) -> dict[str, tuple[int, int, int, int, int]]:
        """By registered domain: deliveries, put off, times, waiting, failed."""
        out = [each for each in self.sent if each.direction is Direction.OUTBOUND]
        found = {}
        for name in {each.remote_host.removeprefix("mx.").lower() for each in out}:
            rows = [each for each in out if each.remote_host.lower() == f"mx.{name}"]
            late = [each for each in rows if each.attempts > 1 or each.status is Status.DEFERRED]
            times = sum(self._attempts[each.id] for each in late)
            waiting = sum(each.status is Status.DEFERRED for each in rows)
            failed = sum(each.status is Status.FAILED for each in rows)
            if late:
                found[name] = (len(rows), len(late), times, waiting, failed)
        return found


def read(store, *, since=OCTOBER.since - 40 * DAY, until=OCTOBER.until + HOUR, hole=()) -> None:
    """Note that both servers' logs were read every ten minutes, but for a hole in the second's."""
    step = 10 * MINUTE
    store.write_coverage(
        [
            Coverage(source="mainlog", host=host, minute=at, chunk="1", lines=9, understood=9)
            for host in HOSTS
            for at in range(since // step * step, until, step)
            if not (hole and host == HOSTS[1] and hole[0] <= at < hole[1])
        ]
    )
