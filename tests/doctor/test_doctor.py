"""The doctor sees what is wrong with home, sources, reading and logging, and says what to do."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from postroad import config, doctor
from postroad.accounts import local_administrator
from postroad.doctor import Finding, Level, reading
from postroad.errors import AccessError
from postroad.model.coverage import Coverage, Gap, GapKind
from postroad.model.delivery import Batch, Delivery, LogLine, delivery_id, message_key
from postroad.model.scope import Scope
from postroad.model.status import Status
from postroad.model.when import HOUR, MINUTE, SECOND
from postroad.store import Store

NOW = 1_795_000_000 * SECOND

Examine = Callable[..., list[Finding]]


@pytest.fixture
def examine(tmp_path: Path, store: Store) -> Examine:
    """Examine a home with these settings; findings of a level whose text holds some words."""
    home = tmp_path / "home"

    def examine(words: str, level: Level, **settings: object) -> list[Finding]:
        given = config.load({"home": str(home), **settings}, environ={})
        config.make_home(given)
        found = doctor.examine(given, store, local_administrator().scope, now=NOW)
        return [each for each in found if each.level is level and words in each.title + each.detail]

    return examine


def deliveries(count: int, **fields: object) -> Batch:
    """So many delivered messages of the host mx1, with these fields, and their arrival lines."""
    line = str(fields.pop("line", ""))
    fraction = int(fields.pop("fraction", 0))
    batch = Batch(deliveries=[], lines=[])
    for number in range(count):
        queue_id = str(fields.get("queue_id") or f"1xUKh{number}-00000000149-00JM")
        queue_id = queue_id.format(number)
        key = message_key("mx1", str(fields.get("instance", "")), queue_id, 0)
        at = NOW - number * SECOND - fraction
        row = {
            "id": delivery_id(key, "a@b.example", ""),
            "message_key": key,
            "host": "mx1",
            "instance": "",
            "version": 1,
            "status": Status.DELIVERED,
            "recipient": "a@b.example",
            "sent_at": at,
            "first_at": at,
            "last_at": at,
            **fields,
            "queue_id": queue_id,
        }
        batch.deliveries.append(Delivery(**row))
        batch.lines.append(
            LogLine(host="mx1", instance=row["instance"], queue_id=queue_id, at=at, text=line)
        )
    return batch


def coverage(**fields: object) -> Coverage:
    """What was read of one source in one minute."""
    row = {"source": "/var/log/mail.log", "host": "mx1", "minute": NOW - 5 * MINUTE, "chunk": "c"}
    return Coverage(**{**row, "lines": 10_000, "understood": 6_000, "noise": 4_000, **fields})


def test_a_home_closed_to_others_is_well(examine: Examine):
    """The home directory as postroad makes it is closed to others, and there is room."""
    assert examine("may look into", Level.OK)
    assert examine("GB are free", Level.OK)
    assert not examine("", Level.ERROR)


def test_an_open_home_is_wrong(examine: Examine, tmp_path: Path):
    """A home that others may look into is told with the command that closes it."""
    (tmp_path / "home").mkdir(mode=0o755)

    assert examine("chmod 700", Level.ERROR)


def test_nothing_configured(examine: Examine):
    """Without sources the doctor says so, and that nothing was read yet."""
    assert examine("No sources are configured", Level.WARN)
    assert examine("Nothing was read yet", Level.WARN)


def test_sources_that_are_there_and_not(examine: Examine, tmp_path: Path):
    """A log that can be read is well; one that does not exist, or a pattern without match, is not."""
    (tmp_path / "mail.log").write_text("x\n")
    (tmp_path / "mail.log.1").write_text("x\n")
    paths = [f"{tmp_path}/mail.log*", f"{tmp_path}/gone.log", f"{tmp_path}/x*.log"]
    sources = [{"path": path} for path in paths]

    assert examine("mail.log* can be read, 2 files", Level.OK, sources=sources)
    assert examine("gone.log", Level.ERROR, sources=sources)
    assert examine("x*.log", Level.ERROR, sources=sources)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_a_log_that_may_not_be_read(tmp_path: Path):
    """A log of another group is told with its group, and how to join it."""
    nobody = pwd.getpwnam("nobody")
    log = tmp_path / "mail.log"
    log.write_text("x\n")
    log.chmod(0o640)
    os.chown(log, 0, grp.getgrnam("adm").gr_gid)
    given = config.load(
        {"home": str(tmp_path / "home"), "sources": [{"path": str(log)}]}, environ={}
    )
    config.make_home(given)
    for directory in (tmp_path, *tmp_path.parents[:3]):
        directory.chmod(directory.stat().st_mode | 0o755)
    os.seteuid(nobody.pw_uid)
    try:
        found = list(reading.of_sources(given))
    finally:
        os.seteuid(0)

    assert [each.level for each in found] == [Level.ERROR]
    assert "may not be read by nobody" in found[0].title
    assert "adduser nobody adm" in found[0].detail


def test_what_was_read(examine: Examine, store: Store):
    """Each source is told with the time it was read up to, in its zone, and how much was understood."""
    store.write_coverage([coverage()])

    (found,) = examine("/var/log/mail.log of mx1", Level.OK, timezone="Europe/Berlin")
    assert "Europe/Berlin, UTC+01:00" in found.title
    assert "10,000 lines, all understood" in found.title


def test_lines_that_were_not_understood(examine: Examine, store: Store):
    """A source with too many unknown lines is told with where to see them."""
    store.write_coverage([coverage(unknown=50, understood=5_950)])

    (found,) = examine("99.500 % understood", Level.WARN)
    assert "postroad source unknown" in found.detail


def test_a_log_from_the_future(examine: Examine, store: Store):
    """Times ahead of the clock mean that the zone is wrong."""
    store.write_coverage([coverage(minute=NOW + 2 * HOUR)])

    (found,) = examine("in the future", Level.WARN)
    assert "`timezone`" in found.detail


def test_what_exim_should_log(examine: Examine, store: Store):
    """An Exim log without subjects, recipients and milliseconds is told the selectors for them."""
    store.write(deliveries(10, line="2026-11-20 1xUKh0-00000000149-00JM <= a@b.example S=1"))

    (found,) = examine("log_selector", Level.WARN)
    assert "+subject +received_recipients +millisec" in found.detail


def test_exim_that_logs_all(examine: Examine, store: Store):
    """An Exim log with all that helps is left alone."""
    line = '1xUKh0-00000000149-00JM <= a@b.example S=1 T="Hi" for a@b.example'
    store.write(deliveries(10, subject="Hi", fraction=1000, line=line))

    assert examine("Exim on mx1 logs all that helps", Level.OK)


def test_what_postfix_should_log(examine: Examine, store: Store):
    """A Postfix log without subjects, TLS, long queue ids and fine times is told the settings."""
    store.write(deliveries(10, instance="postfix", queue_id="A3F5{:05X}", remote_ip="192.0.2.7"))

    (found,) = examine("Postfix on mx1", Level.WARN)
    for setting in ("header_checks", "smtp_tls_loglevel", "enable_long_queue_ids", "RFC 3339"):
        assert setting in found.detail


def test_only_administrators(store: Store, tmp_path: Path):
    """Nobody but an administrator is told what is read."""
    given = config.load({"home": str(tmp_path)}, environ={})

    with pytest.raises(AccessError):
        doctor.examine(given, store, Scope.of(domains={"b.example"}), now=NOW)


def test_what_is_received(examine: Examine, tmp_path: Path):
    """The doctor says where syslog is received, and which sources are waited for in vain."""
    source = {"peers": ["192.0.2.1"], "name": "edge"}
    [finding] = examine("nothing listens", Level.ERROR, sources=[source])
    assert finding.title.startswith("edge is not received")
    listen = ["udp://127.0.0.1:5514"]
    assert examine("received on udp://", Level.OK, sources=[source], syslog_listen=listen)
    assert not examine("No sources", Level.WARN, syslog_peers=["192.0.2.1"], syslog_listen=listen)
    values = {"syslog_certificate": tmp_path / "c", "syslog_listen": ["tls://127.0.0.1:6514"]}
    assert examine("not asked for certificates", Level.WARN, sources=[source], **values)


def test_a_journal_without_such_entries(examine: Examine, tmp_path: Path):
    """The doctor says so, and how to be allowed to read it."""
    source = {"journal": ["SYSLOG_FACILITY=2"], "path": str(tmp_path)}
    found = examine("journal SYSLOG_FACILITY=2", Level.WARN, sources=[source])
    found += examine("journal SYSLOG_FACILITY=2", Level.ERROR, sources=[source])
    assert len(found) == 1


def test_gaps_are_told(examine: Examine, store: Store):
    """Where lines are missing, the doctor warns with sentences."""
    minutes = [coverage(minute=NOW - number * MINUTE) for number in range(60, 400)]
    store.write_coverage(minutes)
    gap = Gap(source="edge", host="mx1", kind=GapKind.DROPPED, since=NOW - HOUR, until=NOW, lost=3)
    store.write_gaps([gap])
    [finding] = examine("edge has a gap", Level.WARN)
    assert "3 lines" in finding.detail
    assert not examine("/var/log/mail.log has a gap", Level.WARN)
    # An import ends where it ends; of what is followed, silence is news.
    source = {"path": "/var/log/mail.log"}
    assert examine("/var/log/mail.log has a gap", Level.WARN, sources=[source])
