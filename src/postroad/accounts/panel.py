"""What hosting panels write down: whose each domain is, and which reseller each user is of.

Read from lists of files (`domain: user` and `user: owner`), looked at when asked for, about once a
second at most. What is wrong with a file is logged when it begins to be so, and can be asked for.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from postroad.accounts.account import checked_domain
from postroad.accounts.pairs import PairFile
from postroad.model.when import SECOND

_log = logging.getLogger(__name__)

#: Names of system and panel users; stricter than logins elsewhere, so that a file of another kind
#: is not taken for one of these.
_USER = re.compile(r"[a-z0-9_][a-z0-9_.@+-]{0,127}")
#: The user to whom panels give what belongs to nobody.
_NOBODY = "nobody"


class Reading(msgspec.Struct, frozen=True):
    """What the files say, together."""

    #: Users to their domains, lower case.
    domains: Mapping[str, frozenset[str]] = {}
    #: Owners to their users, lower case.
    users: Mapping[str, frozenset[str]] = {}
    #: All users and owners that are named.
    known: frozenset[str] = frozenset()


class Panel:
    """The files, and what they say now."""

    def __init__(
        self,
        domain_users: Sequence[Path],
        user_owners: Sequence[Path],
        clock: Callable[[], int],
    ) -> None:
        """Files are not looked at before they are asked for."""
        self._domain_files = [PairFile(path, _domain_user) for path in domain_users]
        self._user_files = [PairFile(path, _user_owner) for path in user_owners]
        self._clock = clock
        self._looked_at: int | None = None
        self._told: set[str] = set()
        self._reading = Reading()
        self._guard = threading.Lock()

    def reading(self) -> Reading:
        """What the files say now, or said last where they cannot be read."""
        with self._guard:
            now = self._clock()
            if self._looked_at is None or abs(now - self._looked_at) >= SECOND:
                self._looked_at = now
                self._look(now)
            return self._reading

    def problems(self) -> list[str]:
        """What is wrong with the files now, one sentence or two for each."""
        self.reading()
        return [each.problem for each in self._files if each.problem]

    @property
    def _files(self) -> list[PairFile]:
        return [*self._domain_files, *self._user_files]

    def _look(self, now: int) -> None:
        changed = [each for each in self._files if each.look(now)]
        if changed:
            domains, users = _by_value(self._domain_files), _by_value(self._user_files)
            known = frozenset().union(domains, users, *users.values())
            self._reading = Reading(domains=domains, users=users, known=known)
        problems = {str(each.problem) for each in self._files if each.problem}
        for sentence in sorted(problems - self._told):
            _log.warning("%s", sentence)
        self._told = problems


def _by_value(files: Sequence[PairFile]) -> dict[str, frozenset[str]]:
    """Values to the names that have them; a name that two files give to different ones is out."""
    merged: dict[str, str] = {}
    unclear = set()
    for file in files:
        for name, value in file.pairs.items():
            if merged.setdefault(name, value) != value:
                unclear.add(name)
    found: dict[str, set[str]] = {}
    for name, value in merged.items():
        if name not in unclear:
            found.setdefault(value, set()).add(name)
    return {value: frozenset(names) for value, names in found.items()}


def _domain_user(domain: str, user: str) -> tuple[str, str] | None:
    if domain == "*" or user == _NOBODY:
        return None
    return checked_domain(domain), _user(user)


def _user_owner(user: str, owner: str) -> tuple[str, str] | None:
    if _NOBODY in (user, owner):
        return None
    return _user(user), _user(owner)


def _user(text: str) -> str:
    name = text.lower()
    if not _USER.fullmatch(name):
        message = "not the name of a user"
        raise ValueError(message)
    return name
