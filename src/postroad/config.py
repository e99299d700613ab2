"""Settings: one table, and where their values come from.

The table is the class `Settings`: name, type, default and help of each. Values come from, the later
one winning: the default, the settings file (TOML, `POSTROAD_HOME/postroad.toml` unless
`POSTROAD_CONFIG` names another), the environment (`POSTROAD_` and the name in capitals), and the
command line. What cannot be used raises `ConfigError` with a sentence that names the setting.

Limits: `home` decides where the settings file is looked for, so the file cannot set it; `sources`
is a list of tables, so only the file can. Other lists are written with commas where they are text.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from postroad.errors import ConfigError

_SYSTEM_HOME = Path("/var/lib/postroad")
_USER_HOME = "~/.local/share/postroad"
_PREFIX = "POSTROAD_"
_FILE_NAME = "postroad.toml"
#: Variables that Kubernetes and Docker invent for a service called "postroad".
_INJECTED = re.compile(r"(SERVICE_(HOST|PORT\w*)|PORT(_\w+)?)$")
#: Settings that may hold a password: never shown in a message.
_SECRET = ("store", "state", "token")
_TYPE_WORDS: dict[Any, str] = {
    str: "text",
    int: "number",
    bool: "true or false",
    Path: "path",
    Path | None: "path",
    tuple[str, ...]: "list",
    tuple[Path, ...]: "list of paths",
}


_SITE = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+")
#: Headers that no proxy can own.
_COMMON_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "origin",
        "referer",
        "user-agent",
        "x-form-key",
        "x-forwarded-for",
        "x-forwarded-proto",
    }
)


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[sources]]` table of the settings file: logs to follow."""

    path: Annotated[
        str, Meta(min_length=1, description="File, directory or pattern (`*`, `?`, `[...]`).")
    ]
    name: Annotated[str, Meta(description="What reports call it; the path unless set.")] = ""
    mta: Annotated[str, Meta(description="`exim`, `postfix`, or `auto` to look at the lines.")] = (
        "auto"
    )
    host: Annotated[
        str, Meta(description="Host for lines that name none; the `host` setting unless set.")
    ] = ""
    timezone: Annotated[
        str,
        Meta(description="Zone of dates that name none; the `timezone` setting unless set."),
    ] = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting. `load()` makes it; what is empty in the defaults is filled in there."""

    home: Annotated[
        Path,
        Meta(
            description="Directory that holds everything postroad keeps. Readable by nobody else.",
            extra={"default": f"{_SYSTEM_HOME} where that can be written, else {_USER_HOME}"},
        ),
    ]
    store: Annotated[
        str,
        Meta(
            description="Where deliveries and log lines are kept: `chdb:///directory` (embedded) "
            "or `clickhouses://user:password@host/database` (a server or cluster).",
            extra={"default": "chdb://<home>/store"},
        ),
    ]
    state: Annotated[
        str,
        Meta(
            description="Where accounts, sessions and reading positions are kept: a database URL.",
            extra={"default": "sqlite:///<home>/state.db"},
        ),
    ]
    host: Annotated[
        str,
        Meta(
            min_length=1,
            description="Name of the mail server for log lines that do not name one themselves.",
            extra={"default": "the system's host name"},
        ),
    ]
    timezone: Annotated[
        str,
        Meta(
            description="Zone of dates in the log that name none, as in `Europe/Berlin`.",
            extra={"default": "the system's zone"},
        ),
    ]
    retention_days: Annotated[
        int,
        Meta(ge=1, le=36500, description="Days that a message is kept after it came."),
    ] = 30
    listen: Annotated[
        str,
        Meta(
            pattern=r"^(\[[0-9A-Fa-f:.]+\]|[^:\s]+):\d{1,5}$",
            description="Address and port of the web pages and the API. Put a web server with "
            "HTTPS before it to offer it to others.",
        ),
    ] = "127.0.0.1:8025"
    public_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s]+)?$",
            description="Address people reach it at, where a web server stands before it. With "
            "`https://` the session cookie is sent over HTTPS only.",
        ),
    ] = ""
    socket: Annotated[
        Path,
        Meta(
            description="Unix socket over which the command line talks to a running `serve`. "
            "Whoever may open it is an administrator.",
            extra={"default": "<home>/postroad.sock"},
        ),
    ]
    session_hours: Annotated[
        int, Meta(ge=1, le=8760, description="Hours after which a web page asks to sign in again.")
    ] = 12
    domain_users: Annotated[
        tuple[Path, ...],
        Meta(
            description="Files that say whose each domain is, `domain: user` a line, as panels "
            "keep them: `/etc/userdomains`, `/etc/virtual/domainowners`. Read again when they "
            "change. An owner account that is named like the user has these domains."
        ),
    ] = ()
    user_owners: Annotated[
        tuple[Path, ...],
        Meta(
            description="Files that say which reseller each user is of, `user: owner` a line, as "
            "panels keep them: `/etc/trueuserowners`. Read again when they change."
        ),
    ] = ()
    imap: Annotated[
        str,
        Meta(
            pattern=r"^(imaps?://(\[[0-9A-Fa-f:.]+\]|[^\s:/@?#]+)(:\d{1,5})?/?)?$",
            description="IMAP server that is asked whether a mail password is right, so that "
            "mailbox users sign in with it: `imaps://mail.example.com`, or `imap://...`, which "
            "means STARTTLS.",
        ),
    ] = ""
    imap_domains: Annotated[
        tuple[str, ...],
        Meta(description="Domains whose addresses `imap` is asked for; no others are."),
    ] = ()
    imap_ca: Annotated[
        Path | None,
        Meta(
            description="File of certificates (PEM) to trust for `imap` besides the system's.",
        ),
    ] = None
    imap_timeout: Annotated[
        int, Meta(ge=1, le=60, description="Seconds that `imap` has for each answer.")
    ] = 20
    proxy_header: Annotated[
        str,
        Meta(
            pattern=r"^([A-Za-z0-9-]+)?$",
            description="Header in which a reverse proxy says who is signed in to it, as in "
            "`X-Remote-User`. Requests with it from elsewhere than `proxy_networks` are refused.",
        ),
    ] = ""
    proxy_networks: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses and networks that `proxy_header` is believed from, as in "
            "`127.0.0.1` or `192.0.2.0/28`. Everybody who can connect from there is believed."
        ),
    ] = ()
    proxy_accounts: Annotated[
        bool,
        Meta(
            description="Whether a mailbox account is made for an address that the proxy names and "
            "that has none; otherwise it is refused."
        ),
    ] = False
    frame_sites: Annotated[
        tuple[str, ...],
        Meta(
            description="Sites that may show these pages in a frame, as in "
            "`https://panel.example.com`; none unless set."
        ),
    ] = ()
    server: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s]+)?$",
            description="Address of another machine's postroad that the command line asks instead "
            "of this one's, as in `https://postroad.example.com`.",
        ),
    ] = ""
    token: Annotated[
        str,
        Meta(description="Token that the command line shows to `server`; see `postroad token`."),
    ] = ""
    mail_server: Annotated[
        str,
        Meta(
            pattern="^(auto|exim|postfix|none)$",
            description="Whose routing `trace` asks on this machine: `exim`, `postfix`, `none` (DNS "
            "alone), or `auto` for the one that the sources name or that is installed.",
        ),
    ] = "auto"
    exim_path: Annotated[
        str,
        Meta(
            pattern="^(/.*)?$",
            description="Program of Exim, as in `/usr/sbin/exim4`; looked for unless set.",
        ),
    ] = ""
    postconf_path: Annotated[
        str,
        Meta(
            pattern="^(/.*)?$",
            description="Program `postconf` of Postfix, which has `postmap` beside it; looked for "
            "unless set.",
        ),
    ] = ""
    postfix_config: Annotated[
        str,
        Meta(
            pattern="^(/.*)?$",
            description="Directory of Postfix's `main.cf`, where it is not the usual one.",
        ),
    ] = ""
    trace_seconds: Annotated[
        int, Meta(ge=1, le=60, description="Seconds after which a trace ends, whatever hangs.")
    ] = 10
    resolver: Annotated[
        tuple[str, ...],
        Meta(
            description="Name servers that traces and checks ask, as in `127.0.0.1` or "
            "`192.0.2.53:5353`; the system's unless set. One that validates DNSSEC shows more."
        ),
    ] = ()
    sending_addresses: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses that this server's mail is sent from, as in `192.0.2.25`; those "
            "that DNS knows of the `host` setting unless set."
        ),
    ] = ()
    blocklists: Annotated[
        tuple[str, ...],
        Meta(
            description="DNS block lists that are asked for the sending addresses, as in "
            "`list.example.org`; none unless set. Mind the terms of each."
        ),
    ] = ()
    check_sender: Annotated[
        str,
        Meta(
            max_length=254,
            pattern=r"^([!-;=?-~]+@[!-;=?-~]+)?$",
            description="Envelope sender that a live check names; the null sender unless set.",
        ),
    ] = ""
    check_seconds: Annotated[
        int, Meta(ge=3, le=120, description="Seconds that a live check may take in all.")
    ] = 10
    check_networks: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks that a live check may connect to although they are private, "
            "reserved or this server itself, as in `10.0.0.0/8`."
        ),
    ] = ()
    sources: Annotated[
        tuple[Source, ...],
        Meta(description="Logs that `follow` and `serve` read: one `[[sources]]` table each."),
    ] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The `timezone` setting as a zone."""
        return zone(self.timezone, "the setting `timezone`")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `listen`."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class Setting(msgspec.Struct, frozen=True):
    """One row of the table of settings, for documentation and messages."""

    name: str
    type: str
    #: As it would be written, or in words where it depends on the machine.
    default: str
    help: str

    @property
    def variable(self) -> str:
        """Its environment variable; empty for what only the file can say."""
        return "" if self.name == "sources" else _PREFIX + self.name.upper()


