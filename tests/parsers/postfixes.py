"""Readers of Postfix's log, and lines for them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from postroad.parsers.clock import Clock
from postroad.parsers.postfix import Reader

NEWEST = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000
ENVELOPE = "Feb  1 13:17:02 mail"


def new_reader(zone="UTC", host="log.example.com"):
    """Make a reader of a log that ends in March 2026."""
    return Reader(host, Clock(ZoneInfo(zone), NEWEST))


def read(text, daemon="smtp", instance="postfix"):
    """Read one text of one daemon in a classic envelope."""
    return new_reader().read(f"{ENVELOPE} {instance}/{daemon}[4711]: {text}")


DELIVERY = (
    "08ACF1541B01: to=<b@ex.test>, relay={relay}, delay=1.9, delays=0.1/0/1.5/0.3, dsn={dsn}, "
    "status={status} ({text})"
)
