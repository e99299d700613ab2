"""rsyslog of Debian, unpacked, forwards to the receiver in every form that it has for that."""

from __future__ import annotations

import os
import socket
import subprocess
import time

import pytest
from tests.ingest.receiving import delivered, receiving, recipients, stories, wait
from tests.ingest.test_receive_kill import free_port
from tests.servers import packages
from tests.trace_live.packages import libraries

_CONFIGURATION = """\
module(load="imuxsock" SysSock.Use="off")
global(workDirectory="{place}" net.enableDNS="off" maxMessageSize="64k"
       parser.permitSlashInProgramName="on")
input(type="imuxsock" Socket="{place}/log" CreatePath="on" RateLimit.Interval="0"
      UseSysTimeStamp="off" ParseHostname="off")
action(type="omfwd" target="127.0.0.1" port="{port}" {how})
"""
HOW = {
    "udp": 'protocol="udp" template="RSYSLOG_TraditionalForwardFormat"',
    "udp-iso": 'protocol="udp" template="RSYSLOG_ForwardFormat"',
    "tcp": 'protocol="tcp" template="RSYSLOG_TraditionalForwardFormat"',
    "tcp-counted": 'protocol="tcp" template="RSYSLOG_SyslogProtocol23Format" '
    'TCP_Framing="octet-counted"',
}


@pytest.fixture(scope="module")
def tree():
    """The folder that rsyslog is unpacked in."""
    try:
        return packages.unpacked()
    except packages.PackagesMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("way", HOW)
def test_rsyslog_forwards(world, tmp_path, tree, way):
    """What a daemon logs on another machine is a delivery here, with that machine's name."""
    place, kind = tmp_path / "rsyslog", way.partition("-")[0]
    place.mkdir()
    source = {"peers": ["127.0.0.1"], "name": "edge"}
    port = free_port()
    values = {"syslog_listen": [f"{kind}://127.0.0.1:{port}"], "sources": [source]}
    (place / "rsyslog.conf").write_text(_CONFIGURATION.format(place=place, port=port, how=HOW[way]))
    [modules] = tree.glob("usr/lib/*/rsyslog")
    command = [tree / "usr/sbin/rsyslogd", "-n", "-f", place / "rsyslog.conf", "-M", modules]
    command += ["-i", place / "pid"]
    environment = {**os.environ, "LD_LIBRARY_PATH": libraries(tree)}
    with receiving(world, tmp_path / "h", **values) as (follower, _):
        rsyslog = subprocess.Popen(command, env=environment)
        try:
            wait((place / "log").exists)
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
                log.connect(str(place / "log"))
                for text in stories(20):
                    now = time.strftime("%b %e %H:%M:%S", time.gmtime())
                    log.send(f"<22>{now} {text}".encode())
            wait(lambda: delivered(world) == recipients(range(20)))
            assert follower.health().hindered == []
        finally:
            rsyslog.terminate()
            rsyslog.wait(20)
    assert world.rows("SELECT DISTINCT host FROM deliveries") == [{"host": socket.gethostname()}]
