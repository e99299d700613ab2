"""A day at a mail server with two tenants, example.com and example.net, as rows of the store.

Written so that every rule about who sees what has something to hide: forged senders, blind
copies, an alias of one tenant that leads to the other, and log lines that name them all.
"""

from __future__ import annotations

from typing import Any

from postroad.model import address
from postroad.model.coverage import Coverage
from postroad.model.delivery import (
    Attempt,
    Batch,
    Delivery,
    Link,
    LogLine,
    delivery_id,
    message_key,
)
from postroad.model.event import LinkKind
from postroad.model.status import Direction, Outcome, Status
from postroad.model.when import DAY, HOUR, MINUTE, SECOND

HOST = "mx1.example.com"

#: Addresses of the first tenant, of the second, and of everybody else.
OURS = ("anna@example.com", "bea@example.com", "sales@example.com", "info@example.com")
THEIRS = ("carl@example.net", "dora@example.net", "boss@example.net", "list@example.net")

OUTCOMES = {
    Status.DELIVERED: Outcome.DELIVERED,
    Status.DEFERRED: Outcome.DEFERRED,
    Status.FAILED: Outcome.FAILED,
    Status.BLOCKED: Outcome.BLOCKED,
    Status.FILTERED: Outcome.DISCARDED,
}

#: Texts that try to be something else, one for every field that a stranger can fill.
EVIL = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror=window.pwned=1>',
    "' onmouseover='window.pwned=1",
    '=HYPERLINK("http://evil.test","x")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "-2+3",
    "\tTabbed",
    "\u202etxt.exe\u202c \u200b\u2066",
    "{{7*7}}{name}%(x)s%n${jndi:x}",
    "]]><!--<svg/onload=window.pwned=1>",
    "javascript:window.pwned=1",
    "line\r\nSet-Cookie: pwned=1\n\nline",
    "\x1b]0;pwned\x07\x1b[31m",
    "x" * 10_000,
    "\N{ARABIC LETTER ALEF}\N{CJK UNIFIED IDEOGRAPH-4E2D}\N{COMBINING GRAVE ACCENT}" * 20,
)

#: Text that tries to be something else.
HOSTILE = '<script>alert("x")</script> \u202eevil\u202c {{ 7*7 }} &amp; \x1b[31mred'


