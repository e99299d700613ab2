"""`postroad source`: what is read and received, what is missing, and lines to be reported."""

from __future__ import annotations

import json
import socket
import time

from tests.cli.conftest import free_port, wait

STORY = (
    "postfix/smtpd[1]: 4C1D2E3F4A: client=pc.real.test[198.51.100.7]",
    "postfix/qmgr[2]: 4C1D2E3F4A: from=<anna@real.test>, size=5, nrcpt=1 (queue active)",
    (
        "postfix/smtp[3]: 4C1D2E3F4A: to=<bob@other.test>, relay=mx.other.test[198.51.100.4]:25, "
        "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"
    ),
    "postfix/qmgr[2]: 4C1D2E3F4A: removed",
    "postfix/smtpd[1]: never seen before, anna@real.test 4C1D2E3F4A",
)


def test_syslog_from_settings_to_list(postroad):
    """What the settings file says is received; the list shows it with all that is known."""
    port = int(free_port().rpartition(":")[2])
    (postroad.home / "p").mkdir()
    (postroad.home / "p" / "postroad.toml").write_text(
        f'syslog_listen = ["udp://127.0.0.1:{port}"]\n'
        '[[sources]]\npeers = ["127.0.0.1"]\nname = "edge"\ntimezone = "UTC"\nmta = "postfix"\n'
    )

    def listed():
        done = postroad.run("source", "list", "--format", "json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    with postroad.running("follow"):
        # It answers before it listens; a source that nothing was received for is listed, too.
        assert wait(lambda: listed()[0]["received"] == 0)
        now = time.strftime("%b %e %H:%M:%S", time.gmtime())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for text in STORY:
                out.sendto(f"<22>{now} mx1 {text}".encode(), ("127.0.0.1", port))
        assert wait(lambda: any(each["lines"] == 5 for each in listed()), 20), listed()
        [source] = listed()
        wanted = {"name": "edge", "host": "mx1", "server": "postfix", "zone": "UTC"}
        assert wanted.items() <= source.items()
        assert (source["received"], source["dropped"], source["unknown"]) == (5, 0, 1)
        assert source["path"] == "127.0.0.1"
        table = postroad.run("source", "list", "--format", "table").stdout
        assert "edge" in table
        assert "Noise" in table
        shown = postroad.run("source", "unknown", "--format", "json").stdout
        masked = postroad.run("source", "unknown", "--mask", "--format", "json").stdout
    assert "anna@real.test 4C1D2E3F4A" in shown
    line = json.loads(masked)
    assert "never seen before, user1@domain1.example" in line["text"]
    for name in ("anna", "real.test", "4C1D2E3F4A", "mx1", "edge"):
        assert name not in masked
