"""Received over UDP, TCP and TLS: every line once, nobody else's, and what was lost is told."""

from __future__ import annotations

import itertools
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import suppress

import pytest
from tests.ingest import receiving as net
from tests.ingest.receiving import (
    counted,
    delivered,
    lines,
    receiving,
    recipients,
    rfc3164,
    rfc5424,
    send_tcp,
    send_udp,
    stories,
    wait,
)

from postroad.errors import ConfigError

ANY = ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"]


@pytest.fixture(autouse=True)
def _any_port(monkeypatch):
    """Let the kernel choose ports: the settings do not allow that."""
    from postroad.config import checks

    monkeypatch.setattr(checks, "_check_syslog", lambda _: None)


@pytest.mark.parametrize("form", [rfc3164, rfc5424])
@pytest.mark.parametrize("way", ["udp", "counted", "lines"])
def test_every_way_and_form(world, tmp_path, way, form):
    """What comes in over the network is a delivery, of the host that the messages name."""
    messages = [form(text) for text in stories(5)]
    with receiving(world, tmp_path / "h", syslog_listen=ANY) as (follower, ports):
        if way == "udp":
            send_udp(ports["udp"], messages)
        else:
            send_tcp(ports["tcp"], counted(messages) if way == "counted" else lines(messages))
        wait(lambda: delivered(world) == recipients(range(5)))
        [status] = follower.health().sources
        assert (status.name, status.received, status.dropped) == ("syslog 127.0.0.1", 25, 0)
        assert [log.server for log in status.logs] == ["postfix"]
    rows = world.rows("SELECT source, host, sum(lines) AS n FROM coverage FINAL GROUP BY ALL")
    assert rows == [{"source": "syslog 127.0.0.1", "host": "mx1", "n": 25}]


def test_a_configured_source(world, tmp_path):
    """Peers of a source are that source, with the host that is set."""
    source = {"peers": ["127.0.0.0/8"], "name": "edge", "host": "mx7", "mta": "postfix"}
    messages = [rfc3164(text, "liar") for text in stories(2)]
    home = tmp_path / "h"
    with receiving(world, home, syslog_listen=ANY, sources=[source]) as (follower, ports):
        send_udp(ports["udp"], messages)
        wait(lambda: delivered(world) == recipients(range(2)))
        assert [each.name for each in follower.health().sources] == ["edge"]
    assert world.rows("SELECT DISTINCT host FROM deliveries") == [{"host": "mx7"}]


def test_strangers_are_not_heard(world, tmp_path):
    """Nothing of an address that is not named is read, and it is told who tried."""
    values = {"syslog_listen": ANY, "syslog_peers": ["192.0.2.0/24"]}
    with receiving(world, tmp_path / "h", **values) as (follower, ports):
        send_udp(ports["udp"], [rfc3164(text) for text in stories(1)])
        with socket.create_connection(("127.0.0.1", ports["tcp"]), timeout=10) as out:
            assert out.recv(1) == b""
        wait(lambda: follower.health().hindered)
        assert "127.0.0.1 sends to" in follower.health().hindered[0]
        assert follower.health().sources == []
    assert delivered(world) == []


def test_files_are_removed_when_their_lines_are_stored(world, tmp_path):
    """After a restart what was read before is gone from the spool, and nothing comes twice."""
    home = tmp_path / "h"
    for number in range(3):
        with receiving(world, home, syslog_listen=ANY) as (_, ports):
            send_udp(ports["udp"], [rfc3164(text) for text in stories(2, 2 * number)])
            wait(lambda n=number: delivered(world) == recipients(range(2 * n + 2)))
    with receiving(world, home, syslog_listen=ANY) as (follower, _):
        wait(lambda: not list((home / "spool").glob("*/*.log")))
        assert follower.health().sources[0].problems == []
    rows = world.rows("SELECT sum(lines) AS n FROM coverage FINAL")
    assert rows == [{"n": 30}]
    assert world.rows("SELECT count() AS n FROM gaps") == [{"n": 0}]


def test_more_than_there_is_room_for(world, tmp_path):
    """What finds no room in the spool is dropped, counted, and told as a gap."""
    source = {"peers": ["127.0.0.1"], "name": "edge", "mta": "postfix"}
    values = {"syslog_listen": ANY, "sources": [source], "spool_megabytes": 1}
    hold_up = threading.Event()
    real = world.store.write
    world.store.write = lambda batch: (hold_up.wait(30), real(batch))
    messages = [rfc3164(f"{text} {'x' * 900}") for text in stories(600)]
    with receiving(world, tmp_path / "h", **values) as (follower, ports):
        send_tcp(ports["tcp"], lines(messages))
        wait(lambda: follower.health().sources and follower.health().sources[0].received == 3000)
        wait(lambda: follower.health().sources[0].dropped)
        assert "is full" in follower.health().sources[0].problems[0]
        hold_up.set()
        # Once it is stored there is room again.
        wait(lambda: len(delivered(world)) > 50)

        numbers = itertools.count(9000)

        def takes():
            send_tcp(ports["tcp"], lines([rfc3164(text) for text in stories(1, next(numbers))]))
            return any(each.startswith("r9") and len(each) > 16 for each in delivered(world))

        wait(takes, 60)
        wait(lambda: follower.health().sources[0].behind == 0)
        assert follower.health().sources[0].problems == []
        received = follower.health().sources[0].received
    [gap] = world.rows("SELECT source, kind, lost, since, until FROM gaps FINAL")
    kept = world.rows("SELECT sum(lines) AS n FROM coverage FINAL")[0]["n"]
    assert (gap["source"], gap["kind"]) == ("edge", "dropped")
    assert gap["lost"] + kept == received
    assert 0 < gap["since"] <= gap["until"]
    assert 800 < kept < 2000


