"""Messages of three servers as events, for tests of the correlator alone."""

from __future__ import annotations

from postroad.model.event import (
    Arrived,
    Attempted,
    Described,
    Ended,
    EndKind,
    Event,
    Linked,
    LinkKind,
    Rejected,
    SessionTls,
)
from postroad.model.status import Outcome

SECOND = 1_000_000
START = 1_790_000_000 * SECOND


class Script:
    """Writes events down in order, giving each a line of its own."""

    def __init__(self, instance: str = "") -> None:
        """Nothing is written yet."""
        self.lines: list[tuple[Event, str]] = []
        self.instance = instance

    def _say(self, event: Event) -> None:
        self.lines.append((event, f"{len(self.lines)} {event!r}"))

    def arrived(self, second: float, queue_id: str, **more: object) -> None:
        """The server took a message."""
        self._say(Arrived(**self._at(second, queue_id), **more))  # type: ignore[arg-type]

    def described(self, second: float, queue_id: str, **more: object) -> None:
        """The server says more about a message."""
        self._say(Described(**self._at(second, queue_id), **more))  # type: ignore[arg-type]

    def attempted(
        self, second: float, queue_id: str, outcome: Outcome, address: str, **more: object
    ) -> None:
        """An attempt ended."""
        self._say(
            Attempted(**self._at(second, queue_id), outcome=outcome, address=address, **more)  # type: ignore[arg-type]
        )

    def ended(self, second: float, queue_id: str, kind: EndKind = EndKind.COMPLETED) -> None:
        """The message left the queue."""
        self._say(Ended(**self._at(second, queue_id), kind=kind, by="removed by root"))  # type: ignore[arg-type]

    def linked(self, second: float, queue_id: str, kind: LinkKind, other: str) -> None:
        """Two queue ids belong together."""
        self._say(Linked(**self._at(second, queue_id), kind=kind, other=other))  # type: ignore[arg-type]

    def rejected(self, second: float, queue_id: str, **more: object) -> None:
        """A message or a recipient was refused."""
        self._say(Rejected(**self._at(second, queue_id), **more))  # type: ignore[arg-type]

    def tls(self, second: float, pid: int, peer_ip: str, tls: str) -> None:
        """A session was encrypted."""
        self._say(
            SessionTls(**self._at(second, ""), pid=pid, peer_ip=peer_ip, outgoing=True, tls=tls)  # type: ignore[arg-type]
        )

    def _at(self, second: float, queue_id: str) -> dict[str, object]:
        return {
            "at": START + int(second * SECOND),
            "host": "mx1.example.com",
            "instance": self.instance,
            "queue_id": queue_id,
        }


def exim_message() -> Script:
    """An Exim message for two: one delivered, one deferred twice and then failed, with a bounce."""
    script = Script()
    one, bounce = "1vAAAA-00000000001-0001", "1vAAAB-00000000002-0002"
    script.arrived(
        0,
        one,
        sender="ann@example.com",
        has_sender=True,
        user="ann@example.com",
        user_proven=True,
        recipients=("bob@example.net", "cat@example.org"),
    )
    script.attempted(
        1, one, Outcome.DELIVERED, "bob@example.net", remote=True, remote_host="mx.example.net"
    )
    script.attempted(
        2, one, Outcome.DEFERRED, "cat@example.org", remote=True, remote_host="mx.example.org"
    )
    script.attempted(1802, one, Outcome.DEFERRED, "cat@example.org", counted=False)
    script.attempted(
        3602, one, Outcome.FAILED, "cat@example.org", remote=True, remote_host="mx.example.org"
    )
    script.arrived(3602, bounce, has_sender=True, bounce_of=one, protocol="local")
    script.attempted(3603, bounce, Outcome.DELIVERED, "ann", original="ann@example.com")
    script.ended(3603, bounce)
    script.ended(3602, one)
    return script


def filtered_message() -> Script:
    """A Postfix message through a content filter, two recipients, one of them behind an alias."""
    script = Script("postfix")
    first, second = "4AAAAAAAAA", "4BBBBBBBBB"
    script.arrived(0, first, client_host="mail.example.net", client_ip="192.0.2.9")
    script.described(0.1, first, message_id="<m1@example.net>")
    script.described(0.2, first, sender="eve@example.net", has_sender=True, nrcpt=2)
    script.arrived(1, second, client_host="localhost", client_ip="127.0.0.1")
    script.described(1.1, second, sender="eve@example.net", has_sender=True, nrcpt=2)
    for address in ("ann@example.com", "bob@example.com"):
        script.attempted(
            1.2,
            first,
            Outcome.DELIVERED,
            address,
            remote=True,
            remote_ip="127.0.0.1",
            remote_port=10024,
            next_queue_id=second,
            reply=f"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as {second}",
        )
    script.ended(1.3, first)
    script.attempted(1.4, second, Outcome.DELIVERED, "ann@example.com", transport="lmtp")
    script.attempted(
        1.5, second, Outcome.DEFERRED, "robert@example.com", original="bob@example.com"
    )
    script.attempted(
        900, second, Outcome.DELIVERED, "robert@example.com", original="bob@example.com"
    )
    script.ended(900.1, second)
    return script


def reused_queue_id() -> Script:
    """Two Postfix messages that bear the same short queue id, a minute apart."""
    script = Script("postfix")
    for number, start in enumerate((0, 60)):
        script.arrived(start, "4CCCCCCCCC", client_ip="192.0.2.7", client_host="c.example")
        script.described(start, "4CCCCCCCCC", sender=f"s{number}@example.net", has_sender=True)
        script.attempted(start + 1, "4CCCCCCCCC", Outcome.DELIVERED, f"r{number}@example.com")
        script.ended(start + 1, "4CCCCCCCCC")
    return script


def encrypted_deliveries() -> Script:
    """Two deliveries of one smtp process in one encrypted session."""
    script = Script("postfix")
    for number, queue_id in enumerate(("4DDDDDDDDD", "4EEEEEEEEE")):
        script.arrived(number, queue_id, user="uid:1000", user_proven=True)
        script.described(number, queue_id, sender="ann@example.com", has_sender=True)
    script.tls(2, 77, "192.0.2.25", "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)")
    for number, queue_id in enumerate(("4DDDDDDDDD", "4EEEEEEEEE")):
        script.attempted(
            2 + number,
            queue_id,
            Outcome.DELIVERED,
            "bob@example.net",
            remote=True,
            remote_host="mx.example.net",
            remote_ip="192.0.2.25",
            pid=77,
        )
        script.ended(2.5 + number, queue_id)
    return script


def held_message() -> Script:
    """A session is told that its message will be held, before that has a queue id."""
    script = Script("postfix")
    script.described(0, "", waiting="on hold", pid=7, client_ip="192.0.2.9")
    script.arrived(1, "4FFFFFFFFF", pid=7, client_ip="192.0.2.9", client_host="mail.example.net")
    script.described(
        1, "4FFFFFFFFF", sender="eve@example.net", has_sender=True, recipient="ann@example.com"
    )
    return script


ALL = (held_message, exim_message, filtered_message, reused_queue_id, encrypted_deliveries)
