"""Logs of several programs about the same mail: one story, whichever is read first."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from tests.ingest.world import differences

MAIL = """\
2026-11-02T10:00:00.000000+00:00 mx1 postfix/smtpd[10]: 4fPbYX0hV4z6l6M: client=mx.example.org[192.0.2.9]
2026-11-02T10:00:00.100000+00:00 mx1 postfix/cleanup[11]: 4fPbYX0hV4z6l6M: message-id=<1@example.org>
2026-11-02T10:00:00.200000+00:00 mx1 postfix/qmgr[12]: 4fPbYX0hV4z6l6M: from=<x@example.org>, size=900, nrcpt=2 (queue active)
2026-11-02T10:00:02.000000+00:00 mx1 postfix/lmtp[13]: 4fPbYX0hV4z6l6M: to=<ann@example.com>, relay=mx1.example.com[private/dovecot-lmtp], delay=2, delays=0/0/0/2, dsn=2.0.0, status=sent (250 2.0.0 <ann@example.com> AAAAAAAAAAAAAAAAAAAAAA Saved)
2026-11-02T10:00:02.100000+00:00 mx1 postfix/lmtp[13]: 4fPbYX0hV4z6l6M: to=<bob@example.com>, relay=mx1.example.com[private/dovecot-lmtp], delay=2, delays=0/0/0/2, dsn=2.0.0, status=sent (250 2.0.0 <bob@example.com> BAAAAAAAAAAAAAAAAAAAAA Saved)
2026-11-02T10:00:02.200000+00:00 mx1 postfix/qmgr[12]: 4fPbYX0hV4z6l6M: removed
"""
DOVECOT = """\
2026-11-02T10:00:02.000000+00:00 mx1 dovecot: lmtp(ann@example.com)<20><AAAAAAAAAAAAAAAAAAAAAA>: msgid=<1@example.org>: saved mail to INBOX
2026-11-02T10:00:02.050000+00:00 mx1 dovecot: lmtp(bob@example.com)<20><BAAAAAAAAAAAAAAAAAAAAA>: sieve: msgid=<1@example.org>: fileinto action: stored mail into mailbox 'Junk'
"""
SPAMD = """\
2026-11-02T10:00:00.900000+00:00 mx1 spamd[30]: spamd: processing message <1@example.org> for ann:1000
2026-11-02T10:00:01.000000+00:00 mx1 spamd[30]: spamd: identified spam (7.5/5.0) for ann:1000 in 0.3 seconds, 900 bytes.
2026-11-02T10:00:01.001000+00:00 mx1 spamd[30]: spamd: result: Y 7 - GTUBE,HTML_MESSAGE scantime=0.3,size=900,user=ann,uid=1000,required_score=5.0,rhost=::1,raddr=::1,rport=33770,mid=<1@example.org>,autolearn=no
"""
LOGS = {"mail": MAIL, "dovecot": DOVECOT, "spamd": SPAMD}
QMAIL = """\
@400000006904e0a01bdc4234 new msg 2638395
@400000006904e0a01bdc4a34 info msg 2638395: bytes 4233 from <ann@example.com> qp 30980 uid 89
@400000006904e0a01bdc5234 starting delivery 41: msg 2638395 to remote bob@example.net
@400000006904e0a01bdc5a34 status: local 0/10 remote 1/20
@400000006904e0a21bdc4234 delivery 41: success: 192.0.2.7_accepted_message./Remote_host_said:_250_ok/
@400000006904e0a21bdc4a34 status: local 0/10 remote 0/20
@400000006904e0a21bdc5234 end msg 2638395
"""


def _write(folder: Path) -> None:
    for name, text in LOGS.items():
        (folder / name).write_text(text)


@pytest.mark.parametrize("order", [*itertools.permutations(LOGS)])
@pytest.mark.parametrize("at_once", [False, True])
def test_logs_in_any_order(order: tuple[str, ...], *, at_once: bool, make_world, tmp_path: Path):
    """Logs of their own, all in one go or one after the other, tell what one file tells."""
    _write(tmp_path)
    (tmp_path / "all").write_text("".join(sorted("".join(LOGS.values()).splitlines(keepends=True))))
    expected = make_world("one")
    expected.load(tmp_path / "all")
    world = make_world("three")
    for names in (order,) if at_once else ((name,) for name in order):
        world.load(*(tmp_path / name for name in names))
    held = world.everything()

    shown = [row for row in held["deliveries"] if not row["folded"] and not row["deleted"]]
    assert {(row["recipient"], row["status"], row["mailbox"]) for row in shown} == {
        ("ann@example.com", "delivered", "INBOX"),
        ("bob@example.com", "filtered", "Junk"),
    }
    assert {row["spam_score"] for row in shown} == {7.5}
    story = {name: held[name] for name in ("deliveries", "attempts", "lines")}
    wanted = expected.everything()
    assert differences({name: wanted[name] for name in story}, story) == []


@pytest.mark.parametrize("cut", range(1, 7))
def test_what_earlier_lines_say_is_remembered(cut: int, make_world, tmp_path: Path):
    """A log that is read on from its middle means what it meant: numbers of deliveries are known."""
    log = tmp_path / "current"
    lines = QMAIL.splitlines(keepends=True)
    world = make_world("pieces")
    for end in (cut, len(lines)):
        log.write_text("".join(lines[:end]))
        world.load(log, server="qmail")
    whole = make_world("whole")
    whole.load(log, server="qmail")

    [row] = world.everything()["deliveries"]
    assert (row["recipient"], row["status"]) == ("bob@example.net", "delivered")
    assert differences(whole.everything(), world.everything()) == []
