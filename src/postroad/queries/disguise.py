"""Disguise: lines that nobody understood, fit to be sent to strangers who may teach it to us.

A line comes in, the line comes out in which what names somebody is replaced, and what kind of thing
stood there is still to be seen: `user1@domain1.example`, `host2.example`, `192.0.2.1`,
`2001:db8::1`, ids with other letters and digits of the same kinds in the same places. One name has
one replacement throughout a `Disguise`, so that what belongs together still does.

Replaced are addresses, host and domain names, IP addresses, ids (any word of six or more with a
digit in it, or of twelve or more hexadecimal ones), what stands in quotes and behind `Subject:`,
paths below the second folder, what fields that name somebody hold (`user=`, `helo=`, `A=`), and
words that were a user or the first part of a name elsewhere in the line.

Limits: prose stays. What a program writes about somebody without any of these signs, "mailbox of
anna", stays as it is unless the line names the address too: whoever sends lines should read them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

import msgspec

from postroad.model.coverage import UnknownLine

#: Fields whose values name somebody or something.
_NAMING = (
    "account|acct|auth|authid|box|client|cn|dn|domain|folder|from|helo|home|host|hostname|id|login"
    "|mailbox|mbox|msgid|name|orig_client|orig_to|owner|path|rcpt|recipient|relay|rhost|ruser"
    "|sasl_sender|sasl_username|sender|server|session|sni|subject|to|uid|user|username|vhost"
)
_TOKEN = re.compile(
    r"""
    (?P<subject>(?<![A-Za-z])[Ss]ubject:[ ]?)(?P<said>.*?)(?=[ ]from[ ]\S+;|$)
    | (?P<quoted>"(?:[^"\\]|\\.)*"?)
    | (?P<email>[^\s<>()\[\]"'=,;:/|]+@(?:\[[^\]\s]*\]|[^\s<>()\[\]"'=,;:/|]+))
    | (?P<six>(?<![\w.:])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?
        (?!\w))
    | (?P<four>(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d))
    | (?P<time>(?<![\w.])\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[ ]?[+-]\d\d:?\d\d)?
        | \b[A-Z][a-z]{2}[ ][ \d]\d[ ]\d\d:\d\d:\d\d\b)
    | (?P<path>(?<![\w.])(?:/[^\s/:;,"'()\[\]<>=|]+){3,})
    | (?P<name>(?<![\w.@/-])(?:[\w-]+\.)+[A-Za-z][\w-]*[A-Za-z0-9](?![\w@]))
    | (?P<field>(?<![\w])(?:NAMES|[A-Z])=)(?P<held>[^\s<>"\[\](),;]+)
    | (?P<angled><[^<>\s"]+>)
    | (?P<word>[\w+-]+)
    """.replace("NAMES", _NAMING),
    re.VERBOSE | re.IGNORECASE,
)
#: Names with dots that are a program's and nobody's: files, versions, modules.
_PROGRAMS = frozenset({"c", "conf", "cf", "db", "log", "lua", "pl", "pm", "py", "rb", "sh", "so"})
_VERSION = re.compile(r"v?\d+(?:\.\d+)+\w{0,6}", re.ASCII)
#: Words that are no ids though they have digits: what servers call protocols and ciphers.
_KNOWN = re.compile(
    r"(?:TLS|SSL|AES|SHA|ECDHE|DHE|RSA|UTF|X|P|AUTH|CHACHA|POLY|GCM|CBC|IPV|RFC|HTTP)[\w-]*|\d{1,5}"
    r"|0x[0-9a-f]{1,4}",
    re.ASCII | re.IGNORECASE,
)
_SHORTEST_ID = 6
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{12,}")
_SHORTEST_NAME = 3
_RESERVED = ("192.0.2", "198.51.100", "203.0.113")
_LAST = 254
_LOWER, _UPPER, _DIGIT = "bcdfghjklmnpqrstvwxz", "BCDFGHJKLMNPQRSTVWXZ", "0123456789"


class Disguise:
    """Replaces names in any number of lines, each always by the same."""

    def __init__(self) -> None:
        """No name is known yet."""
        self._given: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def line(self, text: str, *, host: str = "") -> str:
        """The line without anybody's name, nor that of the host that wrote it. Never raises."""
        names = self._names(text)
        if host:
            names[host.casefold()] = self._host(host)
        return _TOKEN.sub(lambda found: self._replaced(found, names), text)

    def host(self, name: str) -> str:
        """A host's name."""
        return self._host(name) if name else ""

    def source(self, name: str) -> str:
        """A source's name."""
        return self._numbered("source", name)

    def _names(self, text: str) -> dict[str, str]:
        """Words of the line that name a user or a host where they stand with an address."""
        names = {}
        for found in _TOKEN.finditer(text):
            if found["email"]:
                user, _, domain = found["email"].rpartition("@")
                names[user.casefold()] = self._user(user)
                names[domain.partition(".")[0].casefold()] = self._domain(domain).partition(".")[0]
            elif found["name"] and not _is_program(found["name"]):
                host = found["name"]
                names[host.partition(".")[0].casefold()] = self._host(host).partition(".")[0]
            elif found["held"] and found["field"].lower() in ("user=", "login=", "username="):
                names[found["held"].casefold()] = self._user(found["held"])
        return {name: new for name, new in names.items() if len(name) >= _SHORTEST_NAME}

    def _replaced(self, found: re.Match[str], names: dict[str, str]) -> str:
        kind, text = found.lastgroup, found[0]
        match kind:
            case "said":
                return found["subject"] + _blotted(found["said"])
            case "quoted":
                return f'"{_blotted(text.strip(chr(34)))}"'
            case "email":
                user, _, domain = text.rpartition("@")
                return f"{self._user(user)}@{self._domain(domain)}"
            case "six":
                return self._address(text)
            case "four":
                return self._address(text)
            case "time":
                return text
            case "path":
                return self._path(text)
            case "name":
                return text if _is_program(text) else self._host(text)
            case "held":
                return found["field"] + self._held(found["held"])
            case "angled":
                return f"<{self._held(text[1:-1])}>"
            case _:
                return names.get(text.casefold()) or self._word(text)

    def _held(self, value: str) -> str:
        """The value of a field that names somebody: as what it looks like, else blotted out."""
        inside = _TOKEN.fullmatch(value)
        if inside and inside.lastgroup in ("email", "six", "four", "time", "path", "name"):
            return self._replaced(inside, {})
        if value.isdigit() and len(value) < _SHORTEST_ID:
            return value
        return self._id(value)

    def _word(self, text: str) -> str:
        has_digit = any(map(str.isdigit, text))
        if text.isdigit() or _KNOWN.fullmatch(text):
            return text if len(text) <= _SHORTEST_ID or not text.isdigit() else self._id(text)
        if (has_digit and len(text) >= _SHORTEST_ID) or _HEXADECIMAL.fullmatch(text):
            return self._id(text)
        return text

    def _path(self, text: str) -> str:
        first, second, *rest = text[1:].split("/")
        return "/".join(("", first, second, *map(self._id, rest)))

    def _user(self, name: str) -> str:
        return self._numbered("user", name.casefold())

    def _domain(self, name: str) -> str:
        if name.startswith("["):
            return f"[{self._address(name[1:-1])}]"
        return f"{self._numbered('domain', name.casefold().rstrip('.'))}.example"

    def _host(self, name: str) -> str:
        return f"{self._numbered('host', name.casefold().rstrip('.'))}.example"

    def _address(self, text: str) -> str:
        """An IP address, as one that nobody has (RFC 5737, RFC 3849); what is none stays."""
        try:
            ip = ipaddress.ip_address(text)
        except ValueError:
            shorter = text.rstrip(":")
            if shorter != text:
                return self._address(shorter) + text[len(shorter) :]
            # A time of day, or something in hexadecimal digits.
            return text if text.replace(":", "").isdigit() else self._id(text)
        if ip.is_loopback or ip.is_unspecified:
            return text
        number = int(self._numbered(f"ip{ip.version}", str(ip)).partition(" ")[2])
        if ip.version == 6:  # noqa: PLR2004 - that is its name
            return f"2001:db8::{number:x}"
        network, last = divmod(number - 1, _LAST)
        return f"{_RESERVED[network % len(_RESERVED)]}.{last + 1}"

    def _id(self, text: str) -> str:
        """An id with other letters and digits of the same kinds in the same places."""
        known = self._given.get(("id", text))
        if known is None:
            number = self._counts["id"] = self._counts.get("id", 0) + 1
            known = self._given["id", text] = "".join(
                _other(letter, number * 7919 + place * 31) for place, letter in enumerate(text)
            )
        return known

    def _numbered(self, kind: str, name: str) -> str:
        known = self._given.get((kind, name))
        if known is None:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            separator = " " if kind.startswith("ip") else ""
            known = self._given[kind, name] = f"{kind}{separator}{number}"
        return known


def disguised(lines: Sequence[UnknownLine]) -> list[UnknownLine]:
    """Sampled lines without anybody's name; of where they stood, the line number stays."""
    mask = Disguise()
    return [
        msgspec.structs.replace(
            line,
            source=mask.source(line.source),
            host=mask.host(line.host),
            shape=mask.line(line.shape, host=line.host),
            text=mask.line(line.text, host=line.host),
            position=f"line {line.position.rpartition(':')[2]}",
        )
        for line in lines
    ]


def _is_program(name: str) -> bool:
    return _VERSION.fullmatch(name) is not None or name.rpartition(".")[2].lower() in _PROGRAMS


def _other(letter: str, seed: int) -> str:
    """A letter or digit instead of this one; what is neither stays."""
    for letters, is_kind in ((_DIGIT, str.isdigit), (_UPPER, str.isupper), (_LOWER, str.isalpha)):
        if is_kind(letter):
            return letters[seed % len(letters)]
    return letter


def _blotted(text: str) -> str:
    """Words as `xxx`: how long they are is all that stays."""
    return re.sub(r"\w", "x", text)
