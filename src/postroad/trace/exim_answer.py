"""What `exim -bt` says, read. Pure: text in, values out, and never an exception.

Standard output has a paragraph for each address at an end: the address or what it is handed to, the
addresses it came from (`<--`), router and transport, and hosts. What Exim tells on standard error
with `-d-all+route+lookup`, which administrators of Exim may ask for, adds which router expanded an
address, which file that was read from, and what went to a black hole.

Limits: a message of Exim's with line breaks in it is kept, but a line of it that looks like the
beginning of a paragraph is taken for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from postroad.model.route import Dnssec

_DUPLICATE = "   [duplicate, would not be delivered]"
_DISCARDED = re.compile(r"mail to (.+) is discarded$")
_FAILED = re.compile(r"(\S.*?) is undeliverable(?:: (.*))?$")
_DEFERRED = re.compile(r"(\S.*?) cannot be resolved at this time(?:: (.*))?$")
_HANDED = re.compile(r"(\S.*?) -> (.+)$")
_WRONG = re.compile(r"syntax error: (.*)$")
_PARENT = re.compile(r" {4}<-- (.+)$")
_TAKEN = re.compile(r"  router = (\S+), transport = (\S+)$")
_TRANSPORT = re.compile(r"  transport = (\S+)$")
_HOST = re.compile(r"  host (\S+)\s+(?:\[([^\]]*)\])?\s*(?:MX=(\d+))?\s*(?:port=(\d+))?(.*)$")
#: Outcomes that Exim says more about.
_MESSAGES = ("failed", "deferred", "wrong")
_SETUP = "*** Error in setting up pipe, file, or autoreply:"

_ROUTING = re.compile(r"routing (.+)$")
_ROUTER = re.compile(r"-+> (\S+) router <-+$")
_FILE = re.compile(r'\s*search_open: \w+ "(/[^"]+)"$|\s*in (/.+)$')
_OPENED = re.compile(r"rda_interpret \(file\)")
_EXPANDED = re.compile(r"expanded: '(/.+)'$")
_INCLUDED = re.compile(r"extract item: :include:(/.+)$")
_GENERATED = re.compile(r"(\S+) router generated (.+)$")
_BLACK_HOLE = re.compile(r"extract item: :blackhole:")
_DNSSEC = re.compile(r"  host \S+ \[([^\]]+)\].* dnssec=(yes|no)")

_NAMED = re.compile(r"(\S+) transport:$")


@dataclass(frozen=True)
class Target:
    """A host and address that Exim would connect to."""

    name: str
    ip: str
    mx: int | None
    port: int | None
    is_usable: bool = True


@dataclass
class End:
    """One paragraph: an address, and what becomes of it."""

    address: str
    #: `taken`, `handed`, `failed`, `deferred`, `discarded` or `wrong`.
    outcome: str
    #: From the address it came from directly to the one that was asked for.
    parents: list[str] = field(default_factory=list)
    router: str = ""
    transport: str = ""
    #: A pipe (`|command`), a file (`/path`), or what an automatic answer goes to.
    target: str = ""
    message: str = ""
    hosts: list[Target] = field(default_factory=list)
    is_duplicate: bool = False


@dataclass
class Step:
    """What the routers did with one address, as debugging tells it."""

    #: The router that took it, else the one that was asked last.
    router: str = ""
    #: Files that were read for that.
    files: list[str] = field(default_factory=list)
    #: What it was expanded to, the router that did so, and the files that were read for it.
    children: list[str] = field(default_factory=list)
    expander: str = ""
    expanded_from: list[str] = field(default_factory=list)
    is_black_hole: bool = False


@dataclass
class Steps:
    """All that debugging tells."""

    by_address: dict[str, Step] = field(default_factory=dict)
    #: What Exim knows of the addresses of hosts.
    dnssec: dict[str, Dnssec] = field(default_factory=dict)


@dataclass(frozen=True)
class Transport:
    """A transport as it is configured."""

    driver: str
    options: dict[str, str]

    @property
    def is_lmtp(self) -> bool:
        """Whether it hands over by LMTP, which only final delivery speaks (RFC 2033)."""
        return self.driver == "lmtp" or self.options.get("protocol") == "lmtp"


def ends(text: str) -> list[End]:
    """The paragraphs of standard output, in its order."""
    found: list[End] = []
    for line in text.splitlines():
        if beginning := _beginning(line):
            found.append(beginning)
        elif found:
            _more(found[-1], line)
    return _whole(found)


def steps(text: str) -> Steps:
    """What standard error tells with debugging; empty without."""
    told = _Told()
    for line in text.splitlines():
        told.line(line)
    return told.steps


def transports(text: str) -> dict[str, Transport]:
    """What `exim -bP transports` says, by name."""
    found: dict[str, Transport] = {}
    options: dict[str, str] = {}
    for line in text.splitlines():
        if matched := _NAMED.match(line):
            options = {}
            found[matched[1]] = Transport("", options)
            continue
        name, equals, value = line.partition(" = ")
        if equals:
            options[name] = value.strip()
    return {
        name: Transport(each.options.get("driver", ""), each.options)
        for name, each in found.items()
    }


class _Told:
    """Reads debugging, line by line."""

    def __init__(self) -> None:
        self.steps = Steps()
        self._step = Step()
        #: The router that is at work, and what it has read.
        self._router = ""
        self._files: list[str] = []
        self._reads_file = False

    def line(self, line: str) -> None:
        for pattern, read in self._READERS:
            if found := pattern.match(line):
                read(self, found)
                return

    def _routing(self, found: re.Match[str]) -> None:
        self._step = self.steps.by_address.setdefault(found[1], Step())
        self._router, self._files = "", []

    def _begins(self, found: re.Match[str]) -> None:
        self._router, self._files = found[1], []
        self._step.router = self._router
        self._step.files = self._files

    def _reads(self, found: re.Match[str]) -> None:
        path = next(each for each in found.groups() if each)
        if path not in self._files:
            self._files.append(path)

    def _opens(self, _: re.Match[str]) -> None:
        self._reads_file = True

    def _expands(self, found: re.Match[str]) -> None:
        if self._reads_file:
            self._reads(found)
        self._reads_file = False

    def _swallows(self, _: re.Match[str]) -> None:
        self._step.is_black_hole = True
        self._step.expander, self._step.expanded_from = self._router, self._files

    def _generates(self, found: re.Match[str]) -> None:
        self._step.children.append(found[2])
        self._step.expander, self._step.expanded_from = self._router, self._files

    def _knows(self, found: re.Match[str]) -> None:
        is_secure = found[2] == "yes"
        self.steps.dnssec[found[1]] = Dnssec.SECURE if is_secure else Dnssec.INSECURE

    _READERS = (
        (_ROUTING, _routing),
        (_ROUTER, _begins),
        (_FILE, _reads),
        (_OPENED, _opens),
        (_EXPANDED, _expands),
        (_INCLUDED, _reads),
        (_BLACK_HOLE, _swallows),
        (_GENERATED, _generates),
        (_DNSSEC, _knows),
    )


def _whole(found: list[End]) -> list[End]:
    """The paragraphs that are whole; a line that only looked like one belongs to a message."""
    kept: list[End] = []
    for end in found:
        if end.outcome != "taken" or end.router:
            kept.append(end)
        elif kept and kept[-1].outcome in _MESSAGES:
            kept[-1].message = f"{kept[-1].message}\n{end.address}".strip()
    return kept


def _beginning(line: str) -> End | None:
    """The first line of a paragraph, or None."""
    if not line or line[0].isspace():
        return None
    if line == _SETUP:
        return End("", "wrong")
    if matched := _DISCARDED.match(line):
        return End(matched[1], "discarded")
    if matched := _WRONG.match(line):
        return End("", "wrong", message=matched[1])
    for pattern, outcome in ((_FAILED, "failed"), (_DEFERRED, "deferred")):
        if matched := pattern.match(line):
            return End(matched[1], outcome, message=matched[2] or "")
    if matched := _HANDED.match(line):
        return End(matched[1], "handed", target=matched[2])
    if line.endswith(_DUPLICATE):
        return End(line.removesuffix(_DUPLICATE), "taken", is_duplicate=True)
    return End(line, "taken")


def _more(end: End, line: str) -> None:
    """A further line of a paragraph."""
    if matched := _PARENT.match(line):
        end.parents.append(matched[1])
    elif matched := _TAKEN.match(line):
        end.router, end.transport = matched[1], matched[2]
    elif matched := _TRANSPORT.match(line):
        end.transport = matched[1]
    elif matched := _HOST.match(line):
        name, ip, mx, port, rest = matched.groups()
        end.hosts.append(
            Target(
                name=name,
                ip="" if ip in (None, "unknown") else ip.strip(),
                mx=int(mx) if mx else None,
                port=int(port) if port else None,
                is_usable="unusable" not in rest,
            )
        )
    elif line.strip() and end.outcome in _MESSAGES:
        end.message = f"{end.message}\n{line.strip()}".strip()