class Mail:
    """Collects rows; `batch` is what `Store.write` takes."""

    def __init__(self, now: int) -> None:
        """Begin an empty day that ends `now`."""
        self.now = now
        self.batch = Batch()
        self.ids: dict[str, str] = {}
        self._count = 0

    def message(self, ago: int, recipients: list[dict[str, Any]], **common: Any) -> str:
        """One message so long ago; each recipient is a `Delivery`'s fields. Its queue id."""
        self._count += 1
        queue_id = common.pop("queue_id", f"1vM{self._count:03d}-0000000{self._count:04d}-0aB")
        key = message_key(HOST, "", queue_id, 0)
        at = self.now - ago
        lines = [f"<= {common.get('sender') or '<>'} S={common.get('size', 4310)}"]
        for each in recipients:
            lines += self._deliver(key, queue_id, at, {**common, **each})
        for number, text in enumerate(lines):
            stamp = at + number * SECOND
            line = LogLine(
                host=HOST, instance="", queue_id=queue_id, at=stamp, text=f"{queue_id} {text}"
            )
            self.batch.lines.append(line)
        return queue_id

    def coverage(self) -> list[Coverage]:
        """What the log gave, every ten minutes of the last three days."""
        first = (self.now - 3 * DAY) // (10 * MINUTE) * 10 * MINUTE
        return [
            Coverage(source="mainlog", host=HOST, minute=each, chunk="1", lines=9, understood=9)
            for each in range(first, self.now, 10 * MINUTE)
        ]

    def _deliver(self, key: str, queue_id: str, at: int, fields: dict[str, Any]) -> list[str]:
        name = fields.pop("name", "")
        tries = fields.pop("tries", 1)
        delivery = delivery_id(key, fields["recipient"], fields.get("delivered_to", ""))
        status = fields["status"]
        wait = fields.pop("wait", 2 * SECOND)
        last = at + (tries - 1) * 5 * MINUTE + wait if tries else 0
        targets = [fields["recipient"], fields.get("delivered_to", "")]
        origins = fields.pop("origins", [fields["user"]] if fields.get("user") else [])
        row = Delivery(
            **{
                "id": delivery,
                "message_key": key,
                "host": HOST,
                "instance": "",
                "queue_id": queue_id,
                "version": tries + 1,
                "message_id": f"{queue_id}@{HOST}",
                "sent_at": at,
                "first_at": at,
                "last_at": max(at, last) + 20 * SECOND,
                "last_attempt_at": last,
                "attempts": tries,
                "size": 4310,
                "targets": [address.key(each) for each in targets if each],
                "origins": [address.key(each) for each in origins],
                **fields,
            }
        )
        self.batch.deliveries.append(row)
        if name:
            self.ids[name] = delivery
        for number in range(tries):
            is_last = number == tries - 1
            self.batch.attempts.append(
                Attempt(
                    delivery_id=delivery,
                    message_key=key,
                    host=HOST,
                    queue_id=queue_id,
                    at=at + number * 5 * MINUTE + wait,
                    outcome=OUTCOMES.get(status, Outcome.DEFERRED) if is_last else Outcome.DEFERRED,
                    address=row.delivered_to or row.recipient,
                    router=row.router,
                    transport=row.transport,
                    remote_host=row.remote_host,
                    remote_ip=row.remote_ip,
                    tls=row.tls,
                    smtp_code=row.smtp_code if is_last else 451,
                    enhanced_code=row.enhanced_code if is_last else "4.7.1",
                    reply=row.result if is_last else "451 4.7.1 Greylisted, please try again later",
                )
            )
        sign = {Status.DEFERRED: "==", Status.FAILED: "**", Status.REJECTED: "rejected"}
        final = f" ({row.delivered_to})" if row.delivered_to else ""
        return [f"{sign.get(status, '=>')} {row.recipient}{final} {row.result}"]


REMOTE = {"router": "dnslookup", "transport": "remote_smtp", "tls": "TLS1.3"}
LOCAL = {"router": "localuser", "transport": "dovecot_lmtp"}
ANNA = {
    "sender": "anna@example.com",
    "user": "anna@example.com",
    "domain": "example.com",
    "auth": "dovecot_login",
    "client_ip": "198.51.100.23",
    "protocol": "esmtpsa",
    "direction": Direction.OUTBOUND,
}
CARL = ANNA | {
    "sender": "carl@example.net",
    "user": "carl@example.net",
    "domain": "example.net",
    "client_ip": "203.0.113.40",
}


def sample(now: int) -> Mail:
    """The day, with mail of both tenants; what tests ask for by name is in `ids`."""
    mail = Mail(now)
    _everyday(mail)
    _shared(mail)
    _second_tenant(mail)
    _hostile(mail)
    return mail


def evil(now: int) -> Mail:
    """Mail to the first tenant with hostile text in every field that has one."""
    mail = Mail(now)
    for number, text in enumerate(EVIL):
        common = {
            "sender": f'"{text[:200]}"@evil{number}.test',
            "subject": text,
            "client_host": text,
            "client_ip": "203.0.113.13",
            "helo": text,
            "protocol": text[:50],
            "direction": Direction.INBOUND,
            "message_id": text,
            "queue_id": f"EVIL{number:02d}",
        }
        fields = {
            "name": f"evil {number}",
            "recipient": "anna@example.com",
            "delivered_to": text,
            "status": list(Status)[number % len(Status)],
            "result": text,
            "router": text,
            "transport": text,
            "remote_host": text,
            "remote_ip": text[:60],
            "tls": text,
            "enhanced_code": text[:20],
            "reason": text[:40],
            "auth": text,
        }
        mail.message(HOUR + number * MINUTE, [fields], **common)
    return mail


