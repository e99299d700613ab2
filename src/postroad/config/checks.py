"""What the type of a setting cannot say: values that fit together, networks, ports, zones."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from postroad.config.settings import Settings
from postroad.config.source import Source
from postroad.config.zones import zone
from postroad.errors import ConfigError
from postroad.model import retry

_LISTEN = re.compile(r"(?:udp|tcp|tls)://(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):(\d{1,5})", re.ASCII)
#: FIELD=value of journalctl(1); field names as in systemd.journal-fields(7).
_MATCH = re.compile(r"[A-Z0-9_]{1,64}=[^\0\n]*", re.ASCII)
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


def check(settings: Settings) -> None:
    """Raise `ConfigError` for the first setting that cannot be used."""
    _ = settings.zone
    _check_retry(settings)
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
    if settings.oidc_issuer and not (settings.oidc_client_id and settings.public_url):
        message = (
            "The setting `oidc_issuer` needs `oidc_client_id`, and `public_url`, to which the "
            "provider sends people back."
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
    _check_mail(settings)
    for site in settings.frame_sites:
        if not _SITE.fullmatch(site):
            message = f"The setting `frame_sites` names {site!r}; write https://panel.example.com."
            raise ConfigError(message)
    for name in ("check_networks", "proxy_networks", "syslog_peers", "webhook_networks"):
        _check_networks(name, getattr(settings, name))
    _check_addresses(settings.sending_addresses)
    for source in settings.sources:
        _check_source(source)
    _check_syslog(settings)


def _check_mail(settings: Settings) -> None:
    try:
        port = urlsplit(settings.mail_submission).port
    except ValueError:
        port = 0
    if port == 0:
        message = (
            "The setting `mail_submission` names a port that does not exist; ports go from 1 to "
            "65535."
        )
        raise ConfigError(message)
    if bool(settings.mail_login) != bool(settings.mail_password):
        message = "The settings `mail_login` and `mail_password` are set together, or neither is."
        raise ConfigError(message)
    if settings.mail_login and not settings.mail_submission:
        message = "The setting `mail_login` needs `mail_submission`: the server to sign in at."
        raise ConfigError(message)


def _check_source(source: Source) -> None:
    ways = sum(map(bool, (source.path and not source.journal, source.journal, source.peers)))
    if ways != 1:
        message = (
            f"{f'The source {source.label}' if source.label else 'A source'} names "
            f"{'several things' if ways else 'nothing'} to read: a [[sources]] table has either "
            "`path`, or `journal`, or `peers`."
        )
        raise ConfigError(message)
    if source.timezone:
        zone(source.timezone, f"`timezone` of the source {source.label}")
    _check_networks("peers", source.peers)
    for match in source.journal:
        if match != "+" and not _MATCH.fullmatch(match):
            message = (
                f"The source {source.label} matches {match!r}; a match of the journal is written "
                "FIELD=value, as in _SYSTEMD_UNIT=postfix@-.service (journalctl -o verbose shows "
                "the fields)."
            )
            raise ConfigError(message)


def _check_syslog(settings: Settings) -> None:
    for listen in settings.syslog_listen:
        found = _LISTEN.fullmatch(listen)
        if not found or not 0 < int(found[1]) < 1 << 16:
            message = (
                f"The setting `syslog_listen` names {listen!r}; write udp://ADDRESS:PORT, "
                "tcp://ADDRESS:PORT or tls://ADDRESS:PORT, an IPv6 address in brackets."
            )
            raise ConfigError(message)
        if listen.startswith("tls:") and not settings.syslog_certificate:
            message = "The setting `syslog_listen` has tls://, which needs `syslog_certificate`."
            raise ConfigError(message)
    peers = settings.syslog_peers or any(source.peers for source in settings.sources)
    if settings.syslog_listen and not peers:
        message = (
            "The setting `syslog_listen` needs `syslog_peers`, or sources with `peers`: whom to "
            "receive from."
        )
        raise ConfigError(message)


def _check_retry(settings: Settings) -> None:
    for rule in (settings.retry, *(source.retry for source in settings.sources)):
        if rule:
            retry.check(rule)


def _check_addresses(texts: tuple[str, ...]) -> None:
    for text in texts:
        try:
            ipaddress.ip_address(text)
        except ValueError as error:
            message = f"The setting `sending_addresses` names {text!r}, which is no address."
            raise ConfigError(message) from error


def _check_networks(name: str, texts: tuple[str, ...]) -> None:
    for text in texts:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError as error:
            message = f"The setting `{name}` names {text!r}, which is no network or address."
            raise ConfigError(message) from error
