"""The plan of the demo: a week in the life of two small mail servers.

Comes in: a fixed seed. Goes out: what the real Exim `mx1` and the real Postfix `mx2` log when
people, shops and spammers send what is listed here at the times drawn here. See
`tests/servers/yard.py` for what a plan is; nothing here knows how a log line looks.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime

from tests.servers.cases import BIGMAIL, LISTED, NAMELESS, NEWS, PARTNER, SIX, login
from tests.servers.exim import Flavour
from tests.servers.post import Way, send
from tests.servers.yard import Yard

SEED = 25
DAYS = 7
#: Messages a day to each server.
DAILY = 30

#: Debian's own selection, with what a hosting panel adds: subject, recipients, spam verdicts.
FLAVOUR = Flavour(
    "+smtp_protocol_error +smtp_syntax_error +tls_certificate_verified +tls_peerdn"
    " +subject +received_recipients +incoming_port +all_parents +millisec",
    cpanel=True,
    authenticator="dovecot",
)

#: Time between two looks at the queues.
TICK = timedelta(minutes=30)


@dataclass(frozen=True)
class Mail:
    """One message on its way to one of our servers."""

    server: str
    way: Way | str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    score: str = ""
    size: int = 400
    to: str = ""


@dataclass(frozen=True)
class Town:
    """The people of one server's main domain."""

    server: str
    domain: str
    other: str
    people: tuple[str, ...]


TOWNS = (
    Town("exim", "customer.example", "bakery.example", ("anna", "ben", "clara", "omar")),
    Town("postfix", "school.example", "club.example", ("anna", "ben", "clara", "omar")),
)

_SUBJECTS = (
    "Your order {number}",
    "Invoice {number}",
    "Re: Invoice {number}",
    "Meeting on Friday",
    "Re: Meeting on Friday",
    "Offer no. {number}",
    "Minutes of yesterday's meeting",
    "Photos from the weekend",
    "Grüße aus Köln",
    "Delivery note {number}",
    "Question about offer {number}",
    "Dinner next week?",
    "Appointment confirmed",
    "Fwd: Contract {number}",
    "Réservation n° {number}",
    "Thank you!",
)
_SPAM = (
    "You have won {number} EUR",
    "cheap pills => only today",
    "Your account was limited, status=sent",
    "Final notice {number}",
)
_STRANGERS = ("lee", "max", "zoe", "kim", "eva", "raj", "tom", "mia", "noor", "paul")


def start() -> datetime:
    """Next midnight but one: the yard's clock must be ahead of the real one."""
    day = datetime.now(UTC) + timedelta(days=1)
    return day.replace(hour=0, minute=0, second=0, microsecond=0)


def servers() -> list[str]:
    """The first of each kind."""
    return ["exim", "postfix"]


def play(yard: Yard) -> None:
    """Send everything at its time, look at the queues in between, and keep the logs."""
    begin = yard.clock.moment()
    rng = random.Random(SEED)
    events = sorted(_week(rng, begin), key=lambda event: event[0])
    tick = begin + TICK
    for at, mail in events:
        while tick < at:
            _look_at_queues(yard, tick)
            tick += TICK
        yard.clock.advance_to(at)
        _hand_in(yard, mail, rng)
        # The clock must not jump while a server is at work.
        yard.settle(5)
    yard.settle()
    yard.keep({})


def _look_at_queues(yard: Yard, at: datetime) -> None:
    yard.clock.advance_to(at)
    for server in yard.servers.values():
        if server.queued():
            server.retry()
    yard.settle(5)


def _hand_in(yard: Yard, mail: Mail, rng: random.Random) -> None:
    server = yard.servers[mail.server]
    message = _message(mail, yard.clock.moment(), rng)
    if isinstance(mail.way, str):
        server.submit(mail.way, mail.sender, mail.recipients, message)
    else:
        send(mail.way, server.address, mail.sender, mail.recipients, message)


