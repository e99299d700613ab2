"""What the options before the verb say, and the client that the verb asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import msgspec
import typer

from postroad import client, config
from postroad.config import Settings
from postroad.errors import ConfigError


class Given(msgspec.Struct, frozen=True):
    """The options before the verb."""

    home: str | None = None
    file: str | None = None
    values: tuple[str, ...] = ()

    def settings(self, **more: object) -> Settings:
        """Settings with these options over the environment over the file. Raises `ConfigError`."""
        values: dict[str, object] = {"home": self.home}
        for each in self.values:
            name, equals, value = each.partition("=")
            if not equals:
                message = f"--set takes NAME=VALUE, as in retention_days=60, not {each!r}."
                raise ConfigError(message)
            values[name.strip().replace("-", "_")] = value.strip()
        environ = dict(os.environ)
        if self.file is not None:
            environ["POSTROAD_CONFIG"] = self.file
        return config.load({**values, **more}, environ=environ)


def given(context: typer.Context) -> Given:
    """The options before the verb, from anywhere below it."""
    found = context.find_object(Given)
    return found or Given()


@contextmanager
def asked(context: typer.Context) -> Iterator[client.Client]:
    """Give the client of the postroad that the settings mean."""
    settings = given(context).settings()
    if not settings.server:
        config.make_home(settings)
    with client.connect(settings, _mount) as connected:
        yield connected


def _mount(settings: Settings) -> AbstractContextManager[Path]:
    from postroad.app import mounted

    return mounted(settings)
