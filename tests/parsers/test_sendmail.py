"""The sendmail parser understands every form it claims to, whole or cut, and nothing upsets it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.model.event import (
    NOISE,
    Arrived,
    Attempted,
    Described,
    EndKind,
    Linked,
    Noted,
    Rejected,
)
from postroad.model.status import Outcome
from postroad.parsers import detect
from postroad.parsers import reader as make_reader
from postroad.parsers.clock import Clock
from postroad.parsers.sendmail import SAMPLES, Reader, recognises
from postroad.parsers.sendmail.ids import created_at, is_id
from postroad.parsers.sendmail.line import Memory, end_of_address, peer, seconds

NEWEST = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000
ENVELOPE = "Jul  6 06:01:46 mail sm-mta[4711]: "
#: Given on 6 July 2025 at 06:01:46 UTC.
ID = "56661kKD001591"
FROM = (
    "{id}: from=<a@ex.test>, size=9, class=0, nrcpts=1, msgid=<1@ex.test>, proto=ESMTP, "
    "daemon=MTA, relay=mx.ex.test [192.0.2.7]"
)


def new_reader(zone="UTC", host="log.example.com"):
    """Make a reader of a log that ends in March 2026."""
    return Reader(host, Clock(ZoneInfo(zone), NEWEST))


def read(*texts):
    """Read texts of one process in a classic envelope; returns what the last one says."""
    reader = new_reader()
    said = [reader.read(ENVELOPE + text) for text in texts]
    return said[-1]


def moment(at):
    """A time in microseconds as a datetime."""
    return datetime.fromtimestamp(at / 1_000_000, UTC)


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


@given(text=st.text(max_size=200))
def test_any_text_behind_a_queue_id_is_of_that_message(text):
    """What begins with a queue id is noise of a session, or an event of that message."""
    event = new_reader().read(f"{ENVELOPE}{ID}: x{text}")

    assert event is NOISE or event is None or event.queue_id == ID


@pytest.mark.parametrize(
    ("queue_id", "expected"),
    [
        ("u1IJTV2q001590", "2016-02-18T19:29:31"),
        ("o8REGmxx123456", "2010-09-27T14:16:48"),
        ("56661kKD001591", "2025-07-06T06:01:46"),
    ],
)
def test_ids_tell_when_they_were_given(queue_id, expected):
    """The first six digits are the time in UTC, the year as the latest that is possible."""
    given_at = created_at(queue_id, NEWEST)

    assert datetime.fromisoformat(expected + "+00:00") == moment(given_at)


@pytest.mark.parametrize("word", ["u1IJTV2q001590", "HAA12345", "fBLNXp323077", "xA32R2PQ3529566"])
def test_queue_ids_of_all_ages_are_recognised(word):
    """Ids of 8.9, of 8.10 and since 8.12 are ids."""
    assert is_id(word)


@pytest.mark.parametrize(
    "word", ["NOQUEUE", "Milter", "12345678", "u1IJTV2q0015x0", "a-b12345678", "x" * 30 + "12345"]
)
def test_other_words_are_no_queue_ids(word):
    """Words without a process's number, numbers, and what is too long are none."""
    assert not is_id(word)


@pytest.mark.parametrize(
    "queue_id", ["HAA12345", "zzzzzzzz123456", "5y661kKD001591", "50z61kKD0015"]
)
def test_ids_without_a_time_say_nothing(queue_id):
    """Old ids, and digits that are no time, tell no time."""
    assert created_at(queue_id, NEWEST) == 0


def test_the_id_finds_the_year():
    """Where stamps have no year, that of the queue id is taken, for this line and those after."""
    reader = new_reader()
    line = f"Feb 18 19:29:31 mail sm-mta[1]: {FROM.format(id='u1IJTV2q001590')}"

    assert 2016 == moment(reader.read(line).at).year
    assert 2016 == moment(reader.read("Feb 18 19:30:00 mail sm-mta[1]: u1IJTV2q001590: x").at).year


