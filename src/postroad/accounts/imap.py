"""Whether somebody knows the password of a mailbox: asked of the IMAP server, over TLS.

An address, a password and the client go in, yes or no comes out. The connection is TLS from the
start (`imaps://`) or STARTTLS before anything else (`imap://`), the certificate is verified, and
the password travels in AUTHENTICATE PLAIN (RFC 4616), base64 encoded, so that nothing in it can be
read as a command. What keeps the server from answering goes to the log and counts as no.

The client's address is told to the server (`ID`, RFC 2971, as Dovecot's `login_trusted_networks`
takes it), so that its own brakes and its log see who really tries.

Limits: addresses are asked for in lower case. The server has to tell mailboxes of different domains
apart. Each step may take as long as the timeout.
"""

from __future__ import annotations

import imaplib
import ipaddress
import logging
import ssl
import threading
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from postroad.errors import ConfigError
from postroad.model import address

_log = logging.getLogger(__name__)

#: Connections at the same time; the threads that sign in are more, so that a server that hangs
#: does not keep out those who need none.
_AT_ONCE = 8
#: Octets of a password that are sent.
_LONGEST = 4096
_PORTS = {"imaps": 993, "imap": 143}
#: RFC 5530: the server cannot tell now.
_UNAVAILABLE = "[UNAVAILABLE]"


class Imap:
    """One IMAP server, for the mailboxes of some domains."""

    def __init__(
        self, server: str, domains: Collection[str], ca: Path | None, timeout: float
    ) -> None:
        """`server` is a URL as the setting `imap` has it; `ca` what to trust besides the system's.

        `timeout` is in seconds. Raises `ConfigError` where the certificates cannot be read.
        """
        parts = urlsplit(server)
        self._is_tls = parts.scheme == "imaps"
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._domains = frozenset(each.strip().lower().removeprefix("@") for each in domains)
        self._timeout = timeout
        self._context = _context(ca)
        self._room = threading.BoundedSemaphore(_AT_ONCE)

    def serves(self, name: str) -> bool:
        """Whether this is an address of one of its domains."""
        return address.is_address(name) and address.domain(name) in self._domains

    def verify(self, name: str, password: str, client: str) -> bool:
        """Whether this is the password of this address."""
        if not (secret := _plain(name, password)):
            return False
        if not self._room.acquire(timeout=self._timeout):
            self._complain("too many are being asked for at once")
            return False
        try:
            return self._ask(secret, client)
        except (OSError, imaplib.IMAP4.error, ValueError) as error:
            self._complain(_reason(error))
            return False
        finally:
            self._room.release()

    def _ask(self, secret: bytes, client: str) -> bool:
        """Connect, authenticate, leave. Raises what keeps it from a yes or no."""
        server = self._connect()
        try:
            if not self._is_tls:
                server.starttls(self._context)
            _introduce(server, client)
            try:
                kind, _ = server.authenticate("PLAIN", lambda _: secret)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                if _is_no(str(error)):
                    return False
                raise
            with suppress(OSError, imaplib.IMAP4.error):
                server.logout()
            return bool(kind == "OK")
        finally:
            with suppress(OSError):
                server.shutdown()

    def _connect(self) -> imaplib.IMAP4:
        if self._is_tls:
            return imaplib.IMAP4_SSL(
                self._host, self._port, ssl_context=self._context, timeout=self._timeout
            )
        return imaplib.IMAP4(self._host, self._port, timeout=self._timeout)

    def _complain(self, reason: str) -> None:
        _log.warning(
            "The IMAP server %s, port %d, could not say whether a password is right: %s. "
            "Nobody can sign in with a mail password until it can.",
            self._host,
            self._port,
            reason,
        )


def _context(ca: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca is not None:
        try:
            context.load_verify_locations(cafile=ca)
        except (OSError, ssl.SSLError) as error:
            message = (
                f"The setting `imap_ca` names {ca}, which holds no certificates that can be read: "
                f"{error.strerror or error}."
            )
            raise ConfigError(message) from error
    return context


def _plain(name: str, password: str) -> bytes:
    """What RFC 4616 makes of the two; empty where they cannot be sent, and so cannot be right."""
    try:
        secret = f"\0{name}\0{password}".encode()
    except UnicodeEncodeError:
        return b""
    if not password or b"\0" in secret.replace(b"\0", b"", 2) or len(secret) > _LONGEST:
        return b""
    return secret


def _introduce(server: imaplib.IMAP4, client: str) -> None:
    """Tell whom this is for; a server that does not want to know says so, and that is all."""
    try:
        told = str(ipaddress.ip_address(client.partition("%")[0]))
    except ValueError:
        return
    if "ID" in server.capabilities:
        with suppress(imaplib.IMAP4.readonly):
            server.xatom("ID", f'("x-originating-ip" "{told}")')


def _is_no(said: str) -> bool:
    """Whether the server refused the password, rather than failed at looking at it."""
    return _UNAVAILABLE not in said and "command error: BAD" not in said


def _reason(error: Exception) -> str:
    """What the error says, on one line, short, without what a terminal would obey."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        said = f"its certificate is not to be trusted ({error.verify_message})"
    elif isinstance(error, TimeoutError):
        said = "it does not answer in time"
    plain = "".join(c if c.isprintable() else " " for c in said).strip()
    return plain[:200].rstrip(".") or type(error).__name__