def _everyday(mail: Mail) -> None:
    google = {"remote_host": "mx.mail.example.org", "remote_ip": "192.0.2.25", **REMOTE}
    slow = {"remote_host": "mx2.partner.test", "remote_ip": "192.0.2.77", **REMOTE}
    mail.message(
        4 * MINUTE,
        [
            {
                "name": "delivered",
                "recipient": "mara@mail.example.org",
                "status": Status.DELIVERED,
                "smtp_code": 250,
                "enhanced_code": "2.0.0",
                "result": "250 2.0.0 OK 1795000000 x11si180959 - gsmtp",
                **google,
            }
        ],
        subject="Offer 2041: walnut table and eight chairs",
        **ANNA,
    )
    mail.message(
        19 * MINUTE,
        [
            {
                "name": "deferred",
                "recipient": "lena@partner.test",
                "status": Status.DEFERRED,
                "tries": 3,
                "smtp_code": 452,
                "enhanced_code": "4.2.2",
                "result": "452 4.2.2 The recipient's inbox is out of storage space",
                "reason": "mailbox_full",
                **slow,
            }
        ],
        subject="Re: Delivery date",
        **ANNA,
    )
    mail.message(
        26 * MINUTE,
        [
            {
                "name": "inbound",
                "recipient": "anna@example.com",
                "status": Status.DELIVERED,
                "result": "<anna@example.com> Saved",
                **LOCAL,
            }
        ],
        sender="mara@mail.example.org",
        subject="Re: Offer 2041: walnut table and eight chairs",
        client_host="mx.mail.example.org",
        client_ip="192.0.2.25",
        spam_score=-1.9,
        direction=Direction.INBOUND,
    )
    bounced = mail.message(
        2 * HOUR,
        [
            {
                "name": "failed",
                "recipient": "joe.bloggs@mail.example.org",
                "status": Status.FAILED,
                "smtp_code": 550,
                "enhanced_code": "5.1.1",
                "result": "550 5.1.1 The email account that you tried to reach does not exist. "
                "Please try double-checking the recipient's email address for typos or spaces.",
                "reason": "mailbox_unknown",
                "bounced_as": "1vM900-00000009900-0aB",
                **google,
            }
        ],
        subject="Invitation to the autumn fair",
        **ANNA,
    )
    mail.message(
        2 * HOUR - 3 * SECOND,
        [
            {
                "name": "bounce",
                "recipient": "anna@example.com",
                "status": Status.DELIVERED,
                "result": "<anna@example.com> Saved",
                "bounce_of": bounced,
                **LOCAL,
            }
        ],
        queue_id="1vM900-00000009900-0aB",
        sender="",
        subject="Mail delivery failed: returning message to sender",
        direction=Direction.INTERNAL,
    )
    mail.batch.links.append(
        Link(
            host=HOST,
            instance="",
            kind=LinkKind.BOUNCED_AS,
            queue_id=bounced,
            other="1vM900-00000009900-0aB",
            at=mail.now - 2 * HOUR + 3 * SECOND,
        )
    )
    mail.message(
        65 * MINUTE,
        [
            {
                "name": "rejected",
                "recipient": "info@example.com",
                "status": Status.REJECTED,
                "tries": 0,
                "smtp_code": 550,
                "enhanced_code": "5.7.1",
                "result": "550 5.7.1 203.0.113.99 is listed at zen.dnsbl.test",
                "reason": "blocklisted",
            }
        ],
        sender="winner@lottery.test",
        client_host="host99.lottery.test",
        client_ip="203.0.113.99",
        direction=Direction.INBOUND,
    )
    mail.message(
        5 * HOUR,
        [
            {
                "name": "blocked",
                "recipient": "newsletter-list@mail.example.org",
                "status": Status.BLOCKED,
                "tries": 0,
                "result": "Domain example.com has exceeded the max emails per hour (200/200)",
                "reason": "own_limit",
            }
        ],
        subject="Autumn newsletter",
        **ANNA,
    )
    mail.message(
        7 * HOUR,
        [
            {
                "name": "filtered",
                "recipient": "sales@example.com",
                "status": Status.FILTERED,
                "result": "Discarded: spam score 11.4 is above 8.0",
                **LOCAL,
            }
        ],
        sender="deals@cheap.test",
        client_host="bulk7.cheap.test",
        client_ip="203.0.113.7",
        subject="You have been selected!!!",
        spam_score=11.4,
        direction=Direction.INBOUND,
    )
    mail.message(
        90 * SECOND,
        [
            {
                "name": "in_progress",
                "recipient": "kim@slow.test",
                "status": Status.IN_PROGRESS,
                "tries": 0,
            }
        ],
        subject="Minutes of Monday's meeting",
        **ANNA,
    )
    for n in range(60):
        mail.message(
            DAY + n * 37 * MINUTE,
            [
                {
                    "recipient": f"customer{n}@mail.example.org",
                    "status": Status.DELIVERED,
                    "smtp_code": 250,
                    "enhanced_code": "2.0.0",
                    "result": f"250 2.0.0 OK queued as {n:08X}",
                    **google,
                }
            ],
            subject=f"Invoice {4200 + n}",
            **ANNA,
        )


