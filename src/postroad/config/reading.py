"""Settings from the file, the environment and the command line."""

from __future__ import annotations

import difflib
import os
import re
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

from postroad.config.checks import check
from postroad.config.settings import PREFIX, SYSTEM_HOME, USER_HOME, Settings, table
from postroad.config.source import Source
from postroad.config.zones import system_zone
from postroad.errors import ConfigError

_FILE_NAME = "postroad.toml"
#: Variables that Kubernetes and Docker invent for a service called "postroad".
_INJECTED = re.compile(r"(SERVICE_(HOST|PORT\w*)|PORT(_\w+)?)$")
#: Settings that may hold a password: never shown in a message.
_SECRET = ("store", "state", "token", "oidc_client_secret", "mail_password")


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
        **_from_file(home, environ.get(PREFIX + "CONFIG", "")),
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
    check(settings)
    return settings


def make_home(settings: Settings) -> Path:
    """Create the home directory, closed to others, if it is not there. Raises `ConfigError`."""
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = (
            f"The directory {settings.home} cannot be made ({error.strerror}). "
            f"Set {PREFIX}HOME to a directory that you may write to."
        )
        raise ConfigError(message) from error
    return settings.home


def _home(value: object) -> Path:
    if value:
        return Path(str(value)).expanduser().absolute()
    writable = SYSTEM_HOME if SYSTEM_HOME.is_dir() else SYSTEM_HOME.parent
    return SYSTEM_HOME if os.access(writable, os.W_OK) else Path(USER_HOME).expanduser()


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or variable == PREFIX + "CONFIG":
            continue
        name = variable.removeprefix(PREFIX)
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
            message = f"The settings file {path}, named by {PREFIX}CONFIG, does not exist."
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
            f"set {PREFIX}HOME in the environment instead."
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
