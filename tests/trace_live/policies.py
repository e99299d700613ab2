"""MTA-STS policies of every kind, and the web servers that give them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .sinks import Line, Manner


@dataclass(frozen=True)
class Policy:
    """What a domain publishes: its record and, on the web, its policy."""

    body: str = "version: STSv1\nmode: enforce\nmx: mx.{name}.example\nmax_age: 604800\n"
    records: tuple[str, ...] = ("v=STSv1; id=20260101T000000;",)
    status: str = "200 OK"
    headers: tuple[str, ...] = ()
    #: Whom the certificate is for, where that is not the host.
    certified: str = ""
    #: Where the name leads, where that is not the web server.
    address: str = ""
    hangs: bool = False


def _testing(mx: str) -> str:
    return f"version: STSv1\nmode: testing\nmx: {mx}\nmax_age: 604800\n"


POLICIES: dict[str, Policy] = {
    "strict": Policy(_testing("mx.strict.example").replace("testing", "enforce")),
    "strictbad": Policy(_testing("*.strictbad.example").replace("testing", "enforce")),
    "unlisted": Policy(_testing("other.unlisted.example")),
    "over": Policy("version: STSv1\nmode: none\nmax_age: 86400\n"),
    "brief": Policy(_testing("mx.brief.example").replace("604800", "60")),
    "moved": Policy(status="301 Moved", headers=("Location: https://elsewhere.example/",)),
    "missing": Policy(status="404 Not Found", body="no"),
    "gibberish": Policy("<html>welcome</html>"),
    "endlessweb": Policy("version: STSv1\n" + "x-pad: aaaaaaaa\n" * 100_000),
    "slowweb": Policy(hangs=True),
    "wrongcert": Policy(certified="www.elsewhere.example"),
    "insideweb": Policy(address="127.0.0.1"),
    "twice": Policy(records=("v=STSv1; id=1;", "v=STSv1; id=2;")),
    "badrecord": Policy(records=("v=STSv1; id=not allowed!;",)),
}


def web(policy: Policy) -> Manner:
    """A web server that gives this policy and nothing else."""

    async def serve(line: Line) -> None:
        """Read one request, and answer with the policy."""
        while await line.hear():
            pass
        if policy.hangs:
            await asyncio.sleep(60)
        body = policy.body.encode()
        head = [f"HTTP/1.1 {policy.status}", f"Content-Length: {len(body)}", *policy.headers, ""]
        await line.say(*head)
        line.writer.write(body)
        await line.writer.drain()

    return serve
