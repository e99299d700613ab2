"""Aliases of local(8), as aliases(5) describes them."""

from __future__ import annotations

from dataclasses import dataclass

from postroad.trace.postfix_lists import Lists
from postroad.trace.postfix_rewrite import split
from postroad.trace.postfix_tables import Tables


@dataclass(frozen=True)
class Target:
    """What an alias names: one of the four."""

    address: str = ""
    command: str = ""
    file: str = ""
    include: str = ""


class Aliases:
    """The alias tables of one Postfix."""

    def __init__(self, tables: Tables, lists: Lists) -> None:
        self._tables = tables
        self._lists = lists

    def find(self, address: str) -> tuple[list[Target], str, str] | None:
        """What an address of local(8) is an alias of, the table, and the name it has there.

        Raises `Unanswered`.
        """
        local, _, _ = address.rpartition("@")
        bare = local.removesuffix(self._lists.extension(local))
        found = self._tables.first("alias_maps", list(dict.fromkeys([local, bare])))
        if found is None:
            return None
        name, value, table = found
        return [_target(each) for each in split(value)], table, name.lower()


def _target(text: str) -> Target:
    if text.startswith('"') and text.endswith('"') and text[1:2] in ("|", "/", ":"):
        text = text[1:-1]
    if text.startswith("|"):
        return Target(command=text[1:].strip().strip('"'))
    if text.startswith("/"):
        return Target(file=text)
    if text.lower().startswith(":include:"):
        return Target(include=text[len(":include:") :].strip())
    return Target(address=text.removeprefix("\\"))