def load(
    overrides: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Settings from the file, the environment and `overrides` (the command line; None is unset).

    Raises `ConfigError`.
    """
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    _refuse_unknown(given, "the command line")
    variables = _from_environment(environ)
    home = _home(given.get("home", variables.get("home", "")))
    values = {
        **_from_file(home, environ.get(_PREFIX + "CONFIG", "")),
        **variables,
        **given,
        "home": home,
    }
    values.setdefault("store", f"chdb://{home}/store")
    values.setdefault("state", f"sqlite:///{home}/state.db")
    values.setdefault("socket", home / "postroad.sock")
    values.setdefault("host", socket.gethostname() or "localhost")
    values.setdefault("timezone", system_zone())
    typed: dict[str, Any] = {name: _convert(name, value) for name, value in values.items()}
    settings = Settings(**typed)
    _check(settings)
    return settings


def make_home(settings: Settings) -> Path:
    """Create the home directory, closed to others, if it is not there. Raises `ConfigError`."""
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = (
            f"The directory {settings.home} cannot be made ({error.strerror}). "
            f"Set {_PREFIX}HOME to a directory that you may write to."
        )
        raise ConfigError(message) from error
    return settings.home


def zone(name: str, where: str) -> ZoneInfo:
    """The zone of this name. Raises `ConfigError`; `where` tells whose value it is."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise _unknown_zone(name, where) from error


def system_zone(root: Path = Path("/")) -> str:
    """Name of the machine's zone: where `/etc/localtime` leads, else what `/etc/timezone` says.

    "UTC" where neither names a known zone.
    """
    link = os.path.realpath(root / "etc/localtime")
    _, found, linked = link.partition("/zoneinfo/")
    try:
        written = (root / "etc/timezone").read_text().strip()
    except (OSError, UnicodeDecodeError):
        written = ""
    for name in (linked if found else "", written):
        try:
            if name:
                return ZoneInfo(name).key
        except (OSError, ValueError, KeyError):
            continue
    return "UTC"


def table() -> tuple[Setting, ...]:
    """The table of settings, in order."""
    return _rows(Settings)


def source_table() -> tuple[Setting, ...]:
    """The table of what one `[[sources]]` table may hold, in order."""
    return _rows(Source)


def _rows(struct: type[msgspec.Struct]) -> tuple[Setting, ...]:
    rows = []
    for field in msgspec.structs.fields(struct):
        kind, meta = get_args(field.type)
        default = (meta.extra or {}).get("default") or field.default
        written = "" if default in (msgspec.NODEFAULT, (), None) else str(default)
        if isinstance(default, bool):
            written = written.lower()
        rows.append(Setting(field.name, _TYPE_WORDS.get(kind, "tables"), written, meta.description))
    return tuple(rows)


def _home(value: object) -> Path:
    if value:
        return Path(str(value)).expanduser().absolute()
    writable = _SYSTEM_HOME if _SYSTEM_HOME.is_dir() else _SYSTEM_HOME.parent
    return _SYSTEM_HOME if os.access(writable, os.W_OK) else Path(_USER_HOME).expanduser()


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable, value in environ.items():
        if not variable.startswith(_PREFIX) or variable == _PREFIX + "CONFIG":
            continue
        name = variable.removeprefix(_PREFIX)
        if name.lower() == "sources":
            message = f"{variable}: sources are listed in the settings file, one table each."
            raise ConfigError(message)
        if name.lower() in Settings.__struct_fields__:
            values[name.lower()] = value
        elif not _INJECTED.match(name):
            raise _unknown(name.lower(), f"the environment ({variable})")
    return values


def _from_file(home: Path, named: str) -> dict[str, Any]:
    path = Path(named).expanduser() if named else home / _FILE_NAME
    try:
        values = tomllib.loads(path.read_bytes().decode())
    except (FileNotFoundError, NotADirectoryError) as error:
        if named:
            message = f"The settings file {path}, named by {_PREFIX}CONFIG, does not exist."
            raise ConfigError(message) from error
        return {}
    except OSError as error:
        message = f"The settings file {path} cannot be read: {error.strerror}."
        raise ConfigError(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"The settings file {path} is not valid TOML: {error}."
        raise ConfigError(message) from error
    if "home" in values:
        message = (
            f"The settings file {path} sets `home`, but is itself looked for there: "
            f"set {_PREFIX}HOME in the environment instead."
        )
        raise ConfigError(message)
    _refuse_unknown(values, f"the settings file {path}")
    return values


def _convert(name: str, value: object) -> object:
    """The value in the type of its setting; text is read as the type wants it."""
    field = next(f for f in msgspec.structs.fields(Settings) if f.name == name)
    if name == "sources":
        _refuse_unknown_in_sources(value)
    elif isinstance(value, str) and get_origin(get_args(field.type)[0]) is tuple:
        value = [each.strip() for each in value.split(",") if each.strip()]
    try:
        return msgspec.convert(value, field.type, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        shown = "this" if name in _SECRET else repr(value)
        wanted = next(row.help for row in table() if row.name == name)
        message = f"The setting `{name}` cannot be {shown} ({error}). What it is: {wanted}"
        raise ConfigError(message) from error


def _path(kind: type, value: object) -> object:
    if kind is Path and value and isinstance(value, str | Path):
        return Path(value).expanduser().absolute()
    message = "expected a path"
    raise ValueError(message)


def _check(settings: Settings) -> None:
    _ = settings.zone
    if not 0 < settings.address[1] < 1 << 16:
        message = f"The setting `listen` names port {settings.address[1]}; ports end at 65535."
        raise ConfigError(message)
    if settings.proxy_header and not settings.proxy_networks:
        message = "The setting `proxy_header` needs `proxy_networks`: whom to believe it from."
        raise ConfigError(message)
    if settings.proxy_header.lower() in _COMMON_HEADERS:
        message = (
            f"The setting `proxy_header` cannot be {settings.proxy_header!r}: "
            "every browser sends that header. Choose one that only the proxy sends."
        )
        raise ConfigError(message)
    if settings.imap and not settings.imap_domains:
        message = "The setting `imap` needs `imap_domains`: the domains whose mailboxes it has."
        raise ConfigError(message)
    try:
        _ = urlsplit(settings.imap).port
    except ValueError as error:
        message = "The setting `imap` names a port that does not exist; ports end at 65535."
        raise ConfigError(message) from error
    for site in settings.frame_sites:
        if not _SITE.fullmatch(site):
            message = f"The setting `frame_sites` names {site!r}; write https://panel.example.com."
            raise ConfigError(message)
    for name in ("check_networks", "proxy_networks", "sending_addresses"):
        _check_networks(name, getattr(settings, name))
    for source in settings.sources:
        if source.timezone:
            zone(source.timezone, f"`timezone` of the source {source.path}")


def _check_networks(name: str, texts: tuple[str, ...]) -> None:
    for text in texts:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError as error:
            message = f"The setting `{name}` names {text!r}, which is no network or address."
            raise ConfigError(message) from error


def _refuse_unknown(values: Mapping[str, Any], where: str) -> None:
    for name in values:
        if name not in Settings.__struct_fields__:
            raise _unknown(name, where)


def _refuse_unknown_in_sources(value: object) -> None:
    for each in value if isinstance(value, list) else ():
        for name in each if isinstance(each, dict) else ():
            if name not in Source.__struct_fields__:
                raise _unknown(name, "a [[sources]] table", Source.__struct_fields__)


def _unknown(
    name: str, where: str, known: tuple[str, ...] = Settings.__struct_fields__
) -> ConfigError:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
    message = f"Unknown setting `{name}` in {where}. The nearest known one is `{near}`."
    return ConfigError(message)


def _unknown_zone(name: str, where: str) -> ConfigError:
    message = (
        f"{where[0].upper()}{where[1:]} names the zone {name!r}, which is not known. "
        "Zones are named as in Europe/Berlin or UTC."
    )
    return ConfigError(message)
