"""Documents of made-up deliveries, sealed with keys of their own, without a store or a server."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
from tests.store.rows import NOON, SECOND, attempt, delivery, line

from postroad.model.receipt import Says, Told
from postroad.model.status import Direction, Outcome
from postroad.queries import Detail
from postroad.queries.handed import Wish
from postroad.reports.evidence import Maker, Seal
from postroad.reports.evidence.making import document

SEAL = Seal(bytes(range(32)))
OTHER = Seal(bytes(range(1, 33)))
REPLY = "250 2.0.0 OK queued as 4FzX1"


def detail(*, lines: int = 1, **fields) -> Detail:
    """A delivery that was deferred once and then accepted by mx.example.net."""
    host = {"remote_host": "mx.example.net", "remote_ip": "192.0.2.25"}
    row = delivery(
        **{
            **host,
            "direction": Direction.OUTBOUND,
            "subject": "Offer 42",
            "tls": "TLS1.3:ECDHE_X25519:AES_256_GCM:256",
            "smtp_code": 250,
            "enhanced_code": "2.0.0",
            "result": REPLY,
            "message_id": "20260302.1@example.com",
        }
        | fields
    )
    return Detail(
        delivery=row,
        attempts=[
            attempt(
                row,
                at=NOON,
                outcome=Outcome.DEFERRED,
                reply="451 4.7.1 Greylisted",
                smtp_code=451,
                **host,
            ),
            attempt(row, reply=row.result, smtp_code=250, remote_port=25, **host),
        ],
        log_lines=[
            line(
                f"2026-03-02 10:00:01 1aBcDe-01 => bob@example.net H=mx.example.net C={REPLY!r} {n}"
            )
            for n in range(lines)
        ],
        family=[],
        receipts=[
            Told(
                says=Says.DISPLAYED,
                recipient=row.recipient,
                at=NOON + 900 * SECOND,
                reporter="mail.example.net; Mail 1.0",
                remote="",
                enhanced_code="",
                smtp_code=0,
                diagnostic="",
                by_hand=True,
                is_for_recipient=True,
            )
        ],
    )


def made(
    found: Detail | None = None, *, seal: Seal = SEAL, language: str = "en", zone: str = "UTC"
):
    """The document of a delivery."""
    maker = Maker(server="mx1.example.com", url="https://mail.example.com", key=seal.fingerprint)
    return document(
        found or detail(),
        Wish(),
        maker=maker,
        at=NOON + 3600 * SECOND,
        zone=ZoneInfo(zone),
        language=language,
    )


def sealed(found: Detail | None = None, *, seal: Seal = SEAL, **more) -> bytes:
    """The signed file of a delivery."""
    return seal.sealed(msgspec.to_builtins(made(found, seal=seal, **more)))
