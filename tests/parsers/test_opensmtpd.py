"""The OpenSMTPD parser understands every form it claims to, whole or cut, and nothing upsets it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.model.event import NOISE, Arrived, Attempted, Described, Rejected
from postroad.parsers import detect
from postroad.parsers import reader as make_reader
from postroad.parsers.clock import Clock
from postroad.parsers.opensmtpd import SAMPLES, Reader, recognises
from postroad.parsers.opensmtpd.line import MOST_SESSIONS, Sessions, client, number

NEWEST = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000
ENVELOPE = "Jul  6 06:01:46 mail smtpd[4711]: "
SESSION = "5df87c972116a049"
CONNECTED = f"{SESSION} smtp connected address=192.0.2.7 host=mx.ex.test"
LOGIN = f"{SESSION} smtp authentication user=anna result=ok"
PARTIES = "evpid=f6e94209918f7e7b from=<> to=<b@ex.test>"
MESSAGE = f"{SESSION} smtp message msgid=3d4c4a42 size=1746 nrcpt=1 proto=ESMTP"


def new_reader(zone="UTC", host="log.example.com"):
    """Make a reader of a log that ends in March 2026."""
    return Reader(host, Clock(ZoneInfo(zone), NEWEST))


def read(*texts):
    """Read texts in a classic envelope; returns what the last one says."""
    reader = new_reader()
    said = [reader.read(ENVELOPE + text) for text in texts]
    return said[-1]


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_are_understood(sample):
    """Every line the parser claims to understand yields the event it claims, field by field."""
    event = read(*sample.before, sample.text)

    assert sample.kind is type(event)
    assert sample.fields == {name: getattr(event, name) for name in sample.fields}


@pytest.mark.parametrize("sample", SAMPLES)
def test_cut_samples_never_raise(sample):
    """A line cut anywhere, as at a log rotation, is read or reported, never an exception."""
    reader = new_reader()
    for cut in range(len(sample.text)):
        reader.read(ENVELOPE + sample.text[:cut])
        reader.read(sample.text[cut:])


@given(
    sample=st.sampled_from(SAMPLES),
    junk=st.text(max_size=40),
    position=st.integers(0, 300),
)
def test_junk_anywhere_never_raises(sample, junk, position):
    """Any text with anything in it is read without an exception."""
    new_reader().read(ENVELOPE + sample.text[:position] + junk + sample.text[position:])


@pytest.mark.parametrize(
    ("host", "address", "expected"),
    [
        ("mx.ex.test", "192.0.2.7", ("mx.ex.test", "192.0.2.7")),
        ("<unknown>", "[2001:db8::7]", ("", "2001:db8::7")),
        ("mail.ex.test", "local", ("", "")),
        ("mx.ex.test", "[IPv6:2001:db8::7]", ("mx.ex.test", "2001:db8::7")),
    ],
)
def test_clients_are_named(host, address, expected):
    """Who submits on this host has neither name nor address."""
    assert expected == client(host, address)


def test_sessions_are_numbers():
    """A session's name is its number; what is none is 0."""
    assert 0x5DF87C972116A049 == number(SESSION)
    assert 0 == number("x")


def test_a_session_is_true_of_all_its_messages():
    """Client and login are those of every message of the session, and of no other."""
    reader = new_reader()
    for text in (CONNECTED, LOGIN, MESSAGE):
        first = reader.read(ENVELOPE + text)
    second = reader.read(ENVELOPE + MESSAGE.replace("3d4c4a42", "3d4c4a43"))
    other = reader.read(ENVELOPE + MESSAGE.replace("5df8", "5df9"))

    assert ("anna", "192.0.2.7") == (first.user, first.client_ip)
    assert ("anna", True) == (second.user, second.user_proven)
    assert ("", "", False) == (other.user, other.client_ip, other.user_proven)


def test_a_log_read_twice_says_the_same():
    """Lines that stand once for each recipient mean the same in whatever order they come again."""
    reader = new_reader()
    lines = [
        f"{ENVELOPE}{SESSION} smtp event=message msgid=3d4c4a42 from=<a@ex.test> to=<{who}@ex.test> "
        "size=17 ndest=1 proto=SMTP"
        for who in "bc"
    ]
    first = [type(reader.read(line)) for line in lines]

    assert [Arrived, Described] == first
    assert first == [type(reader.read(line)) for line in lines]


def test_what_is_remembered_can_be_carried():
    """A reader that goes on where another stopped knows what that one remembered."""
    first, second = new_reader(), new_reader()
    first.read(ENVELOPE + CONNECTED)
    second.carry(first.carried)

    assert "192.0.2.7" == second.read(ENVELOPE + MESSAGE).client_ip


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x92\xc4\x01a\xc4\x01b", b"garbage", b"\xc1"])
def test_garbage_cannot_be_carried(data):
    """What is no memory leaves none."""
    reader = new_reader()
    reader.carry(data)

    assert isinstance(reader.read(ENVELOPE + MESSAGE), Arrived)


