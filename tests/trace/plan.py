"""The plan of the comparison: where each address leads by trace, and where a message really went.

Played inside the yard (`tests/servers`). Comes in: `places.py`. Goes out, for each server and
address: the route as it was traced, and what was found afterwards in mailboxes, files, queues,
notifications and at the receiving servers.
"""

from __future__ import annotations

import ctypes
import os
import re
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from tests.servers import world
from tests.servers.fates import login
from tests.servers.post import Receipt, send
from tests.servers.yard import Server, Yard
from tests.trace import places

from postroad.model.route import Method
from postroad.trace import Tools, trace

#: Where the command `/srv/keep NAME` puts what it is given.
KEPT = Path("/srv/kept")
SECONDS = 10
#: PR_SET_NO_NEW_PRIVS (prctl(2)), which systemd's NoNewPrivileges sets.
_NO_NEW_PRIVILEGES = 38
#: A failed recipient as Exim lists it, and as other servers name it (RFC 3464 section 2.3.2).
_LISTED = re.compile(r"^  (\S+@\S+)$", re.MULTILINE)
_FINAL = re.compile(r"^Final-Recipient: *rfc822; *(\S+)", re.MULTILINE | re.IGNORECASE)


def start() -> datetime:
    """A minute ahead."""
    return datetime.now(UTC) + timedelta(minutes=1)


def servers() -> list[str]:
    """One of each kind."""
    return ["exim", "postfix"]


def play(yard: Yard) -> None:
    """Trace, send, wait, and look."""
    _keeper()
    truth: dict[str, Any] = {}
    for name, server in yard.servers.items():
        tools = _exim(server) if server.kind == "exim" else _postfix(server)
        truth[name] = {
            address: {"route": _traced(address, tools), "token": f"{name}-{number}"}
            for number, address in enumerate(places.ADDRESSES[name])
        }
        for address, told in truth[name].items():
            told.update(_sent(server, address, told["token"]))
    yard.settle()
    time.sleep(1)
    yard.settle()
    for name, server in yard.servers.items():
        for told in truth[name].values():
            told.update(_found(yard, server, told["token"]))
    truth["as_user"] = _as_user(yard.servers["exim"])
    truth["hostile"] = {name: _hostile(name, yard.servers[name]) for name in yard.servers}
    yard.keep({"servers": {}, "traced": truth})


def _keeper() -> None:
    KEPT.mkdir(mode=0o1777)
    KEPT.chmod(0o1777)
    keep = Path("/srv/keep")
    keep.write_text('#!/bin/sh\ncat > "/srv/kept/$1.$$"\n')
    keep.chmod(0o755)


def _exim(server: Server) -> Tools:
    """Give Exim more aliases and routers, and an entrance of its own."""
    aliases = server.place / "aliases"
    aliases.write_text(aliases.read_text() + places.EXIM_ALIASES)
    for path, text in places.FILES.items():
        Path(path).write_text(text)
    os.chown("/srv/home/shop/.forward", world.user_id("shop"), world.user_id("shop"))
    configuration = server.place / "exim.conf"
    text = configuration.read_text().replace("begin routers", places.EXIM_ROUTERS, 1)
    configuration.write_text(text.replace("begin transports", places.EXIM_TRANSPORTS, 1))
    subprocess.run(["kill", "-HUP", (server.place / "exim.pid").read_text().strip()], check=True)
    entrance = Path("/srv/exim-here")
    words = " ".join(f"'{word}'" for word in server._command())
    entrance.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    entrance.chmod(0o755)
    time.sleep(1)
    return Tools(method=Method.EXIM, program=str(entrance), seconds=SECONDS)


def _postfix(server: Server) -> Tools:
    """Give Postfix more tables, and let it read them."""
    folder = server.place / "etc"
    for name, text in places.POSTFIX_TABLES.items():
        path = folder / name
        before = path.read_text() if path.exists() else ""
        path.write_text(before + text.replace("PLACE", str(server.place)))
    master = folder / "master.cf"
    master.write_text(master.read_text() + places.POSTFIX_SERVICES)
    server.run("postfix", "reload")
    time.sleep(1)
    return Tools(
        method=Method.POSTFIX,
        program="/usr/sbin/postconf",
        directory=str(folder),
        seconds=SECONDS,
    )


def _traced(address: str, tools: Tools) -> dict[str, Any]:
    begun = time.monotonic()
    route: dict[str, Any] = msgspec.to_builtins(trace(address, tools), enc_hook=str)
    return route | {"seconds": time.monotonic() - begun}


def _sent(server: Server, address: str, token: str) -> dict[str, Any]:
    """Send a message there, signed in; the answers on the way in."""
    domain = "customer.example" if server.kind == "exim" else "school.example"
    way = login(f"anna@{domain}")
    sender = f"bounces@{domain}"
    message = f"From: <{sender}>\r\nTo: <{address}>\r\nMessage-ID: <{token}@trace.example>\r\n\r\n{token}.\r\n"
    receipt: Receipt = send(way, server.address, sender, (address,), message.encode())
    return {"refused": list(receipt.refused), "reply": receipt.reply}