def _shared(mail: Mail) -> None:
    """Mail that touches both tenants."""
    blind = {"status": Status.DELIVERED, "result": "Saved", **LOCAL}
    mail.message(
        9 * HOUR,
        [
            {"name": "copy of anna", "recipient": "anna@example.com", **blind},
            {"name": "copy of carl", "recipient": "carl@example.net", **blind},
            {"name": "copy of dora", "recipient": "dora@example.net", **blind},
        ],
        sender="press@agency.test",
        subject="Under embargo",
        client_host="mail.agency.test",
        client_ip="192.0.2.90",
        direction=Direction.INBOUND,
    )
    mail.message(
        10 * HOUR,
        [
            {
                "name": "alias",
                "recipient": "sales@example.com",
                "delivered_to": "boss@example.net",
                **blind,
            }
        ],
        sender="buyer@shopper.test",
        subject="Question about an order",
        client_host="out.shopper.test",
        client_ip="192.0.2.91",
        direction=Direction.INBOUND,
    )
    mail.message(
        11 * HOUR,
        [
            {"name": "forged", "recipient": "dora@example.net", **blind},
            {"recipient": "list@example.net", **blind},
        ],
        sender="anna@example.com",
        subject="Please pay this today",
        client_host="bot.attacker.test",
        client_ip="203.0.113.66",
        direction=Direction.INBOUND,
    )
    mail.message(
        12 * HOUR,
        [
            {"name": "to both, anna's", "recipient": "bea@example.com", **blind},
            {"name": "to both, carl's", "recipient": "carl@example.net", **blind},
        ],
        subject="Party on Friday",
        **{**ANNA, "direction": Direction.INTERNAL},
    )


def _second_tenant(mail: Mail) -> None:
    for n in range(3):
        mail.message(
            (14 + n) * HOUR,
            [
                {
                    "name": f"foreign {n}",
                    "recipient": f"secret{n}@rival.test",
                    "status": Status.DELIVERED,
                    "smtp_code": 250,
                    "result": f"250 OK for secret{n}@rival.test",
                    "remote_host": "mx.rival.test",
                    "remote_ip": "192.0.2.44",
                    **REMOTE,
                }
            ],
            subject=f"Confidential {n}",
            **CARL,
        )


def _hostile(mail: Mail) -> None:
    mail.message(
        20 * HOUR,
        [
            {
                "name": "hostile",
                "recipient": "anna@example.com",
                "status": Status.DELIVERED,
                "result": HOSTILE,
                **LOCAL,
            }
        ],
        sender='"<img/src=x/onerror=alert(1)>"@evil.test',
        subject=HOSTILE + " " + "long" * 100,
        client_host="'><script>.evil.test",
        client_ip="203.0.113.13",
        direction=Direction.INBOUND,
    )
