"""`postroad trace`: where an address leads now."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.text import Text
from rich.tree import Tree

from postroad.cli import context as cli
from postroad.cli import live, output, talk
from postroad.model import safe
from postroad.model.route import Dnssec, Method, Side, dnssec_label, method_label, side_label

HELP = """Tell where mail for an address would go now.

The mail server of this machine is asked how it would route it: aliases, forwards, filters,
mailboxes, the servers of other domains. Where none is, DNS tells. Nothing is sent."""

EPILOG = talk.epilog(
    [
        ("postroad trace info@example.com", "as a tree"),
        ("postroad trace info@example.com --live", "and what the servers say now"),
        ("postroad trace info@example.com --format json | jq .root", "for programs"),
    ],
    talk.EXITS | {0: "mail gets somewhere, or waits", 1: "it is refused, or it cannot be told"},
)

#: Kinds with the sign and style that they are shown in.
_SIGNS = {
    "routed": ("⇢", "cyan"),
    "local": ("✉", "green"),
    "smtp": ("→", "green"),
    "command": ("|", "cyan"),
    "discard": ("∅", "magenta"),
    "error": ("!", "red"),
    "bounce": ("✗", "red"),
    "defer": ("…", "yellow"),
}


class Format(StrEnum):
    """How the route is written."""

    #: For people.
    TEXT = "text"
    #: One JSON object.
    JSON = "json"


def command(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="One address.")],
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
    is_live: Annotated[
        bool, typer.Option("--live", help="Ask the servers up to the recipient. Nothing is sent.")
    ] = False,
) -> None:
    """Ask, and write the tree."""
    with cli.asked(context) as asked:
        route = asked.trace(address)
        probes = asked.probe(address) if is_live else []
    if form is Format.JSON:
        output.json_line({**route, "probes": probes} if is_live else route)
    else:
        _write(route)
        for each in probes:
            output.console().print("")
            live.write(each, talk.reader_zone())
    if all(end["kind"] in ("error", "bounce") for end in _ends(route["root"])):
        raise typer.Exit(1)


def _write(route: Mapping[str, Any]) -> None:
    console = output.console()
    root = route["root"]
    tree = Tree(_head(root), guide_style="dim")
    _fill(tree, root)
    console.print(tree)
    for note in [str(method_label(Method(route["method"]))), *route["notes"]]:
        console.print(Text(safe.line(note), style="dim"), soft_wrap=True)


def _fill(tree: Tree, node: Mapping[str, Any]) -> None:
    """Everything below a node: its servers, what is to be said of it, what it leads to."""
    for line in _details(node):
        tree.add(line)
    for child in node["children"]:
        _fill(tree.add(_head(child)), child)


def _head(node: Mapping[str, Any]) -> Text:
    sign, style = _SIGNS.get(node["kind"], ("?", ""))
    head = Text(f"{sign} ", style=style).append(safe.line(node["address"]), style="bold")
    return head.append(f"  {safe.line(node['words'])}", style=style)


def _details(node: Mapping[str, Any]) -> list[Text]:
    lines = []
    hosts = node["hosts"]
    has_many = len(hosts) > 1 or any(len(each["ips"]) > 1 or each["fault"] for each in hosts)
    for host in hosts if has_many else ():
        lines += [Text(safe.line(each)) for each in _places(host)]
        if host["fault"]:
            lines[-1].append(f"  {safe.line(host['fault'])}", style="yellow")
    if hosts and (said := dnssec_label(_weakest(hosts))):
        lines.append(Text(str(said), style="dim"))
    if node["command"]:
        lines.append(Text(f"| {safe.line(node['command'])}"))
    if node["mailbox"] and node["mailbox"] != node["address"]:
        lines.append(Text(safe.line(node["mailbox"])))
    if node["reply"]:
        lines.append(Text(f"“{safe.line(node['reply'])}”"))
    if node["side"]:
        lines.append(Text(str(side_label(Side(node["side"]))), style="yellow"))
    return lines + [Text(safe.line(each), style="dim") for each in node["notes"]]


def _places(host: Mapping[str, Any]) -> list[str]:
    """`mail.example.com [192.0.2.1] MX=10`, one for each address."""
    priority = "" if host["mx"] is None else f" MX={host['mx']}"
    places = [f" [{ip}]" for ip in host["ips"]] or [""]
    return [f"{host['name']}{place}{priority}" for place in places]


def _weakest(hosts: list[Mapping[str, Any]]) -> Dnssec:
    states = {Dnssec(each["dnssec"]) for each in hosts}
    order = (Dnssec.BOGUS, Dnssec.UNKNOWN, Dnssec.INSECURE, Dnssec.SECURE)
    return next(each for each in order if each in states)


def _ends(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if not node["children"]:
        return [node]
    return [end for child in node["children"] for end in _ends(child)]
