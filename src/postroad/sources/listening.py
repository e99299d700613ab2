"""Sockets that listen for syslog messages, and the TLS that senders meet there."""

from __future__ import annotations

import errno
import socket
import ssl
from contextlib import suppress
from typing import NamedTuple

from postroad.config import Settings
from postroad.errors import ConfigError

#: Octets that the kernel is asked to hold of what comes by UDP; it gives what its own limit allows.
_BUFFER = 8 << 20
_BACKLOG = 128
#: Option of a UDP socket by which the kernel tells what it dropped (socket(7)).
_RXQ_OVFL = 40


class Listening(NamedTuple):
    """One socket."""

    #: `udp`, `tcp` or `tls`.
    kind: str
    #: As the settings name it.
    name: str
    socket: socket.socket
    context: ssl.SSLContext | None = None


def listening(settings: Settings) -> list[Listening]:
    """A socket for every address that `syslog_listen` means. Raises `ConfigError`."""
    context = None
    if any(name.startswith("tls:") for name in settings.syslog_listen):
        context = _context(settings)
    opened: list[Listening] = []
    try:
        for name in settings.syslog_listen:
            kind, _, rest = name.partition("://")
            host, _, port = rest.rpartition(":")
            _open(opened, kind, name, (host.strip("[]"), int(port)), context)
    except BaseException:
        for each in opened:
            each.socket.close()
        raise
    return opened


def _open(
    opened: list[Listening],
    kind: str,
    name: str,
    where: tuple[str, int],
    context: ssl.SSLContext | None,
) -> None:
    type_ = socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
    try:
        found = socket.getaddrinfo(*where, type=type_, flags=socket.AI_PASSIVE)
        for family, one_type, protocol, _, address in dict.fromkeys(found):
            one = socket.socket(family, one_type, protocol)
            opened.append(Listening(kind, name, one, context if kind == "tls" else None))
            one.setblocking(False)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if kind == "udp":
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
                with suppress(OSError):  # Linux alone has it
                    one.setsockopt(socket.SOL_SOCKET, _RXQ_OVFL, 1)
            else:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(address)
            if kind != "udp":
                one.listen(_BACKLOG)
    except OSError as error:
        raise ConfigError(_why_not(name, error)) from error


def _context(settings: Settings) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(str(settings.syslog_certificate), settings.syslog_key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"`syslog_certificate` ({settings.syslog_certificate}) and `syslog_key` cannot be "
            f"used: {error.strerror or error}. They are a certificate and its key, in PEM, and "
            "readable by this user."
        ) from error
    if settings.syslog_ca:
        try:
            context.load_verify_locations(settings.syslog_ca)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"`syslog_ca` ({settings.syslog_ca}) cannot be used: {error.strerror or error}. It "
                "is a file of certificates, in PEM."
            ) from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _why_not(name: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Another program already listens on {name}. End it, or change `syslog_listen`."
    if error.errno == errno.EACCES:
        return f"This user may not listen on {name}: ports below 1024 are root's."
    return f"It is not possible to listen on {name}: {error.strerror}. Change `syslog_listen`."