def _found(yard: Yard, server: Server, token: str) -> dict[str, Any]:
    """Where the message of this token is now."""
    mark = f"{token}@trace.example"
    held = {name: _holding(yard, each, mark) for name, each in yard.servers.items()}
    own = held.pop(server.name)
    notices = [text for texts in own.values() for text in texts if "multipart/report" in text]
    return {
        "mailboxes": sorted(
            box for box, texts in own.items() if any(text not in notices for text in texts)
        ),
        "returned": _failed_recipients(notices),
        "servers": sorted(
            {
                *((name, box) for name, boxes in held.items() for box in boxes),
                *(
                    (each.sink, each.recipient)
                    for each in yard.sinks.answers
                    if each.message_id == f"<{mark}>"
                ),
            }
        ),
        "commands": sorted(
            path.name.partition(".")[0]
            for path in KEPT.iterdir()
            if path.suffix != ".mbox" and mark in path.read_text()
        ),
        "files": sorted(
            str(path) for path in KEPT.glob("*.mbox") if mark in path.read_text(errors="replace")
        ),
        "waiting": _waiting(server, mark),
        "asked": sorted(
            {
                (each.sink, each.recipient)
                for each in yard.sinks.answers
                if each.client == server.address and each.stage == "RCPT"
            }
        ),
    }


def _holding(yard: Yard, server: Server, mark: str) -> dict[str, list[str]]:
    """The mailboxes of a server with this message in them, or with a notice about it."""
    found = {
        box: [text for text in texts if mark in text]
        for box, texts in yard.mailboxes(server).items()
    }
    return {box: texts for box, texts in found.items() if texts}


def _failed_recipients(messages: list[str]) -> list[str]:
    """The recipients that notices name as failed for good.

    Exim's fields name the recipient that was asked for, but its text the one that failed.
    """
    found: set[str] = set()
    for message in messages:
        _, is_exim, text = message.partition("failed:\n")
        if is_exim:
            found |= set(_LISTED.findall(text.partition("\n--")[0]))
        else:
            found |= set(_FINAL.findall(message))
    return sorted(each.lower() for each in found)


def _waiting(server: Server, mark: str) -> list[str]:
    """The recipients for whom the message is still in the queue."""
    if server.kind == "exim":
        for header in (server.place / "spool/input").rglob("*-H"):
            if mark in header.read_text(errors="replace"):
                queue_id = header.name.removesuffix("-H")
                listed = server.run("-bpr", queue_id).stdout.splitlines()[1:]
                return sorted(
                    line.strip()
                    for line in listed
                    if line.strip() and not line.strip().startswith("D ")
                )
        return []
    listed = server.run("postqueue", "-j").stdout.splitlines()
    for entry in map(msgspec.json.decode, listed):
        content = subprocess.run(
            ["/usr/sbin/postcat", "-c", server.place / "etc", "-q", entry["queue_id"]],
            capture_output=True,
            text=True,
            errors="replace",
        )
        if mark in content.stdout:
            return sorted(each["address"] for each in entry["recipients"])
    return []


def _hostile(name: str, server: Server) -> dict[str, Any]:
    """Traces that must end whatever hangs or floods, and what is left running of them."""
    found: dict[str, Any] = {}
    for address, tools in places.hostile(name, server):
        found[address] = _traced(address, tools)
        time.sleep(0.2)
        found[address]["left"] = [each for each in _running() if places.MARK in each]
    return found


def _as_user(server: Server) -> dict[str, Any]:
    """Traces by an ordinary user, for whom Exim becomes root: an alias, and one that hangs."""
    configuration = server.place / "exim.conf"
    configuration.write_text(configuration.read_text().replace("begin routers", places.HANGING, 1))
    subprocess.run(["mount", "--bind", configuration, "/etc/exim4/exim4.conf"], check=True)
    Path("/usr/sbin/exim4").chmod(0o4755)
    _terminals()
    with socket.create_server((server.address, places.SILENT_PORT)):
        told = _by_user("everyone@customer.example", "closed@customer.example", "x@hanging.example")
        time.sleep(0.5)
        told["left"] = [each for each in _running() if "hanging" in each]
    # libfaketime would need what the next process may not.
    Path("/etc/ld.so.preload").unlink()
    told["powerless"] = _by_user("everyone@customer.example", may_become_root=False)
    return told


def _by_user(*addresses: str, may_become_root: bool = True) -> dict[str, Any]:
    """Trace in a process of an ordinary user's."""
    found = KEPT / f"by-user-{may_become_root}.json"
    if not (child := os.fork()):
        os.setgid(world.user_id("shop"))
        os.setuid(world.user_id("shop"))
        if not may_become_root:
            ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        tools = Tools(method=Method.EXIM, program="/usr/sbin/exim4", seconds=2)
        routes = {each: _traced(each, tools) for each in addresses}
        found.write_bytes(msgspec.json.encode(routes))
        os._exit(0)
    os.waitpid(child, 0)
    told: dict[str, Any] = msgspec.json.decode(found.read_bytes())
    return told


def _terminals() -> None:
    """Pseudo-terminals, which the yard's /dev has none of."""
    Path("/dev/pts").mkdir()
    options = "newinstance,ptmxmode=0666"
    subprocess.run(["mount", "-t", "devpts", "-o", options, "devpts", "/dev/pts"], check=True)
    Path("/dev/ptmx").symlink_to("pts/ptmx")


def _running() -> list[str]:
    listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True)
    return [line.strip() for line in listed.stdout.splitlines()]
