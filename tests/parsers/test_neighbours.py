"""Programs beside a mail server: what holds for all of them, and logs of their own."""

from __future__ import annotations

import random
import string
from pathlib import Path

import pytest
from tests.parsers.lines import AMAVIS_CLEAN, AT, LMTP, MID, SPAMD, described, new_reader, read

from postroad import parsers
from postroad.model.event import ASIDES, NOISE, Attempted, Described, Ended, Event, Noise, Noted
from postroad.parsers import neighbours
from postroad.parsers.neighbours import Memory
from postroad.parsers.prefix import Prefix


@pytest.mark.parametrize("sample", neighbours.SAMPLES, ids=lambda sample: sample.text[:40])
def test_samples_are_understood(sample: neighbours.Sample) -> None:
    """Every line that a module claims to understand yields what it claims."""
    event = neighbours.read(Prefix(AT, "mx1", sample.tag, 7, sample.text), neighbours.ANY)

    assert type(event) is sample.kind
    assert {name: getattr(event, name) for name in sample.fields} == sample.fields


@pytest.mark.parametrize("sample", neighbours.SAMPLES, ids=lambda sample: sample.text[:40])
def test_samples_cut_anywhere_do_no_harm(sample: neighbours.Sample) -> None:
    """A line cut anywhere is read or left, and names a message only as the whole does."""
    memory = Memory()
    for cut in range(len(sample.text)):
        for part in (sample.text[:cut], sample.text[cut:]):
            event = neighbours.read(Prefix(AT, "mx1", sample.tag, 7, part), "", memory)
            assert event is None or isinstance(event, Noise | Event)


def test_noise_of_all_kinds_does_no_harm() -> None:
    """Whatever stands in a line, no reader raises, and an aside's queue id is of its form."""
    chance = random.Random(5)
    pieces = [sample.text for sample in neighbours.SAMPLES]
    tags = [*neighbours.READERS, "deliver(x)"]
    memory = Memory()
    for _ in range(4000):
        first, second = chance.choice(pieces), chance.choice(pieces)
        text = first[: chance.randrange(len(first))] + second[chance.randrange(len(second)) :]
        if chance.random() < 0.3:
            text = text.replace(" ", chance.choice(string.punctuation), chance.randrange(5))
        event = neighbours.read(Prefix(AT, "mx1", chance.choice(tags), 7, text), "", memory)
        if isinstance(event, Event) and event.instance in ASIDES:
            assert event.queue_id
            assert event.queue_id.startswith("<") is event.queue_id.endswith(">")


def test_the_memory_is_carried_over_a_restart() -> None:
    """What was remembered goes on; garbage is left; it never grows without end."""
    before, after = Memory(), Memory()
    read(SPAMD[0], "spamd", before)
    after.carry(before.carried)
    after.carry(b"\xff\x00garbage")
    after.carry(b"")
    assert MID == described(SPAMD[1], "spamd", after).queue_id

    for number in range(10_000):
        after.put(str(number), "x")
    after.put("long", "x" * 5000)
    assert len(after.carried) < 100_000
    assert ("", "x") == (after.get("long"), after.get("9999"))


@pytest.mark.parametrize("server", parsers.SERVERS[:2] + parsers.NEIGHBOURS)
def test_readers_carry_their_memory(server: str) -> None:
    """A reading that goes on in another process knows what the first one knew."""
    first, second = new_reader(server), new_reader(server)
    stamp = "2026-03-02T09:40:00.000000+00:00 mx1 spamd[9]: "
    first.read(stamp + SPAMD[0])
    second.carry(first.carried)  # type: ignore[attr-defined]
    event = second.read(stamp + SPAMD[1])

    assert isinstance(event, Described)
    assert (MID, 0.9) == (event.queue_id, event.spam_score)


def test_everybody_else_is_noise_and_other_mail_servers_are_not() -> None:
    """A program that has nothing to do with mail; another mail server; a line without a program."""
    assert NOISE is read("(root) CMD (true)", "CRON")
    assert read("t2112345: to=<r@ex.test>", "sm-mta") is None
    assert read("-- MARK --", "") is NOISE
    assert read("what is this", "") is None


