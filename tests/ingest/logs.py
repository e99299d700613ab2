"""Small logs of Exim and Postfix for tests of reading: the same for the same seed.

Messages overlap: deferrals come back, bounces follow, recipients share a message, clients are
refused, short queue ids come round again, and a TLS line is to be joined by its process id.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def exim(messages: int, *, seed: int = 1, start: datetime = START) -> list[str]:
    """Lines of an Exim main log that tell of about so many messages."""
    return _log(messages, seed, start, _exim_message, "{at:%Y-%m-%d %H:%M:%S} {text}")


def postfix(
    messages: int, *, seed: int = 1, start: datetime = START, host: str = "mx1"
) -> list[str]:
    """Lines of a Postfix log, with stamps as rsyslog writes them now."""
    form = "{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}+00:00 " + host + " {text}"
    return _log(messages, seed, start, _postfix_message, form)


def data(lines: list[str]) -> bytes:
    """The lines as they stand in a file."""
    return "".join(f"{line}\n" for line in lines).encode()


def _log(messages, seed, start, message, form) -> list[str]:
    rng = random.Random(seed)
    streams = []
    at = start
    for number in range(messages):
        at += timedelta(milliseconds=rng.randrange(50, 4000))
        streams.append(list(message(rng, number, at)))
    lines = heapq.merge(*streams, key=lambda line: line[0])
    return [form.format(at=at, text=text) for at, text in lines]


def _base62(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return digits


def _seconds(rng: random.Random, most: float) -> timedelta:
    return timedelta(milliseconds=rng.randrange(1, int(most * 1000)))


def _exim_message(rng, number, at) -> Iterator[tuple[datetime, str]]:
    ip = f"192.0.2.{rng.randrange(1, 250)}"
    if rng.random() < 0.15:
        yield (
            at,
            (
                f"H=(x) [{ip}] F=<spam{number}@example.net> rejected RCPT <u{number}@example.com>: "
                "relay not permitted"
            ),
        )
        return
    queue_id = f"{_base62(int(at.timestamp()), 6)}-{_base62(number, 11)}-{_base62(number % 900, 4)}"
    sender = f"user{rng.randrange(20)}@example.com"
    recipients = [f"r{rng.randrange(99)}x{n}@example.org" for n in range(rng.choice((1, 1, 1, 3)))]
    yield (
        at,
        (
            f"{queue_id} <= {sender} H=pc.example.com [{ip}] P=esmtpsa X=TLS1.3:TLS_AES_256:256 CV=no "
            f'A=plain_login:{sender} S={rng.randrange(500, 9000)} id={number}@pc.example.com T="No. '
            f'{number} => \\"ü\\"" for {" ".join(recipients)}'
        ),
    )
    failed = []
    for recipient in recipients:
        route = f"R=dnslookup T=remote_smtp H=mx.example.org [198.51.100.{rng.randrange(1, 9)}]"
        while rng.random() < 0.3:
            at += _seconds(rng, 900)
            yield (
                at,
                (
                    f"{queue_id} == {recipient} R=dnslookup T=remote_smtp defer (-45) "
                    f"H=mx.example.org [198.51.100.3]: SMTP error from remote mail server after RCPT "
                    f"TO:<{recipient}>: 450 4.7.1 Greylisted, come back"
                ),
            )
        at += _seconds(rng, 3)
        if rng.random() < 0.12:
            failed.append(recipient)
            yield (
                at,
                (
                    f"{queue_id} ** {recipient} {route}: SMTP error from remote mail server after "
                    f"RCPT TO:<{recipient}>: 550 5.1.1 No such user here"
                ),
            )
        else:
            yield at, f'{queue_id} => {recipient} {route} C="250 2.0.0 Ok: queued as {number:X}"'
    if failed:
        bounce = f"{_base62(int(at.timestamp()), 6)}-{_base62(number, 11)}-{_base62(901, 4)}"
        yield at, f"{bounce} <= <> R={queue_id} U=mail P=local S=2000"
        yield at + timedelta(seconds=1), f"{bounce} => {sender} R=local T=maildir"
        yield at + timedelta(seconds=1), f"{bounce} Completed"
    yield at, f"{queue_id} Completed"


def _postfix_message(rng, number, at) -> Iterator[tuple[datetime, str]]:
    def step(most=0.3):
        nonlocal at
        at += _seconds(rng, most)
        return at

    client = f"pc.example.com[192.0.2.{rng.randrange(1, 250)}]"
    pid, out = rng.randrange(1000, 1010), 2000 + number
    if rng.random() < 0.15:
        yield (
            at,
            (
                f"postfix/smtpd[{pid}]: NOQUEUE: reject: RCPT from {client}: 554 5.7.1 "
                f"<u{number}@example.com>: Relay access denied; from=<spam{number}@example.net> "
                f"to=<u{number}@example.com> proto=ESMTP helo=<x>"
            ),
        )
        return
    # Every tenth message is done with at once, and its queue id comes round again later.
    is_brief = number % 10 == 0
    queue_id = f"C{number // 10 % 5:X}00005C" if is_brief else f"{0xA0000000 + number:X}5C"
    sender = f"user{rng.randrange(20)}@example.com"
    recipient = f"r{rng.randrange(99)}@example.org"
    yield (
        at,
        (
            f"postfix/smtpd[{pid}]: {queue_id}: client={client}, sasl_method=PLAIN, "
            f"sasl_username={sender}"
        ),
    )
    yield step(), f"postfix/cleanup[{pid}]: {queue_id}: message-id=<{number}@pc.example.com>"
    yield (
        step(),
        (
            f"postfix/qmgr[900]: {queue_id}: from=<{sender}>, size={rng.randrange(500, 9000)}, nrcpt=1 "
            "(queue active)"
        ),
    )
    relay = "relay=mx.example.org[198.51.100.4]:25, delay=1, delays=0.1/0/0.5/0.4"
    while rng.random() < 0.3 and not is_brief:
        yield (
            step(900),
            (
                f"postfix/smtp[{out}]: {queue_id}: to=<{recipient}>, {relay}, dsn=4.7.1, "
                "status=deferred (host mx.example.org[198.51.100.4] said: 450 4.7.1 Greylisted (in "
                "reply to RCPT TO command))"
            ),
        )
    yield (
        step(),
        (
            f"postfix/smtp[{out}]: Trusted TLS connection established to "
            "mx.example.org[198.51.100.4]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 "
            "(256/256 bits)"
        ),
    )
    if rng.random() < 0.12:
        bounce = f"{0xB0000000 + number:X}7D"
        yield (
            step(),
            (
                f"postfix/smtp[{out}]: {queue_id}: to=<{recipient}>, {relay}, dsn=5.1.1, "
                "status=bounced (host mx.example.org[198.51.100.4] said: 550 5.1.1 No such user (in "
                "reply to RCPT TO command))"
            ),
        )
        yield step(), f"postfix/bounce[77]: {queue_id}: sender non-delivery notification: {bounce}"
        yield step(), f"postfix/qmgr[900]: {bounce}: from=<>, size=3000, nrcpt=1 (queue active)"
        yield (
            step(),
            (
                f"postfix/local[78]: {bounce}: to=<{sender}>, relay=local, delay=0.1, "
                "delays=0/0/0/0.1, dsn=2.0.0, status=sent (delivered to mailbox)"
            ),
        )
        yield step(), f"postfix/qmgr[900]: {bounce}: removed"
    else:
        yield (
            step(),
            (
                f"postfix/smtp[{out}]: {queue_id}: to=<{recipient}>, {relay}, dsn=2.0.0, "
                f"status=sent (250 2.0.0 Ok: queued as {number:X})"
            ),
        )
    yield step(), f"postfix/qmgr[900]: {queue_id}: removed"
