"""Asks whoever knows the way: the mail server of this machine, or DNS alone."""

from __future__ import annotations

import os
import shutil

import msgspec

from postroad.config import Settings
from postroad.errors import ConfigError
from postroad.model import address as addresses
from postroad.model.route import Method, Node, Route
from postroad.model.text import Text
from postroad.trace import dns, exim, postfix
from postroad.trace.limits import Deadline
from postroad.trace.postfix_tables import Tables

#: Where a service may not look by itself.
_SYSTEM = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/exim/bin", "/usr/exim/bin")
_EXIM_NAMES = ("exim4", "exim")


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asked, and with which programs."""

    method: Method
    #: The program of Exim, or `postconf` of Postfix.
    program: str = ""
    #: The directory of Postfix's main.cf; "" for the usual one.
    directory: str = ""
    #: Name servers; the system's if there are none.
    resolver: tuple[str, ...] = ()
    seconds: float = 10


def tools(settings: Settings) -> Tools:
    """Who is to be asked on this machine. Raises `ConfigError` where what is set is not there."""
    exim_path = settings.exim_path or _found(*_EXIM_NAMES)
    postconf_path = settings.postconf_path or _found("postconf")
    method = _method(settings, exim_path=exim_path, postconf_path=postconf_path)
    program = {Method.EXIM: exim_path, Method.POSTFIX: postconf_path, Method.DNS: ""}[method]
    if method is not Method.DNS and not program:
        message = (
            f"The setting `mail_server` is {settings.mail_server!r}, but that is not installed "
            "here. Set `exim_path` or `postconf_path`, or `mail_server` to none."
        )
        raise ConfigError(message)
    return Tools(
        method=method,
        program=program,
        directory=settings.postfix_config,
        resolver=settings.resolver,
        seconds=settings.trace_seconds,
    )


def trace(address: str, asked: Tools) -> Route:
    """Where an address leads (`asked.checked` has looked at it). Raises `ConfigError`."""
    deadline = Deadline(asked.seconds)
    is_outsider = asked.method is Method.DNS
    asker = dns.Asker.of(asked.resolver, deadline, is_outsider=is_outsider)
    root, notes = _root(address, asked, asker)
    return Route(address=address, method=asked.method, root=root, notes=notes)


def _root(address: str, asked: Tools, asker: dns.Asker) -> tuple[Node, tuple[Text, ...]]:
    match asked.method:
        case Method.EXIM:
            return exim.trace(address, program=asked.program, asker=asker)
        case Method.POSTFIX:
            tables = Tables(asked.program, asker.deadline, asked.directory)
            return postfix.trace(address, tables=tables, asker=asker)
        case Method.DNS:
            return dns.destination(asker, address, addresses.domain(address)), ()


def _method(settings: Settings, *, exim_path: str, postconf_path: str) -> Method:
    """The server that is set, the only one that is followed, or the one that is installed."""
    if settings.mail_server == "none":
        return Method.DNS
    if settings.mail_server != "auto":
        return Method(settings.mail_server)
    installed = [
        method
        for method, path in ((Method.EXIM, exim_path), (Method.POSTFIX, postconf_path))
        if path
    ]
    named = {each.mta for each in settings.sources} - {"auto"}
    preferred = [each for each in installed if each.value in named]
    if len(preferred) == 1:
        return preferred[0]
    return installed[0] if installed else Method.DNS


def _found(*names: str) -> str:
    """The first of these programs that is installed; "" if none is."""
    search = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM])
    return next((path for name in names if (path := shutil.which(name, path=search))), "")