OWN = {
    "dovecot": [
        f"Nov 22 01:00:00 {LMTP}Info: msgid={MID}: saved mail to INBOX",
        f"2025-11-22 01:00:00 {LMTP}Info: msgid={MID}: saved mail to INBOX",
        f"2025-11-22T01:00:00.000000+00:00 {LMTP}Info: msgid={MID}: saved mail to INBOX",
        f"2025-11-22 01:00:00.000 {LMTP}Info: msgid={MID}: saved mail to INBOX",
        f"deliver(ann@example.com): Nov 22 01:00:00 Info: msgid={MID}: saved mail to INBOX",
        f"deliver(ann@example.com): 2025-11-22 01:00:00 Info: msgid={MID}: saved mail to INBOX",
        f"@4000000069210b1a00000000 {LMTP}Info: msgid={MID}: saved mail to INBOX",
        f"Nov 22 01:00:00 mx1 dovecot: {LMTP}msgid={MID}: saved mail to INBOX",
        f"Nov 22 01:00:00 mx1 deliver(ann@example.com): msgid={MID}: saved mail to INBOX",
    ],
    "rspamd": [
        "2025-11-22 01:00:00 #4493(rspamd_proxy) " + neighbours.SAMPLES[7].text,
        "2025-11-22 01:00:00.000000 #4493(normal) " + neighbours.SAMPLES[7].text,
        "2025-11-22T01:00:00+00:00 mx1 rspamd[4493]: " + neighbours.SAMPLES[7].text,
    ],
    "spamassassin": [
        f"Sat Nov 22 01:00:00 2025 [9675] info: {SPAMD[2]}",
        f"Nov 22 01:00:00.000 [9675] info: {SPAMD[2]}",
        f"Nov 22 01:00:00 mx1 spamd[9675]: {SPAMD[2]}",
    ],
    "amavis": [
        f"Nov 22 01:00:00 mx1 amavis[1]: (1-1) Passed CLEAN, {AMAVIS_CLEAN}",
        f"Nov 22 01:00:00.000 mx1 /usr/sbin/amavisd[1]: (1-1) Passed CLEAN, {AMAVIS_CLEAN}",
    ],
    "mailscanner": [
        "Nov 22 01:00:00 mx1 MailScanner[1]: Message 4BA2876290 from 192.0.2.1 (a@b.example) to b.example is not spam",
    ],
}


@pytest.mark.parametrize(
    ("server", "line"), [(server, line) for server, lines in OWN.items() for line in lines]
)
def test_logs_of_their_own(server: str, line: str) -> None:
    """Every form of a program's own log is detected, dated, and read as its syslog is."""
    event = new_reader(server).read(line)

    assert server == parsers.detect([line])
    assert isinstance(event, Attempted | Described)
    assert ("mx1", 1_763_773_200_000_000) == (event.host, event.at)


@pytest.mark.parametrize("stamp", ["Nov 42 01:00:00", "2025-13-22 01:00:00"])
def test_a_stamp_that_is_no_date_is_none(stamp: str) -> None:
    """Such a line wears no envelope."""
    line = f"{stamp} lmtp(ann): Info: msgid={MID}: saved mail to INBOX"
    assert not isinstance(new_reader("dovecot").read(line), Attempted)


def test_multilog_holds_the_service_alone() -> None:
    """Sign-ins of Dovecot are noise; what names no service is unknown, and not Dovecot's."""
    stamp = "@4000000069210b1a00000000 "
    reader = new_reader("dovecot")

    assert reader.read(f"{stamp}dovecot-auth: pam_unix(dovecot:auth): failure") is NOISE
    assert reader.read(f"{stamp}imap-login: Info: Login: user=<ann>") is NOISE
    assert reader.read(f"{stamp}something else: x") is None
    assert parsers.detect([f"{stamp}something else: x"]) is None


