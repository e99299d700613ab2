"""Where the store is: `chdb:///path` in this process, `clickhouse(s)://host/database` elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from postroad.errors import ConfigError

#: What a database may be called: it is the one name that is put into SQL.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_EXAMPLES = "chdb:///var/lib/postroad/store or clickhouses://user:password@host/postroad"


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed address of a store."""

    #: Directory of the embedded store; empty for a server.
    path: str = ""
    host: str = ""
    port: int = 0
    is_secure: bool = False
    user: str = ""
    password: str = ""
    database: str
    #: Tables are replicated through Keeper (`?replicated=1`).
    is_replicated: bool = False

    @property
    def is_embedded(self) -> bool:
        """Whether the store lives in this process."""
        return bool(self.path)

    def __str__(self) -> str:
        """The address without its password."""
        if self.is_embedded:
            return f"chdb://{self.path}"
        return f"clickhouse{'s' if self.is_secure else ''}://{self.host}/{self.database}"


def parse(url: str, database: str = "") -> Address:
    """Read an address; `database` wins over the one it names. Raises `ConfigError`."""
    try:
        parts = urlsplit(url)
        port = parts.port or 0
    except ValueError as error:
        raise ConfigError(f"{url!r} is not the address of a store: {error}.") from error
    if parts.scheme == "chdb":
        path = unquote(parts.path)
        if parts.netloc or not path.startswith("/") or path == "/":
            raise ConfigError(f"{url!r} names no directory. Write it like {_EXAMPLES}.")
        return Address(path=str(Path(path).resolve()), database=_name(database or "postroad"))
    if parts.scheme in ("clickhouse", "clickhouses") and parts.hostname:
        return Address(
            host=parts.hostname,
            port=port,
            is_secure=parts.scheme == "clickhouses",
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=_name(database or unquote(parts.path.strip("/")) or "postroad"),
            is_replicated=parse_qs(parts.query).get("replicated", ["0"])[-1] not in ("0", ""),
        )
    raise ConfigError(f"{url!r} is not the address of a store. Write it like {_EXAMPLES}.")


def _name(database: str) -> str:
    if not _NAME.fullmatch(database):
        raise ConfigError(
            f"{database!r} cannot name a database: letters, digits and underscores can."
        )
    return database
