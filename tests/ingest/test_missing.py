"""Followed logs: what is missing is kept as a gap, and whose log it is may turn out late."""

from __future__ import annotations

from tests.ingest import logs
from tests.ingest.test_follow import append, count, following, wait


def kept(world):
    """The gaps that were written down."""
    return world.rows("SELECT source, kind, since, until FROM gaps FINAL ORDER BY since")


def test_a_rotated_part_that_was_never_read(world, tmp_path):
    """It is a gap from the last line that was read to the first of the log that is there now."""
    lines, log = logs.exim(60), tmp_path / "mainlog"
    append(log, lines[:80])
    with following(world, log):
        wait(lambda: count(world) > 40)
    log.unlink()
    append(log, lines[120:])
    with following(world, log):
        wait(lambda: kept(world))
    [gap] = kept(world)
    assert (gap["source"], gap["kind"]) == ("log", "rotated")
    times = world.rows("SELECT at FROM log_lines FINAL ORDER BY at")
    assert times[0]["at"] < gap["since"] < gap["until"] <= times[-1]["at"]


def test_a_part_of_a_pattern_that_was_never_read(world, tmp_path):
    """The same of one of the logs that a pattern means; the others have no gap."""
    lines = logs.exim(60)
    logs_of = [tmp_path / name / "mainlog" for name in ("a", "b")]
    for number, log in enumerate(logs_of):
        log.parent.mkdir()
        append(log, lines[number * 40 : number * 40 + 40])
    pattern = tmp_path / "*" / "mainlog"
    with following(world, pattern):
        wait(lambda: count(world) > 50)
    logs_of[0].unlink()
    append(logs_of[0], lines[120:])
    logs_of[1].rename(logs_of[1].with_name("mainlog.1"))
    append(logs_of[1], lines[100:120])
    with following(world, pattern) as follower:
        wait(lambda: kept(world))
        assert len(follower.health().sources[0].notes) == 1
    assert [gap["kind"] for gap in kept(world)] == ["rotated"]


def test_a_log_that_was_cut_short(world, tmp_path):
    """Where no copy is found, that is a gap."""
    lines, log = logs.exim(60), tmp_path / "mainlog"
    append(log, lines[:80])
    with following(world, log):
        wait(lambda: count(world) > 40)
        log.write_bytes(b"")
        append(log, lines[120:])
        wait(lambda: kept(world))
    assert [gap["kind"] for gap in kept(world)] == ["cut"]


def test_what_is_well_has_no_gap(world, tmp_path):
    """Rotation in either way, with the older part beside it, is none."""
    lines, log = logs.exim(60), tmp_path / "mainlog"
    append(log, lines[:80])
    with following(world, log):
        wait(lambda: count(world) > 40)
    log.rename(tmp_path / "mainlog.1")
    append(log, lines[80:])
    with following(world, log):
        wait(lambda: count(world) > 100)
    assert kept(world) == []


DOVECOT = (
    "2026-03-02T07:59:59.000000+00:00 mx1 dovecot: imap-login: Login: user=<a@example.com>, "
    "method=PLAIN, rip=192.0.2.7, lip=192.0.2.8, mpid=5, TLS, session=<x>"
)


def test_a_mail_server_that_speaks_late(make_world, tmp_path):
    """A log that begins with its neighbour's lines is the mail server's as soon as it logs."""
    lines = logs.postfix(40)
    calm, world = make_world("calm"), make_world("postroad")
    append(tmp_path / "whole", lines)
    calm.load(tmp_path / "whole")
    log = tmp_path / "mail.log"
    append(log, [DOVECOT] * 3)
    with following(world, log) as follower:
        wait(lambda: [each.server for each in follower.health().sources[0].logs] == ["dovecot"])
        append(log, [DOVECOT])
        append(log, lines[:100])
        wait(lambda: [each.server for each in follower.health().sources[0].logs] == ["postfix"])
        log.rename(tmp_path / "mail.log.1")
        append(log, [DOVECOT] * 2)
        wait(lambda: len(follower.health().sources[0].logs) == 2)
        append(log, lines[100:])
        wait(lambda: count(world) == count(calm))
    question = "SELECT * FROM deliveries FINAL WHERE NOT deleted ORDER BY id"
    assert world.rows(question) == calm.rows(question)
