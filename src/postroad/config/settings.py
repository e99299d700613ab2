"""Every setting: name, type, default and help, in one class; and as a table for documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from postroad.config.source import Source
from postroad.config.zones import zone

#: What a variable of the environment begins with.
PREFIX = "POSTROAD_"
SYSTEM_HOME = Path("/var/lib/postroad")
USER_HOME = "~/.local/share/postroad"
_TYPE_WORDS: dict[Any, str] = {
    str: "text",
    int: "number",
    bool: "true or false",
    Path: "path",
    Path | None: "path",
    tuple[str, ...]: "list",
    tuple[Path, ...]: "list of paths",
}


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting. `load()` makes it; what is empty in the defaults is filled in there."""

    home: Annotated[
        Path,
        Meta(
            description="Directory that holds everything postroad keeps. Readable by nobody else.",
            extra={"default": f"{SYSTEM_HOME} where that can be written, else {USER_HOME}"},
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
    oidc_issuer: Annotated[
        str,
        Meta(
            pattern=r"^(https://[^\s?#]+|http://(127\.0\.0\.1|localhost)(:\d+)?[^\s?#]*)?$",
            description="OpenID provider that people may sign in at, as in "
            "`https://login.example.com`. Needs `pip install 'postroad[oidc]'`.",
        ),
    ] = ""
    oidc_client_id: Annotated[
        str, Meta(description="What the provider knows this postroad as.")
    ] = ""
    oidc_client_secret: Annotated[
        str, Meta(description="How it proves that; empty for a public client.")
    ] = ""
    oidc_claim: Annotated[
        str,
        Meta(
            min_length=1,
            description="Claim of the ID token that names the account. `email` counts where the "
            "provider says that it verified the address.",
        ),
    ] = "email"
    oidc_scopes: Annotated[
        str, Meta(description="Scopes to ask the provider for, besides `openid`.")
    ] = "email"
    oidc_accounts: Annotated[
        bool,
        Meta(
            description="Whether a mailbox account is made for an address that the provider names "
            "and that has none; otherwise it is refused."
        ),
    ] = False
    oidc_label: Annotated[
        str, Meta(max_length=60, description="What the page to sign in calls the provider.")
    ] = "single sign-on"
    oidc_ca: Annotated[
        Path | None,
        Meta(description="File of certificates (PEM) to trust for it besides the system's."),
    ] = None
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
            description="Whose routing `trace` asks on this machine: `exim`, `postfix`, `none` "
            "(DNS alone), or `auto` for the one that the sources name or that is installed.",
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
            "in the log, or that DNS knows of the `host` setting, unless set."
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
    mail_submission: Annotated[
        str,
        Meta(
            pattern=r"^(smtps?://(\[[0-9A-Fa-f:.]+\]|[^\s:/@?#\[\]]+)(:\d{1,5})?/?)?$",
            description="Server that letters (reports, news of mail that is followed) are handed "
            "to: `smtps://mail.example.com`, or `smtp://mail.example.com:587`, which means "
            "STARTTLS; this machine's own `sendmail` program unless set.",
        ),
    ] = ""
    mail_login: Annotated[
        str, Meta(description="Login at that server; none is used unless set.")
    ] = ""
    mail_password: Annotated[str, Meta(description="Its password.")] = ""
    mail_ca: Annotated[
        Path | None,
        Meta(description="File of certificates (PEM) to trust for it besides the system's."),
    ] = None
    mail_from: Annotated[
        str,
        Meta(
            max_length=254,
            pattern=r"^([!-;=?-~]+@[!-;=?-~]+)?$",
            description="Address that letters come from, and that bounces go to.",
            extra={"default": "postroad@<host>"},
        ),
    ] = ""
    mail_seconds: Annotated[
        int,
        Meta(ge=1, le=600, description="Seconds that the server has for each step of a letter."),
    ] = 60
    sendmail_path: Annotated[
        str,
        Meta(
            pattern="^(/.*)?$",
            description="Program that takes letters where `mail_submission` names no server; "
            "`sendmail` is looked for unless set.",
        ),
    ] = ""
    webhook_networks: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks that webhooks may lead to although they are private, reserved or "
            "this server itself, as in `10.0.0.0/8`. Everybody with an account may make webhooks."
        ),
    ] = ()
    retry: Annotated[
        str,
        Meta(
            description="When the mail server tries again and when it gives up, as its own "
            "configuration says: Exim's `F,2h,15m; G,16h,1h,1.5; F,4d,6h`, or Postfix's "
            "`minimal_backoff_time=300s maximal_backoff_time=4000s maximal_queue_lifetime=5d`. "
            "Deferred mail then says when it is tried next."
        ),
    ] = ""
    syslog_listen: Annotated[
        tuple[str, ...],
        Meta(
            description="Where syslog messages are received: `udp://192.0.2.1:514`, "
            "`tcp://[2001:db8::1]:514`, `tls://0.0.0.0:6514`; nowhere unless set."
        ),
    ] = ()
    syslog_peers: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses and networks that syslog messages are received from, as in "
            "`192.0.2.0/28`, besides the `peers` of sources. Each address becomes a source of its "
            "own, `syslog 192.0.2.1`."
        ),
    ] = ()
    syslog_certificate: Annotated[
        Path | None,
        Meta(description="File of the certificate (PEM, with its chain) shown at `tls://`."),
    ] = None
    syslog_key: Annotated[
        Path | None,
        Meta(description="File of its key (PEM); the one of the certificate unless set."),
    ] = None
    syslog_ca: Annotated[
        Path | None,
        Meta(
            description="File of certificates (PEM) that sign those of senders at `tls://`. With "
            "it, who shows none that it signs is refused; without it, none is asked for."
        ),
    ] = None
    syslog_largest: Annotated[
        int,
        Meta(
            ge=480,
            le=1 << 20,
            description="Octets of a syslog message that are kept. What is longer is cut, and "
            "counted.",
        ),
    ] = 8192
    syslog_connections: Annotated[
        int, Meta(ge=1, le=10_000, description="Syslog connections (TCP, TLS) at a time.")
    ] = 100
    syslog_idle: Annotated[
        int,
        Meta(ge=5, le=1_000_000, description="Seconds after which a silent connection is closed."),
    ] = 3600
    spool_megabytes: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Room below `<home>/spool` for lines that were received and are not "
            "stored yet, in millions of octets. What comes when it is full is dropped and counted.",
        ),
    ] = 256
    exports_megabytes: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Room below `<home>/exports` for files that were made in the background "
            "and wait to be fetched, in millions of octets; half of it for one account that is no "
            "administrator. What would take more is not made, and says so.",
        ),
    ] = 2000
    sources: Annotated[
        tuple[Source, ...],
        Meta(description="Logs that `follow` and `serve` read: one `[[sources]]` table each."),
    ] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The `timezone` setting as a zone."""
        return zone(self.timezone, "the setting `timezone`")

    @property
    def follows(self) -> bool:
        """Whether there is anything to follow or to receive."""
        return bool(self.sources or self.syslog_listen)

    @property
    def base_url(self) -> str:
        """What links in letters begin with; without a slash at the end."""
        return self.public_url.rstrip("/") or f"http://{self.listen}"

    @property
    def letters_from(self) -> str:
        """The address that letters come from."""
        return self.mail_from or f"postroad@{self.host}"

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
        return "" if self.name == "sources" else PREFIX + self.name.upper()


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
