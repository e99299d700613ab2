"""A syslog receiver and a follower behind it, in one world, for tests."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from tests.ingest.world import UTC

from postroad import config
from postroad.ingest import Follower, supplying

#: One message that was accepted and delivered, as Postfix logs it, of this number.
STORY = (
    "postfix/smtpd[11]: {id}: client=pc.example.com[192.0.2.7]",
    "postfix/cleanup[12]: {id}: message-id=<{number}@pc.example.com>",
    "postfix/qmgr[13]: {id}: from=<a@example.com>, size=500, nrcpt=1 (queue active)",
    (
        "postfix/smtp[14]: {id}: to=<r{number}@example.org>, relay=mx.example.org[198.51.100.4]:25, "
        "delay=1, delays=0.1/0/0.5/0.4, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9)"
    ),
    "postfix/qmgr[13]: {id}: removed",
)


def story(number):
    """The texts of one message's lines."""
    return [text.format(id=f"{0xA0000000 + number:X}", number=number) for text in STORY]


def stories(count, start=0):
    """The texts of so many messages."""
    return [text for number in range(start, start + count) for text in story(number)]


def rfc3164(text, host="mx1"):
    """A message as a local daemon's relay sends it now."""
    return f"<22>{time.strftime('%b %e %H:%M:%S', time.gmtime())} {host} {text}".encode()


def rfc5424(text, host="mx1"):
    """The same in the new form, with a BOM."""
    tag, _, rest = text.partition(": ")
    name, _, pid = tag.rstrip("]").partition("[")
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    return f"<22>1 {now}.000001Z {host} {name} {pid} - - \ufeff{rest}".encode()


def settings(home: Path, **values):
    """Settings of a receiver on loopback."""
    values = {"syslog_peers": ["127.0.0.1"], "timezone": "UTC", "host": "here"} | values
    return config.load(values, environ={"POSTROAD_HOME": str(home)})


@contextmanager
def receiving(world, home: Path, *, pipeline=None, **values):
    """Receive and follow until the block ends; give the follower, and ports by kind."""
    loaded = settings(home, **values)
    with supplying(loaded) as (suppliers, left):
        follower = Follower(
            world.store,
            world.state,
            loaded.sources,
            host=loaded.host,
            zone=UTC,
            pipeline=pipeline,
            suppliers=suppliers,
            left=left,
        )
        stop = threading.Event()
        thread = threading.Thread(target=follower.run, args=(stop,))
        thread.start()
        try:
            wait(lambda: follower.looked)
            places = getattr(suppliers[0], "addresses", []) if suppliers else []
            yield follower, {kind: address[1] for kind, address in places}
        finally:
            stop.set()
            thread.join(30)
            assert not thread.is_alive()


def wait(condition, seconds=30):
    """Return when the condition holds; fail if it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def delivered(world):
    """The recipients of delivered mail, one each."""
    rows = world.rows(
        "SELECT recipient FROM deliveries FINAL WHERE NOT deleted AND status = 'delivered' "
        "ORDER BY recipient"
    )
    return [row["recipient"] for row in rows]


def recipients(numbers):
    """What `delivered` gives when these messages are there."""
    return sorted(f"r{number}@example.org" for number in numbers)


def send_udp(port, messages):
    """Send datagrams."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for message in messages:
            out.sendto(message, ("127.0.0.1", port))


def counted(messages):
    """Octets of messages with their lengths before them."""
    return b"".join(b"%d %s" % (len(each), each) for each in messages)


def lines(messages):
    """Octets of messages with a newline behind each."""
    return b"".join(each + b"\n" for each in messages)


def send_tcp(port, data, context: ssl.SSLContext | None = None):
    """Connect, send, and close in good order; what the other side sent."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost")
        if context
        else nullcontext(plain) as out,
    ):
        out.sendall(data)
        if context is None:
            out.shutdown(socket.SHUT_WR)
        with suppress(TimeoutError):
            out.settimeout(0.5 if context else 5)
            return out.recv(100)
    return b""


def certificates(directory: Path) -> Path:
    """An authority, and certificates of a server and a client that it signed; PEM files."""
    run = lambda *args: subprocess.run(  # noqa: E731
        ["openssl", *args], cwd=directory, check=True, capture_output=True
    )
    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run(*new, "-x509", "-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem")
    run(*new, "-x509", "-days", "2", "-subj", "/CN=other", "-keyout", "o.key", "-out", "o.pem")
    (directory / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("server", "client"):
        run(*new, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        run(
            "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days",
            "2", "-extfile", "names", "-out", f"{name}.pem",
        )  # fmt: skip
    return directory
