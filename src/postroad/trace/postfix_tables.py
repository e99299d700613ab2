"""Postfix's settings and tables, asked with its own tools.

`postconf` tells the settings as Postfix understands them, `postmap -q` looks a key up in a table.
Keys go in on standard input, so that none is ever an option, and all keys for one table at once.

Limits: a table that the user postroad runs as may not read cannot be asked; the trace says which.
Tables behind `proxy:` are asked directly, because Postfix's proxy serves Postfix only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from postroad.model.text import Text, say
from postroad.trace.limits import Deadline
from postroad.trace.run import run

#: Tables that are asked for whole addresses only: what they match is not one key
#: (access(5), regexp_table(5), pcre_table(5), cidr_table(5), tcp_table(5), socketmap_table(5)).
_PATTERNS = frozenset({"regexp", "pcre", "cidr", "tcp", "socketmap", "pipemap"})

#: The settings that decide over a route (postconf(5)).
PARAMETERS = (
    "alias_maps",
    "allow_min_user",
    "allow_percent_hack",
    "always_bcc",
    "append_dot_mydomain",
    "canonical_classes",
    "canonical_maps",
    "content_filter",
    "default_transport",
    "fallback_transport",
    "home_mailbox",
    "inet_interfaces",
    "local_recipient_maps",
    "local_transport",
    "luser_relay",
    "mail_spool_directory",
    "mailbox_command",
    "mailbox_transport",
    "mydestination",
    "myhostname",
    "myorigin",
    "parent_domain_matches_subdomains",
    "propagate_unmatched_extensions",
    "proxy_interfaces",
    "recipient_bcc_maps",
    "recipient_canonical_classes",
    "recipient_canonical_maps",
    "recipient_delimiter",
    "relay_domains",
    "relay_recipient_maps",
    "relay_transport",
    "relayhost",
    "relocated_maps",
    "sender_dependent_default_transport_maps",
    "sender_dependent_relayhost_maps",
    "smtp_fallback_relay",
    "transport_maps",
    "virtual_alias_domains",
    "virtual_alias_maps",
    "virtual_mailbox_base",
    "virtual_mailbox_domains",
    "virtual_mailbox_maps",
    "virtual_transport",
)


class Unanswered(Exception):
    """Postfix's tools do not answer; `words` is why, for people."""

    def __init__(self, words: Text) -> None:
        super().__init__(words)
        self.words = words


@dataclass
class Tables:
    """One Postfix, as its tools tell of it."""

    postconf: str
    deadline: Deadline
    #: The directory of its main.cf; "" for the one the tools are built with.
    directory: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    #: Service name to the program behind it and its arguments, from master.cf.
    services: Mapping[str, str] = field(default_factory=dict)
    _known: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def read(self) -> None:
        """Ask for the settings and services. Raises `Unanswered`."""
        told = self._tool(self.postconf, "-x", *PARAMETERS)
        self.settings = {
            name.strip(): value.strip()
            for name, equals, value in (line.partition("=") for line in told.splitlines())
            if equals
        }
        if not self["local_transport"]:
            raise Unanswered(say("{program} does not tell Postfix's settings.", program="postconf"))
        self.services = _services(self._tool(self.postconf, "-Mf"))

    def __getitem__(self, name: str) -> str:
        """A setting; "" where this Postfix does not have it."""
        return self.settings.get(name, "")

    def is_on(self, name: str) -> bool:
        """Whether a setting says yes."""
        return self[name].lower() == "yes"

    def words(self, name: str) -> list[str]:
        """A setting that is a list, item by item."""
        return listed(self[name])

    def first(self, setting: str, keys: Sequence[str]) -> tuple[str, str, str] | None:
        """The first of the keys that a table of this setting has: key, value and table.

        The first key is the whole address; tables of patterns are asked for that one only.
        """
        tables = self.words(setting)
        for table in tables:
            self._ask(table, keys[:1] if _is_pattern(table) else keys)
        for key in keys:
            for table in tables:
                if (value := self._known.get((table, key.lower()))) is not None:
                    return key, value, table
        return None

    def learn(self, settings: Sequence[str], addresses: Sequence[str], keys: Sequence[str]) -> None:
        """Look many keys up at once, so that `first` knows them; addresses are those in full.

        Raises `Unanswered`.
        """
        for table in {table for setting in settings for table in self.words(setting)}:
            self._ask(table, addresses if _is_pattern(table) else [*addresses, *keys])

    def lookup(self, table: str, key: str) -> str | None:
        """What one table has for a key. Raises `Unanswered`."""
        self._ask(table, [key])
        return self._known.get((table, key.lower()))

    def _ask(self, table: str, keys: Sequence[str]) -> None:
        unknown = [key for key in keys if (table, key.lower()) not in self._known]
        if not unknown:
            return
        postmap = str(Path(self.postconf).with_name("postmap"))
        said = "".join(f"{key}\n" for key in unknown).encode()
        told = self._tool(postmap, "-q", "-", table.removeprefix("proxy:"), said=said)
        for key in unknown:
            self._known[table, key.lower()] = None
        for line in told.splitlines():
            key, tab, value = line.partition("\t")
            if tab:
                self._known[table, key.lower()] = value.strip()

    def _tool(self, program: str, *arguments: str, said: bytes = b"") -> str:
        place = ["-c", self.directory] if self.directory else []
        name = Path(program).name
        try:
            done = run([program, *place, *arguments], self.deadline, said=said)
        except OSError as error:
            words = say("{program} cannot be run: {why}.", program=program, why=error.strerror)
            raise Unanswered(words) from error
        if done.is_late:
            raise Unanswered(
                say("{program} did not answer in time, and was stopped.", program=name)
            )
        if done.is_endless:
            raise Unanswered(say("{program} answers more than can be shown.", program=name))
        if "fatal:" in done.err or (not done.out and "error:" in done.err):
            why = done.last_words.partition(": ")[2] or done.last_words
            raise Unanswered(say("{program} cannot answer: {why}", program=name, why=why))
        return done.out


def listed(text: str) -> list[str]:
    """The items of a list as Postfix writes it: by commas and spaces, but not within braces."""
    found: list[str] = []
    depth, item = 0, ""
    for each in text:
        depth += (each == "{") - (each == "}")
        if each in ", \t" and depth <= 0:
            found.append(item)
            item = ""
        else:
            item += each
    return [each for each in [*found, item] if each]


def _is_pattern(table: str) -> bool:
    return table.removeprefix("proxy:").partition(":")[0] in _PATTERNS


def _services(text: str) -> dict[str, str]:
    """Services of type `unix` and their commands from `postconf -Mf`, continued lines together."""
    found: dict[str, str] = {}
    for entry in re.sub(r"\n[ \t]+", " ", text).splitlines():
        fields = entry.split(None, 7)
        if len(fields) == _FIELDS and fields[1] in ("unix", "fifo", "pass"):
            found[fields[0]] = fields[7]
    return found


#: Columns of master.cf (master(5)).
_FIELDS = 8