def test_the_id_finds_the_zone():
    """Stamps that are off by hours are reported as those of another zone."""
    reader = new_reader()
    reader.read(f"Jul  6 08:01:50 mail sm-mta[1]: {FROM.format(id=ID)}")

    assert 7200 == reader.zone_hint
    reader.read(f"Jul  6 06:01:50 mail sm-mta[1]: {FROM.format(id=ID)}")
    assert reader.zone_hint is None
    reader.read(f"Jul  6 06:07:50 mail sm-mta[1]: {FROM.format(id=ID)}")
    assert reader.zone_hint is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mx.ex.test [192.0.2.7]", ("mx.ex.test", "192.0.2.7", "")),
        ("mx.ex.test. [192.0.2.7] (may be forged)", ("mx.ex.test", "192.0.2.7", "")),
        ("[192.0.2.7]", ("", "192.0.2.7", "")),
        ("[192.0.2.7] [192.0.2.7]", ("", "192.0.2.7", "")),
        ("[IPv6:2001:db8::7]", ("", "2001:db8::7", "")),
        ("IDENT:anna@mx.ex.test [192.0.2.7]", ("mx.ex.test", "192.0.2.7", "")),
        ("root@localhost [192.0.2.7]", ("localhost", "192.0.2.7", "")),
        ("root@localhost", ("", "", "root")),
        ("mx.ex.test (192.0.2.7)", ("mx.ex.test", "192.0.2.7", "")),
        ("ex.test.", ("ex.test", "", "")),
    ],
)
def test_hosts_are_taken_apart(text, expected):
    """Name and address of a host; a login only of who is on this host."""
    assert expected == peer(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("00:00:07", 7.0),
        ("01:02:03", 3723.0),
        ("5+00:00:01", 432001.0),
        ("7", None),
        ("a+00:00:01", None),
        ("00:xx:01", None),
    ],
)
def test_intervals_are_read(text, expected):
    """Days stand before a plus sign."""
    assert expected == seconds(text)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("<a@b>,<c@d>", 5),
        ('"a, b"@c, x', 8),
        ("a@b (Ann, Lee), x", 14),
        ('"a\\", b"@c', 10),
        ("<a,b@c>", 7),
    ],
)
def test_addresses_end_at_commas_of_their_list(text, end):
    """A comma that is quoted, or inside brackets or a comment, does not end an address."""
    assert end == end_of_address(text, 0)


def test_a_login_is_that_of_the_same_process_and_client():
    """The line of a login is joined to the messages of its session, and to no others."""
    login = "AUTH=server, relay=mx.ex.test [192.0.2.7], authid=anna, mech=PLAIN, bits=0"
    reader = new_reader()
    reader.read(ENVELOPE + login)

    assert "anna" == reader.read(ENVELOPE + FROM.format(id=ID)).user
    assert "anna" == reader.read(ENVELOPE + FROM.format(id="56661kKE001591")).user
    other = ENVELOPE.replace("4711", "4712")
    assert "" == reader.read(other + FROM.format(id="56661kKF001591")).user
    later = ENVELOPE.replace("06:01", "07:02")
    assert "" == reader.read(later + FROM.format(id="56661kKG001591")).user


def test_what_is_remembered_can_be_carried():
    """A reader that goes on where another stopped knows what that one remembered."""
    first, second = new_reader(), new_reader()
    first.read(
        f"{ENVELOPE}AUTH=server, relay=mx.ex.test [192.0.2.7], authid=anna, mech=PLAIN, bits=0"
    )
    second.carry(first.carried)

    assert "anna" == second.read(ENVELOPE + FROM.format(id=ID)).user


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x92\xc4\x01a\xc4\x01b", b"garbage", b"\xc1"])
def test_garbage_cannot_be_carried(data):
    """What is no memory leaves none."""
    reader = new_reader()
    reader.carry(data)

    assert isinstance(reader.read(ENVELOPE + FROM.format(id=ID)), Arrived)


def test_memory_is_bounded():
    """However many sessions there are, some thousand are remembered."""
    memory = Memory()
    for number in range(9000):
        memory.begin(str(number), "x")

    assert "" == memory.begun("0")
    assert "x" == memory.begun("8999")
    assert len(memory.carried) < 200_000


def test_pieces_of_a_long_line_are_put_together():
    """The last piece says what the line says; those before it are evidence."""
    reader = new_reader()
    first = reader.read(f"{ENVELOPE}{ID}[1]: to=<b@ex.test>,<c@ex.test>, delay=00:00:01,  ...")
    second = reader.read(f"{ENVELOPE}{ID}[2]: mailer=esmtp, pri=3, dsn=5.1.1, ...")
    event = reader.read(f"{ENVELOPE}{ID}[3]:  stat=User unknown")

    assert isinstance(first, Noted)
    assert isinstance(second, Noted)
    assert isinstance(event, Attempted)
    assert ("b@ex.test", ("c@ex.test",)) == (event.address, event.also)
    assert Outcome.FAILED is event.outcome


def test_a_piece_without_its_beginning_is_evidence():
    """What began in another log says nothing by itself."""
    assert isinstance(read(f"{ID}[2]: stat=User unknown"), Noted)


