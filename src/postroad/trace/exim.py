"""The route that Exim takes: Exim is asked (`exim -bt`), and its answer made into a tree.

In goes an address that was looked at before (`asked.py`), out comes the root of a route. Exim gets
the address as an argument behind `--`, so that it is never an option.

Limits: Exim is asked without a sender, so rules that look at the sender are taken as they are for
none. Why an address fails, which file it was expanded from and what goes to a black hole, Exim
tells its administrators only (`root`, its own user, and members of `exim_group` or `admin_groups`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from postroad.model.route import Kind, Node, Side
from postroad.model.text import Text, say
from postroad.trace import exim_answer as answer
from postroad.trace.dns import Asker
from postroad.trace.exim_ends import Ends
from postroad.trace.limits import Deadline
from postroad.trace.run import Output, run
from postroad.trace.tree import Tree

_DEBUG = "-d-all+route+lookup"
#: What can stand in an expansion without being one.
_DOMAIN = re.compile(r"[a-z0-9._-]+")
_REFUSED = "debugging permission denied"
_POWERLESS = "Exim has no root privilege"


@dataclass(frozen=True)
class Said:
    """What Exim said about one address."""

    output: Output
    ends: list[answer.End]
    steps: answer.Steps
    transports: dict[str, answer.Transport]
    #: Whether Exim takes us for an administrator, and so tells why.
    is_trusted: bool
    #: Whether it ran as root, as it does when it delivers.
    is_root: bool


def trace(address: str, *, program: str, asker: Asker) -> tuple[Node, tuple[Text, ...]]:
    """The root of the address's route, and what is to be said of the whole."""
    try:
        said = _ask(address, program, asker.deadline)
    except OSError as error:
        words = say("Exim ({program}) cannot be run: {why}.", program=program, why=error.strerror)
        return _error(address, words), ()
    if said.output.is_late:
        words = say("Exim did not answer in time, and was stopped.")
        return _error(address, words), ()
    if said.output.is_endless:
        words = say("Exim answers more than can be shown: it was stopped.")
        return _error(address, words), ()
    if not said.ends:
        return _silent(address, said.output), ()

    def is_own(domain: str) -> bool:
        return _is_own(domain, program, asker.deadline)

    return _root(address, said, asker, is_own), _notes(said)


def _ask(address: str, program: str, deadline: Deadline) -> Said:
    output = run([program, _DEBUG, "-bt", "--", address], deadline)
    is_trusted, is_root = _REFUSED not in output.err, _POWERLESS not in output.err
    if not is_trusted:
        output = run([program, "-bt", "--", address], deadline)
    listed = run([program, "-bP", "transports"], deadline)
    return Said(
        output=output,
        ends=answer.ends(output.out),
        steps=answer.steps(output.err if is_trusted else ""),
        transports=answer.transports(listed.out),
        is_trusted=is_trusted,
        is_root=is_root,
    )


def _root(address: str, said: Said, asker: Asker, is_own: Callable[[str], bool]) -> Node:
    """The tree of all ends; Exim tells them last first."""
    ends = Ends(said.steps, said.transports, asker, is_own=is_own)
    tree = Tree(address, ends.expanded)
    holes = {name: step for name, step in said.steps.by_address.items() if step.is_black_hole}
    for end in reversed(said.ends):
        if end.address not in holes or end.outcome != "discarded":
            tree.add(_way(address, end, said.steps), ends.node(end))
    for name, step in holes.items():
        tree.add(_way_to(address, name, said.steps), ends.black_hole(name, step))
    return tree.root()


def _is_own(domain: str, program: str, deadline: Deadline) -> bool:
    """Whether the domain is in the list that nearly every configuration has for its own ones."""
    if not _DOMAIN.fullmatch(domain):
        return False
    question = f"${{if match_domain{{{domain}}}{{+local_domains}}{{own}}{{other}}}}"
    return run([program, "-be", question], deadline).out.strip() == "own"


def _way(address: str, end: answer.End, steps: answer.Steps) -> list[str]:
    """The addresses from the one asked for down to the one before this end's own."""
    if end.outcome == "handed":
        return [*_way_to(address, end.address, steps), end.address]
    above = list(reversed(end.parents))
    return above if not above or above[0] == address else [address, *above]


def _way_to(address: str, name: str, steps: answer.Steps) -> list[str]:
    """The addresses that lead to one that was expanded, by what debugging tells."""
    way: list[str] = []
    while name != address:
        above = [each for each, step in steps.by_address.items() if name in step.children]
        if not above or above[0] in way:
            return [address, *reversed(way)] if address not in way else list(reversed(way))
        name = above[0]
        way.append(name)
    return list(reversed(way))


def _silent(address: str, output: Output) -> Node:
    words = say("Exim gives no answer for {address}.", address=address)
    return Node(
        address=address,
        kind=Kind.ERROR,
        words=words,
        side=Side.HERE,
        reply=output.last_words,
    )


def _error(address: str, words: Text) -> Node:
    return Node(address=address, kind=Kind.ERROR, words=words, side=Side.HERE)


def _notes(said: Said) -> tuple[Text, ...]:
    notes = []
    if not said.is_trusted and any(end.outcome != "taken" for end in said.ends):
        notes.append(
            say(
                "Exim tells reasons, files and black holes to its administrators only. To see them "
                "here, let the user that postroad runs as be one (Exim's setting {setting}).",
                setting="admin_groups",
            )
        )
    if not said.is_root:
        notes.append(
            say(
                "Exim could not become root here, so that files which are closed to postroad count "
                "as if they were not there. Where systemd starts postroad, set {setting}.",
                setting="NoNewPrivileges=no",
            )
        )
    return tuple(notes)