@pytest.mark.parametrize("server", list(OWN))
def test_own_logs_hold_other_things(server: str) -> None:
    """Blank lines and marks are noise; what wears no envelope is unknown; nothing is cut wrongly."""
    reader = new_reader(server)

    assert reader.read("") is NOISE
    assert reader.read("-- Boot 1 --") is NOISE
    assert reader.read("no envelope") is None
    assert reader.zone_hint is None
    for number in range(5000):
        assert NOISE is reader.read(f"Nov 22 01:00:00 mx1 job{number}: done")
    for line in OWN[server]:
        for cut in range(len(line)):
            reader.read(line[:cut])


@pytest.mark.parametrize(
    ("line", "server"),
    [
        ("Nov 22 01:00:00 mx1 postfix/qmgr[9]: 4AA091855DA0: removed", "postfix"),
        ("Nov 22 01:00:00 mx1 exim[9]: 2025-11-22 01:00:00 1kX2aB-0003Ab-Cd Completed", "exim"),
    ],
)
def test_a_log_that_is_shared_is_the_mail_servers(line: str, server: str) -> None:
    """However few lines the mail server writes, and however late the first of them comes."""
    others = [lines[-1] for lines in OWN.values()]
    assert "dovecot" == parsers.detect(others[:1] * 3 + others[1:])
    assert server == parsers.detect([*others, line])

    reader = new_reader("dovecot")
    for each in others:
        reader.read(each)
    event = reader.read(line)
    assert isinstance(event, Ended)
    assert event.instance == ("postfix" if server == "postfix" else "")
    assert isinstance(reader.read(OWN["dovecot"][-1]), Attempted)
    assert reader.zone_hint is None


def test_the_mail_servers_reader_goes_on_with_what_is_remembered() -> None:
    """A verdict of which the first line came before the mail server's first."""
    reader, later = new_reader("dovecot"), new_reader("dovecot")
    stamp = "2025-11-22T01:00:00.000000+00:00 mx1 "
    reader.read(f"{stamp}spamd[9]: {SPAMD[0]}")
    reader.read(f"{stamp}postfix/qmgr[9]: 4AA091855DA0: removed")
    assert isinstance(reader, parsers.Remembering)
    assert isinstance(later, parsers.Remembering)
    later.carry(reader.carried)

    for each in (reader, later):
        event = each.read(f"{stamp}spamd[9]: {SPAMD[1]}")
        assert isinstance(event, Described)
        assert MID == event.queue_id


def test_a_queue_id_is_the_mail_servers_that_is_there() -> None:
    """Where a mail server's lines stand beside, its ids are its own, whatever they look like."""
    head = Prefix(AT, "mx1", "opendkim", 7, "6AAB12A0123456: x")

    for instance, meant in (("", ""), ("postfix-in", "postfix-in"), (neighbours.ANY, "postfix")):
        event = neighbours.read(head, instance)
        assert isinstance(event, Noted)
        assert meant == event.instance


def test_exim_shares_a_log_with_its_neighbours() -> None:
    """Through syslog, Exim's reader reads them; queue ids of theirs are Exim's."""
    reader = new_reader("exim")
    stamp = "2025-11-22T01:00:00.000000+00:00 mx1 "
    saved = reader.read(f"{stamp}dovecot: {LMTP}msgid={MID}: saved mail to INBOX")
    judged = reader.read(f"{stamp}rspamd[1]: {neighbours.SAMPLES[7].text}")
    assert isinstance(saved, Attempted)
    assert isinstance(judged, Described)
    assert "dovecot" == saved.instance


def test_no_line_of_other_projects_logs_is_lost(corpora: Path) -> None:
    """What others test with: verdicts are read, sign-ins are noise, nothing of mail is unknown."""
    for server, pattern, least in (
        ("dovecot", "crowdsec/dovecot-*/*.log", 0),
        ("amavis", "crowdsec/amavis-*/*.log", 2),
        ("mailscanner", "crowdsec/mailscanner-*/*.log", 5),
    ):
        events = []
        for path in sorted(corpora.glob(pattern)):
            reader = new_reader(server)
            lines = path.read_bytes().decode("utf-8", "backslashreplace").splitlines()
            events += [reader.read(line) for line in lines]
        assert None not in events
        assert least <= sum(isinstance(event, Described) for event in events)