@pytest.mark.parametrize(
    ("dsn", "stat", "outcome"),
    [
        ("2.0.0", "Sent", Outcome.DELIVERED),
        ("2.1.5", "Sent (ok)", Outcome.DELIVERED),
        ("4.0.0", "Deferred: Connection timed out with mx.ex.test.", Outcome.DEFERRED),
        ("4.2.0", "User unknown", Outcome.DEFERRED),
        ("5.1.1", "Sent", Outcome.FAILED),
        ("", "Sent (ok)", Outcome.DELIVERED),
        ("", "Deferred", Outcome.DEFERRED),
        ("", "I/O error", Outcome.DEFERRED),
        ("", "Host unknown (Name server: x: host not found)", Outcome.FAILED),
        ("", "queued", Outcome.POSTPONED),
        ("2.0.0", "discarded", Outcome.DISCARDED),
    ],
)
def test_the_class_of_the_status_decides(dsn, stat, outcome):
    """The first digit tells how it ended; where there is none, the text does."""
    field = f"dsn={dsn}, " if dsn else ""
    event = read(f"{ID}: to=<b@ex.test>, delay=00:00:01, mailer=esmtp, pri=1, {field}stat={stat}")

    assert outcome is event.outcome


def test_a_sender_with_a_local_users_name_proves_nothing():
    """`ctladdr` names whoever the client said it was."""
    event = read(
        f"{ID}: to=<b@ex.test>, ctladdr=<root@mail.ex.test> (0/0), delay=00:00:01, mailer=esmtp, "
        "pri=1, dsn=2.0.0, stat=Sent"
    )

    assert ("", ()) == (event.original, event.parents)


@pytest.mark.parametrize(
    "text",
    [
        f"{ID}: to=<b@ex.test>",
        f"{ID}: to=<b@ex.test>, stat=Sent",
        f"{ID}: to=<b@ex.test>, pri=1, delay=00:00:01, stat=Sent",
        f"{ID}: from=<a@ex.test>",
        f"{ID}: from=<a@ex.test>, size=1",
        f"{ID}: ruleset=check_rcpt",
        f"{ID}: ruleset=check_rcpt, arg1=<b@ex.test>, reject",
        "AUTH=server, relay=x",
        "never heard of it",
    ],
)
def test_lines_that_are_not_whole_are_not_understood(text):
    """A line that lacks what it must have, or has it in another order, is reported."""
    assert read(text) is None


def test_a_sender_cut_within_its_quotes_ends_where_it_was_cut():
    """Senders are logged up to 200 characters, whatever stands there."""
    sender = '<"' + "x" * 198
    event = read(FROM.format(id=ID).replace("<a@ex.test>", sender))

    assert sender == event.sender
    assert 9 == event.size


def test_recipients_of_a_refused_message_are_refused():
    """Without the line of the rule its words stand for the answer."""
    event = read(f"{ID}: to=<b@ex.test>, delay=00:00:00, pri=1, stat=Not today")

    assert isinstance(event, Rejected)
    assert ("b@ex.test", "Not today", None) == (event.recipient, event.reply, event.smtp_code)


def test_a_transaction_that_was_reset_is_abandoned():
    """With a high log level the command that ended it is logged for each recipient."""
    event = read(f"{ID}: to=<b@ex.test>, delay=00:00:00, pri=1, stat=RSET")

    assert EndKind.ABANDONED is event.kind


def test_other_programs_in_the_log_are_read_by_others():
    """Dovecot's lines go to who knows them, and other mail servers' are not understood."""
    reader = new_reader()

    assert reader.read("Jul  6 06:01:46 mail cron[1]: x") is NOISE
    assert reader.read("Jul  6 06:01:46 mail smtpd[1]: x") is None
    noted = reader.read(f"Jul  6 06:01:46 mail opendkim[1]: {ID}: DKIM-Signature field added")
    assert ("", ID) == (noted.instance, noted.queue_id)


def test_host_stands_in_where_the_envelope_names_none():
    """A line whose envelope has no host is of the host that the log is of."""
    line = '{"__REALTIME_TIMESTAMP":"1769951822000000","SYSLOG_IDENTIFIER":"sm-mta",'
    line += f'"MESSAGE":"{ID}: <b@ex.test>... User unknown"}}'

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
    made = make_reader("sendmail", host="mail", zone=ZoneInfo("UTC"), newest=NEWEST)

    assert isinstance(made, Reader)
    assert detect([ENVELOPE + FROM.format(id=ID)]) == "sendmail"
    assert not recognises("x", None)


def test_a_session_without_message_is_described_only():
    """Nothing is held where nobody was accepted."""
    event = read(FROM.format(id=ID).replace("nrcpts=1", "nrcpts=0"))

    assert isinstance(event, Described)
    assert "192.0.2.7" == event.client_ip


def test_a_message_that_stayed_too_long_has_expired():
    """The notification that nothing more is tried ends the message."""
    event = read(f"{ID}: 56661kKE001592: sender notify: Cannot send message for 5 days")

    assert isinstance(event, Linked)
    assert event.expired