def _message(mail: Mail, at: datetime, rng: random.Random) -> bytes:
    domain = mail.sender.rpartition("@")[2] or "client.example"
    subject = Header(mail.subject, None if mail.subject.isascii() else "utf-8").encode()
    lines = [
        f"From: <{mail.sender}>",
        f"To: {mail.to or mail.recipients[0]}",
        f"Subject: {subject}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{at:%Y%m%d%H%M%S}.{rng.randrange(10**6)}@{domain}>",
    ]
    if mail.score:
        lines.append(f"X-Score: {mail.score}")
    body = "Just a few words.\r\n" * (mail.size // 19)
    return ("\r\n".join([*lines, "", body])).encode()


def _week(rng: random.Random, begin: datetime) -> Iterator[tuple[datetime, Mail]]:
    for town in TOWNS:
        for day in range(DAYS):
            morning = begin + timedelta(days=day)
            for _ in range(DAILY):
                yield morning + _time_of_day(rng), _anything(rng, town)
        yield from _moments(town, begin)


def _time_of_day(rng: random.Random) -> timedelta:
    """Most mail comes in working hours, some at any time."""
    hour = rng.triangular(6, 22, 11) if rng.random() < 0.85 else rng.uniform(0, 23.9)
    return timedelta(hours=hour)


def _anything(rng: random.Random, town: Town) -> Mail:
    """One message of an ordinary day."""
    kinds = (_inbound, _outbound, _inside, _newsletter, _spam, _mistake, _script)
    (kind,) = rng.choices(kinds, (34, 34, 8, 8, 8, 6, 2))
    return kind(rng, town)


def _subject(rng: random.Random, subjects: tuple[str, ...] = _SUBJECTS) -> str:
    return rng.choice(subjects).format(number=rng.randrange(1000, 9999))


def _person(rng: random.Random, town: Town) -> str:
    if rng.random() < 0.15:
        return f"{rng.choice(('ida', 'jon'))}@{town.other}"
    # anna@customer.example is the mailbox user of the demo: she gets the most.
    return f"{rng.choices(town.people, (5, 2, 2, 1))[0]}@{town.domain}"


def _inbound(rng: random.Random, town: Town) -> Mail:
    way, domain = rng.choice(
        ((PARTNER, "partner.example"), (BIGMAIL, "bigmail.example"), (NAMELESS, "home.example"))
    )
    shared = ("info", "sales", "dora", "lost")
    recipient = _person(rng, town)
    if rng.random() < 0.2:
        recipient = f"{rng.choice(shared)}@{town.domain}"
    recipients = (recipient,)
    if rng.random() < 0.12:
        recipients = tuple(dict.fromkeys((*recipients, _person(rng, town), _person(rng, town))))
    sender = f"{rng.choice(_STRANGERS)}@{domain}"
    score = f"{rng.uniform(-2.5, 4.0):.1f}"
    return Mail(
        town.server, way, sender, recipients, _subject(rng), score, rng.randrange(300, 9000)
    )


_ELSEWHERE = {
    "partner.example": 22,
    "bigmail.example": 20,
    "secure.example": 10,
    "slow.example": 3,
    "university.example": 7,
    "later.example": 3,
    "full.example": 3,
    "flaky.example": 2,
    "quota.example": 2,
    "strict.example": 5,
    "guard.example": 2,
    "busy.example": 3,
    "closed.example": 1,
    "gone.example": 2,
    "down.example": 1,
    "nullmx.example": 1,
    "mixed.example": 3,
}


def _outbound(rng: random.Random, town: Town) -> Mail:
    sender = _submitter(rng, town)
    domains = rng.choices(
        list(_ELSEWHERE), list(_ELSEWHERE.values()), k=rng.choice((1, 1, 1, 1, 2, 3))
    )
    recipients = tuple(dict.fromkeys(f"{_stranger(rng)}@{domain}" for domain in domains))
    return Mail(
        town.server,
        login(sender),
        sender,
        recipients,
        _subject(rng),
        size=rng.randrange(300, 20000),
    )


def _stranger(rng: random.Random) -> str:
    return f"{rng.choice(_STRANGERS)}.{rng.choice(('b', 'd', 'm', 'r', 's'))}"


def _submitter(rng: random.Random, town: Town) -> str:
    if rng.random() < 0.12:
        return f"ida@{town.other}"
    return f"{rng.choices(town.people, (5, 2, 2, 1))[0]}@{town.domain}"


def _inside(rng: random.Random, town: Town) -> Mail:
    sender, recipient = _submitter(rng, town), _person(rng, town)
    if rng.random() < 0.4:
        # From one of our servers to the other.
        other = TOWNS[1] if town is TOWNS[0] else TOWNS[0]
        recipient = f"{rng.choice(other.people)}@{other.domain}"
    return Mail(town.server, login(sender), sender, (recipient,), _subject(rng))


def _newsletter(rng: random.Random, town: Town) -> Mail:
    issue = rng.randrange(100, 200)
    if rng.random() < 0.3:
        sender = f"clara@{town.domain}"
        readers = tuple(
            f"reader{n:02}@{rng.choice(('partner', 'bigmail'))}.example" for n in range(8)
        )
        return Mail(
            town.server,
            login(sender),
            sender,
            readers,
            f"Newsletter {issue}",
            to=f"news@{town.domain}",
        )
    recipient = _person(rng, town)
    tag = recipient.replace("@", "=")
    sender = f"bounce+{issue}-{tag}@shop.example"
    subject = f"Shop News {issue}: 20 % off => today only"
    if rng.random() < 0.2:
        subject = f"Throw me away {issue}"
    return Mail(
        town.server, NEWS, sender, (recipient,), subject, f"{rng.uniform(0, 4.9):.1f}", 6000
    )


def _spam(rng: random.Random, town: Town) -> Mail:
    recipient = _person(rng, town)
    sender = f"{rng.choice(('winner', 'support', 'billing'))}{rng.randrange(99)}@listed.example"
    way = rng.choice((LISTED, NAMELESS, NAMELESS))
    if rng.random() < 0.2:
        # A forged sender proves nothing: its owner must not see this.
        sender = f"ben@{town.domain}"
    score = f"{rng.uniform(5.1, 24.0):.1f}"
    return Mail(town.server, way, sender, (recipient,), _subject(rng, _SPAM), score)


def _mistake(rng: random.Random, town: Town) -> Mail:
    """Unknown recipients, relaying, mailboxes that were closed."""
    recipient = rng.choice(
        (
            f"ana@{town.domain}",
            f"benn@{town.domain}",
            f"closed@{town.domain}",
            "x@elsewhere.example",
        )
    )
    sender = f"{rng.choice(_STRANGERS)}@partner.example"
    return Mail(town.server, PARTNER, sender, (recipient,), _subject(rng))


def _script(rng: random.Random, town: Town) -> Mail:
    """A web shop that sends through sendmail."""
    recipient = f"{_stranger(rng)}@{rng.choice(('partner.example', 'bigmail.example'))}"
    sender = f"shop@{town.domain}" if town.server == "postfix" else ""
    return Mail(town.server, "shop", sender, (recipient,), f"Your order {rng.randrange(10**4)}")


def _moments(town: Town, begin: datetime) -> Iterator[tuple[datetime, Mail]]:
    """What must not be missing, at times that are easy to find."""
    anna = f"anna@{town.domain}"

    def at(day: int, hour: float) -> datetime:
        return begin + timedelta(days=day, hours=hour)

    def out(recipient: str, subject: str) -> Mail:
        return Mail(town.server, login(anna), anna, (recipient,), subject)

    def back(sender: str, recipient: str, subject: str, way: Way = PARTNER) -> Mail:
        return Mail(town.server, way, sender, (recipient,), subject, "0.3")

    yield at(0, 9.2), out("archive.d@busy.example", "Contract 4711, please sign")
    yield at(1, 10.1), out("dean@university.example", "Application for the chair")
    yield at(2, 14.5), out("quincy@quota.example", "The photos you asked for")
    yield at(3, 9.9), back("patient-7@partner.example", anna, "Are you there?")
    yield at(3, 10.4), back("patient-7@partner.example", anna, "Are you there?")
    yield at(4, 11.0), back("unread-3@partner.example", anna, "Read me at once")
    yield (
        at(4, 16.2),
        back("boss@six.example", anna, "From the new network", replace(SIX, source=PARTNER.source)),
    )
    yield at(5, 9.0), back("news-9@shop.example", anna, "Throw me away, I am a newsletter", NEWS)
    yield at(6, 20.5), out("director@busy.example", "Urgent: the figures for Monday")
    yield at(6, 21.5), out("gina@university.example", "Draft for tomorrow")
    yield at(6, 22.4), out("frank@full.example", "Tickets for two")
    if town.server == "exim":
        limited = f"limited-1@{town.domain}"
        yield (
            at(5, 13.0),
            Mail(
                town.server, login(anna), limited, ("zoran@partner.example",), "Mailing 101 of 100"
            ),
        )
        yield at(6, 21.9), back("ice-4@partner.example", anna, "Please freeze me for a while")
        yield at(2, 8.3), back("fan-2@partner.example", f"nora@{town.domain}", "Is anybody in?")
    else:
        yield at(6, 21.9), back("held-4@partner.example", anna, "Wait for me")
        yield at(1, 15.0), back("through-9@partner.example", anna, "Through the content filter")
        yield at(5, 13.0), back("mil-2@partner.example", anna, "milter swallows this")