def test_a_flood_beyond_what_fits_in_memory(tmp_path):
    """Octets in memory stay within their bound; what did not fit is counted, none is lost twice."""
    from postroad.sources.inbox import Box, Inbox
    from postroad.sources.spool import Spools

    spools = Spools(tmp_path / "spool", 1 << 30)
    inbox = Inbox(room=100_000)
    box = Box(spools.of("flood"))
    inbox.add(box)
    for number in range(5000):
        inbox.put(box, f"{number:0100}", 1)
    assert sum(map(len, box.waiting)) <= 100_000
    assert inbox.is_full()
    inbox.start()
    inbox.close()
    spools.close()
    kept = b"".join(path.read_bytes() for path in (tmp_path / "spool").glob("*/*.log"))
    assert kept.count(b"\n") + box.counts.dropped == box.counts.received == 5000
    assert box.counts.dropped > 3000


def test_datagrams_that_the_kernel_drops(world, tmp_path, monkeypatch):
    """A flood of datagrams is counted to the last one, whoever had to drop it."""
    from postroad.sources import listening

    monkeypatch.setattr(listening, "_BUFFER", 4096)
    source = {"peers": ["127.0.0.1"], "name": "edge", "mta": "postfix"}
    values = {"syslog_listen": ["udp://127.0.0.1:0"], "sources": [source]}
    with receiving(world, tmp_path / "h", **values) as (follower, ports):
        send_udp(ports["udp"], [rfc3164(text) for text in stories(2000)])

        def counted_all():
            # What the kernel dropped is told with the next datagram.
            send_udp(ports["udp"], [rfc3164("postfix/x[1]: y")])
            counts = follower.health().sources[0]
            sent.append(0)
            return counts.dropped and 10_000 <= counts.received <= 10_000 + len(sent)

        sent: list[int] = []
        wait(counted_all)
    [gap] = world.rows("SELECT kind, lost FROM gaps FINAL")
    assert gap["kind"] == "dropped"
    assert gap["lost"] > 100


def test_connections_wait_instead_of_losing(world, tmp_path):
    """A sender over TCP that is faster than the disk is slowed down, and loses nothing."""
    from postroad.sources import receiver

    source = {"peers": ["127.0.0.1"], "name": "edge", "mta": "postfix"}
    messages = lines([rfc3164(text) for text in stories(6000)])
    with pytest.MonkeyPatch.context() as patch:
        init = receiver.Receiver.__init__
        patch.setattr(
            receiver.Receiver, "__init__", lambda self, *a: init(self, *a, room=1_000_000)
        )
        values = {"syslog_listen": ANY, "sources": [source]}
        with receiving(world, tmp_path / "h", **values) as (follower, ports):
            send_tcp(ports["tcp"], messages)
            wait(lambda: sum(s.received for s in follower.health().sources) == 30_000, 60)
            wait(lambda: follower.health().sources[0].behind == 0, 60)
            assert follower.health().sources[0].dropped == 0
    assert world.rows("SELECT sum(lines) AS n FROM coverage FINAL") == [{"n": 30_000}]


def test_bounds_of_connections_and_messages(world, tmp_path):
    """There are as many connections as are allowed; too long messages are cut and counted."""
    values = {"syslog_listen": ANY, "syslog_connections": 2, "syslog_largest": 480}
    with receiving(world, tmp_path / "h", **values) as (follower, ports):
        first = socket.create_connection(("127.0.0.1", ports["tcp"]), timeout=10)
        second = socket.create_connection(("127.0.0.1", ports["tcp"]), timeout=10)
        first.sendall(b"<22>x")
        with socket.create_connection(("127.0.0.1", ports["tcp"]), timeout=10) as third:
            assert third.recv(1) == b""
        wait(lambda: any("refused another" in each for each in follower.health().hindered))
        second.sendall(rfc3164("postfix/smtpd[1]: connect from a[192.0.2.1] " + "x" * 900) + b"\n")
        wait(lambda: follower.health().sources and follower.health().sources[0].cut == 1)
        second.sendall(b"")
        first.close()
        second.close()
    # A connection that counts lengths and then sends something else is closed, and it is told.
    with receiving(world, tmp_path / "h", **values) as (follower, ports):
        assert send_tcp(ports["tcp"], b"5 <22>xGARBAGE") == b""
        wait(lambda: any("disconnected" in each for each in follower.health().hindered))