def test_memory_is_bounded():
    """However many sessions there are, some thousand are remembered."""
    sessions = Sessions()
    for each in range(MOST_SESSIONS + 10):
        sessions.begun(f"{each:016x}").user = "anna"

    assert "" == sessions.of(f"{0:016x}").user
    assert "anna" == sessions.of(f"{MOST_SESSIONS:016x}").user


@pytest.mark.parametrize(
    "text",
    [
        f"{SESSION} smtp connected",
        f"{SESSION} smtp authentication user=anna",
        f"{SESSION} smtp message msgid=3d4c4a42",
        f"{SESSION} smtp envelope evpid=1",
        f"{SESSION} smtp failed-command x",
        f"{SESSION} smtp never-heard-of-it",
        f"{SESSION} lmtp connected",
        f"{SESSION} mta connecting x",
        f"{SESSION} mta delivery evpid=1",
        f"{SESSION} mda delivery evpid=1",
        f'{SESSION} mta delivery {PARTIES} rcpt=<-> source="" relay="" delay=1s result="Maybe" stat=""',
        f"{SESSION} mda delivery {PARTIES} user=b delay=1s result=Maybe stat=x",
        "relay: Maybe for f6e94209918f7e7b: from=<>, to=<b@ex.test>, rcpt=<->, delay=4s, stat=x",
        "relay: never heard of it",
        "smtp-in: never heard of it",
        f"smtp-in: Accepted message 4296f490 on session {SESSION}: x",
        f"smtp-in: Accepted message 4296f490 on session {SESSION}: from=<a@ex.test>, proto=x",
        f'smtp-in: Failed command on session {SESSION}: "x',
        "never heard of it",
    ],
)
def test_lines_that_are_not_whole_are_not_understood(text):
    """A line that lacks what it must have is reported."""
    assert read(text) is None


def test_a_quoted_result_of_a_mailbox_loses_its_quotes():
    """Where mailboxes' results are quoted as other hosts' are, the words are the same."""
    event = read(
        f"{SESSION} mda delivery evpid=f6e94209918f7e7b from=<> to=<b@ex.test> user=b delay=1s "
        'result="Ok" stat="Delivered"'
    )

    assert "Delivered" == event.reply


def test_a_refusal_is_that_of_who_logged_in():
    """What a session said before is true of what it is refused."""
    event = read(
        CONNECTED,
        LOGIN,
        f'{SESSION} smtp failed-command command="RCPT TO:<b@ex.test>" result="550 no"',
    )

    assert isinstance(event, Rejected)
    assert ("anna", True, "mx.ex.test") == (event.user, event.user_proven, event.client_host)


def test_the_port_is_that_of_the_same_session():
    """Where the session goes is true of its deliveries to that address."""
    connecting = f"{SESSION} mta connecting address=smtp://[2001:db8::9]:2525 host=mx.ex.test"
    event = read(
        connecting,
        f"{SESSION} mta delivery evpid=f6e94209918f7e7b from=<a@ex.test> to=<b@ex.test> rcpt=<-> "
        'source="-" relay="[2001:db8::9] (mx.ex.test)" delay=1s result="Ok" stat="250 ok"',
    )

    assert isinstance(event, Attempted)
    assert ("2001:db8::9", 2525) == (event.remote_ip, event.remote_port)


def test_other_programs_in_the_log_are_read_by_others():
    """Other programs' lines go to who knows them; other mail servers' are not understood."""
    reader = new_reader()

    assert reader.read("Jul  6 06:01:46 mail cron[1]: x") is NOISE
    assert reader.read("Jul  6 06:01:46 mail sm-mta[1]: x") is None


def test_host_stands_in_where_the_envelope_names_none():
    """A line whose envelope has no host is of the host that the log is of."""
    line = '{"__REALTIME_TIMESTAMP":"1769951822000000","SYSLOG_IDENTIFIER":"smtpd",'
    line += f'"MESSAGE":"{MESSAGE}"}}'

    assert new_reader().read(line).host == "log.example.com"


@pytest.mark.parametrize("line", ["", "-- Boot 1 --"])
def test_lines_between_lines_are_noise(line):
    """Empty lines, and what journalctl writes between entries, say nothing."""
    assert new_reader().read(line) is NOISE


def test_text_without_an_envelope_is_not_understood():
    """A line that is no line of a log is reported."""
    assert new_reader().read("hello") is None


def test_reader_is_made_and_found_by_name():
    """The parsers' own front door makes this reader and tells its log from others."""
    made = make_reader("opensmtpd", host="mail", zone=ZoneInfo("UTC"), newest=NEWEST)

    assert isinstance(made, Reader)
    assert made.zone_hint is None
    assert detect([ENVELOPE + MESSAGE]) == "opensmtpd"
    assert detect([f"{ENVELOPE}info: OpenSMTPD 6.8.0p2 starting"]) == "opensmtpd"
    assert not recognises("x", None)
    assert detect([f"{ENVELOPE}tcpserver: status: 1/40"]) != "opensmtpd"
