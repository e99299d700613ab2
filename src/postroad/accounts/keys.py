"""Random keys of this installation, made when first needed and the same for every process."""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from postroad.accounts import secret
from postroad.state import State
from postroad.state.people import keys


class Keys:
    """Keys by name."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._held: dict[str, str] = {}

    def get(self, name: str) -> str:
        """The key of this name, of 256 random bits."""
        if name not in self._held:
            self._held[name] = self._kept(name) or self._made(name)
        return self._held[name]

    def _kept(self, name: str) -> str:
        with self._state.read() as connection:
            query = sa.select(keys.c.value).where(keys.c.name == name)
            return connection.execute(query).scalar_one_or_none() or ""

    def _made(self, name: str) -> str:
        """A new key, or the one that another process made in the meantime."""
        with suppress(IntegrityError), self._state.write() as connection:
            connection.execute(sa.insert(keys).values(name=name, value=secret.make()))
        return self._kept(name)