def test_silent_connections_are_closed(world, tmp_path):
    """Who says nothing for too long is disconnected."""
    values = {"syslog_listen": ANY, "syslog_idle": 5}
    with (
        receiving(world, tmp_path / "h", **values) as (_, ports),
        socket.create_connection(("127.0.0.1", ports["tcp"]), timeout=20) as silent,
    ):
        assert silent.recv(1) == b""


def test_dripping_connections_are_closed(world, tmp_path):
    """Who sends an octet now and then, and never a message, says nothing."""
    values = {"syslog_listen": ANY, "syslog_idle": 5}
    with (
        receiving(world, tmp_path / "h", **values) as (_, ports),
        socket.create_connection(("127.0.0.1", ports["tcp"]), timeout=0.5) as dripping,
    ):
        for _ in range(60):
            with suppress(TimeoutError):
                dripping.sendall(b"<")
                assert dripping.recv(1) == b""
                break
        else:
            pytest.fail("It was never closed.")


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """Certificates of an authority, a server and a client."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on this machine")
    return net.certificates(tmp_path_factory.mktemp("certificates"))


def test_tls_with_client_certificates(world, tmp_path, signed):
    """Who shows a certificate of the authority is heard; others are refused and told of."""
    values = {
        "syslog_listen": ["tls://127.0.0.1:0"],
        "syslog_certificate": signed / "server.pem",
        "syslog_key": signed / "server.key",
        "syslog_ca": signed / "ca.pem",
    }
    known = ssl.create_default_context(cafile=signed / "ca.pem")
    known.load_cert_chain(signed / "client.pem", signed / "client.key")
    none = ssl.create_default_context(cafile=signed / "ca.pem")
    other = ssl.create_default_context(cafile=signed / "ca.pem")
    other.load_cert_chain(signed / "o.pem", signed / "o.key")
    with receiving(world, tmp_path / "h", **values) as (follower, ports):
        send_tcp(ports["tls"], counted([rfc5424(text) for text in stories(3)]), known)
        wait(lambda: delivered(world) == recipients(range(3)))
        assert follower.health().hindered == []
        for context in (none, other):
            # An alert, or the end of the connection, whichever comes first.
            with suppress(OSError):
                assert send_tcp(ports["tls"], counted([rfc5424("a: b")]), context) == b""
        wait(lambda: any("could not connect" in each for each in follower.health().hindered))
        assert follower.health().sources[0].received == 15
        # Somebody who speaks no TLS at all.
        send_tcp(ports["tls"], b"<22>hello\n")


def test_tls_without_client_certificates(world, tmp_path, signed):
    """Without an authority for senders, none is asked for."""
    values = {
        "syslog_listen": ["tls://127.0.0.1:0"],
        "syslog_certificate": signed / "server.pem",
        "syslog_key": signed / "server.key",
    }
    context = ssl.create_default_context(cafile=signed / "ca.pem")
    with receiving(world, tmp_path / "h", **values) as (_, ports):
        send_tcp(ports["tls"], counted([rfc5424(text) for text in stories(1)]), context)
        wait(lambda: delivered(world) == recipients(range(1)))


def test_what_keeps_it_from_listening(tmp_path, signed):
    """A port that is taken, and certificates that are none, are sentences."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        loaded = net.settings(tmp_path, syslog_listen=[f"tcp://127.0.0.1:{taken.getsockname()[1]}"])
        with pytest.raises(ConfigError, match="already listens"), net.supplying(loaded):
            pass
    values = {"syslog_listen": ["tls://127.0.0.1:0"], "syslog_certificate": signed / "ca.key"}
    with (
        pytest.raises(ConfigError, match="cannot be used"),
        net.supplying(net.settings(tmp_path, **values)),
    ):
        pass


@pytest.mark.skipif(shutil.which("logger") is None, reason="logger is not on this machine")
@pytest.mark.parametrize(
    "way",
    [
        ("--udp", "--rfc3164"),
        ("--udp", "--rfc5424"),
        ("--tcp", "--rfc3164"),
        ("--tcp", "--rfc5424", "--octet-count"),
    ],
)
def test_logger_sends(world, tmp_path, way):
    """logger(1) of util-linux is understood in each of its forms."""
    source = {"peers": ["127.0.0.1"], "name": "edge", "mta": "postfix"}
    values = {"syslog_listen": ANY, "sources": [source]}
    with receiving(world, tmp_path / "h", **values) as (_, ports):
        port = str(ports[way[0].strip("-")])
        for text in stories(1):
            tag, _, rest = text.partition(": ")
            name, _, pid = tag.rstrip("]").partition("[")
            sender = ["logger", *way, "--server", "127.0.0.1", "--port", port]
            sender += ["--priority", "mail.info", "--tag", name, f"--id={pid}", rest]
            subprocess.run(sender, check=True)
        wait(lambda: delivered(world) == recipients(range(1)))
