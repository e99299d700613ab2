"""The qmail parser understands every form it claims to, whole or cut, and nothing upsets it."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.correlate.book import Book

from postroad.correlate import Correlator
from postroad.model.event import (
    NOISE,
    Arrived,
    Attempted,
    Described,
    Linked,
    LinkKind,
    Noted,
    Rejected,
)
from postroad.model.status import Outcome
from postroad.parsers import detect
from postroad.parsers import reader as make_reader
from postroad.parsers.clock import Clock
from postroad.parsers.prefix import Envelope
from postroad.parsers.qmail import SAMPLES, Reader, report
from postroad.parsers.qmail.queue import without_prefix

NEWEST = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1_000_000
#: 2026-03-01 12:00:00 UTC: 1772366400 and ten seconds.
LABEL = 0x400000000000000A + 1_772_366_400
AT = 1_772_366_400_000_000


def new_reader(zone="UTC", host="mx1"):
    """Make a reader of a log that ends in March 2026."""
    return Reader(host, Clock(ZoneInfo(zone), NEWEST))


def stamped(text, after=0, nano=0):
    """Put a TAI64N stamp before a text, so many seconds and nanoseconds after noon."""
    return f"@{LABEL + after:016x}{nano:08x} {text}"


def read(*texts, reader=None):
    """Read texts one second after the other, and give what the last one says."""
    reader = reader or new_reader()
    event = None
    for number, text in enumerate(texts):
        event = reader.read(stamped(text, number))
    return event


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_are_understood(sample):
    """Every line the parser claims to understand yields the event it claims, field by field."""
    event = read(*sample.before, sample.text)

    assert sample.kind is type(event)
    assert sample.fields == {name: getattr(event, name) for name in sample.fields}


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_through_syslog(sample):
    """Through splogger and syslog the lines say the same, at splogger's time."""
    reader = new_reader()
    for text in (*sample.before, sample.text):
        event = reader.read(f"Mar  1 13:17:02 mx2 qmail: 1772366400.622156 {text}")

    assert sample.kind is type(event)
    assert sample.fields == {name: getattr(event, name) for name in sample.fields}
    if event is not NOISE:
        assert (AT + 622_156, "mx2") == (event.at, event.host)


@pytest.mark.parametrize("sample", SAMPLES)
def test_cut_samples_never_raise(sample):
    """A line cut anywhere, as at a rotation, is read or reported, never an exception."""
    reader = new_reader()
    line = stamped(sample.text)
    for before in sample.before:
        reader.read(stamped(before))

    for cut in range(len(line)):
        reader.read(line[:cut])
        reader.read(line[cut:])


@given(st.text(max_size=80), st.sampled_from(["", *{each.text[:12] for each in SAMPLES}]))
def test_nothing_raises(text, beginning):
    """Whatever a line holds, it is read."""
    reader = new_reader()
    reader.read(stamped(beginning + text))
    reader.read(f"Mar  1 13:17:02 mx2 qmail: 1772366400.622156 {beginning}{text}")
    reader.read(text)


def test_qmail_is_detected():
    """Qmail's lines are told from those of other servers, whatever stamp they bear."""
    texts = [each.text for each in SAMPLES]

    assert detect([stamped(text) for text in texts]) == "qmail"
    assert detect([f"2026-03-01 12:00:00.123456500 {text}" for text in texts]) == "qmail"
    assert detect([f"Mar  1 13:17:02 mx2 qmail: 1772366400.1 {text}" for text in texts]) == "qmail"
    for text in texts:
        assert detect([stamped(text)]) in {"qmail", None}
        assert detect([f"2026-03-01 12:00:00.123456500 {text}"]) in {"qmail", None}
    assert detect([stamped("query 1 a.example")]) is None


def test_a_label_is_ten_seconds_ahead():
    """Multilog's labels are read as it writes them: TAI of 1970, no leap second since."""
    event = new_reader().read("@400000005a497a0a1dcd6500 new msg 7")

    assert int(datetime(2018, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 + 500_000 == event.at


@pytest.mark.parametrize(
    "stamp",
    [
        "@3fffffff5a497a0a00000000",
        "@4fffffff5a497a0a00000000",
        "@400000005a497a0a0000000",
        "@400000005a497a0g00000000",
    ],
)
def test_what_is_no_label(stamp):
    """Labels of no time that mail was sent at are none."""
    assert new_reader().read(f"{stamp} new msg 7") is None


def test_local_stamps():
    """What tai64nlocal wrote is in the zone of the log."""
    event = new_reader("Europe/Berlin").read("2026-03-01 13:00:00.123456500 new msg 7")

    assert (AT + 123_456, "7", "mx1") == (event.at, event.queue_id, event.host)


def test_fractions_of_another_kind_are_no_local_stamp():
    """A zone behind milliseconds is as long as nanoseconds, and has a host behind it."""
    prefix = Envelope(Clock(ZoneInfo("UTC"), NEWEST)).split(
        "2026-03-01 13:00:00.123+01:00 mx2 qmail-send[7]: new msg 5"
    )

    assert ("mx2", "qmail-send", "new msg 5", AT + 123_000) == (
        prefix.host,
        prefix.tag,
        prefix.text,
        prefix.at,
    )


def test_stamps_inside_other_envelopes():
    """A container's log, and the journal, wear the stamp inside."""
    docker = '{"log":"' + stamped("new msg 7") + '\\n","stream":"stderr"}'
    journal = "2026-03-01T12:00:00+00:00 mx2 qmail-send[31]: new msg 7"

    assert new_reader().read(docker).at == AT
    assert new_reader().read(journal).queue_id == "7"


def test_zone_hint():
    """Splogger's own time tells that syslog's zone is wrong."""
    reader = new_reader()
    reader.read("Mar  1 13:00:01 mx2 qmail: 1772366400.622156 new msg 5")

    assert reader.zone_hint == 3600
    reader.read("Mar  1 12:00:01 mx2 qmail: 1772366400.622156 new msg 5")
    assert reader.zone_hint is None


def test_a_long_line_of_splogger():
    """What splogger cut off is kept with the message it belongs to."""
    reader = new_reader()
    syslog = "Mar  1 12:00:00 mx2 qmail: 1772366400.622156"

    assert reader.read(f"{syslog}+and on") is NOISE
    reader.read(f"{syslog} starting delivery 7: msg 5 to remote bob@other.example")
    first = reader.read(f"{syslog} delivery 7: deferral: Connected_to_192.0.2.42_but_my_name")
    rest = reader.read(f"{syslog}+_was_rejected./Remote_host_said:_450_later/")

    assert isinstance(first, Attempted)
    assert isinstance(rest, Noted)
    assert rest.queue_id == "5"


def test_neighbours_in_syslog():
    """Other programs' lines are noise, and another mail server's are not understood."""
    reader = new_reader()
    syslog = "Mar  1 12:00:00 mx2"

    assert reader.read(f"{syslog} kernel: out of memory") is NOISE
    assert reader.read(f"{syslog} vpopmail[7]: vchkpw-smtp: password fail a@b.example") is NOISE
    assert reader.read(f"{syslog} qmail-queue-handlers[3]: from=ann@sender.example") is NOISE
    assert reader.read(f"{syslog} postfix/smtpd[7]: connect from h[192.0.2.7]") is None
    assert reader.read(f"{syslog} qmail: 1772366400.622156 something else") is None
    assert reader.read(f"{syslog} last message repeated 2 times") is NOISE
    assert reader.read(f"{syslog} spamdyke[7]: ALLOWED from: a to: b origin_ip: c") is NOISE
    assert isinstance(
        reader.read(f"{syslog} rblsmtpd: l.example blocked 198.51.100.7 test -"), Rejected
    )
    assert reader.read("-- Boot 5 --") is NOISE
    assert reader.read("") is NOISE
    assert reader.read("no stamp") is None


def test_a_result_belongs_to_the_last_start():
    """A delivery number is used again after a restart, for another message."""
    event = read(
        "starting delivery 2: msg 5 to remote bob@other.example",
        "starting delivery 2: msg 6 to remote dora@other.example",
        "delivery 2: success: 192.0.2.7_accepted_message./Remote_host_said:_250_ok/",
    )

    assert ("6", "dora@other.example") == (event.queue_id, event.address)


@pytest.mark.parametrize(
    "end",
    [
        "status: exiting",
        "status: local 0/10 remote 0/20",
        "status: local 0/10 remote 0/20 exitasap",
        "starting delivery 1: msg 9 to local anna@example.com",
    ],
)
def test_a_restart_ends_what_was_under_way(end):
    """No result comes any more: a number seen again is of a start that was not read."""
    event = read(
        "starting delivery 2: msg 5 to remote bob@other.example",
        end,
        "delivery 2: success: 192.0.2.7_accepted_message./Remote_host_said:_250_ok/",
    )

    assert event is NOISE


@pytest.mark.parametrize(
    "status",
    [
        "status: local 0/10 remote 1/20",
        "status: local 0/10 remote 0/20 slow 1/5",
        "status: local 0/10 remote 0/20 queue2",
        "status: exiting queue2",
    ],
)
def test_what_is_under_way_elsewhere(status):
    """Deliveries of another channel or queue are still under way."""
    event = read(
        "starting delivery 2: msg 5 to remote bob@other.example",
        status,
        "delivery 2: success: 192.0.2.7_accepted_message./Remote_host_said:_250_ok/",
    )

    assert isinstance(event, Attempted)


def test_queues_count_for_themselves():
    """Each of indimail's queues numbers its own deliveries."""
    reader = new_reader()
    read(
        "starting delivery 2: msg 5 to remote bob@other.example queue1",
        "starting delivery 2: msg 6 to remote dora@other.example queue2",
        reader=reader,
    )
    first = read("delivery 2: success: 192.0.2.7_accepted_message./ queue1", reader=reader)
    second = read("delivery 2: deferral: 192.0.2.7_failed_on_DATA_command./ queue2", reader=reader)

    assert ("5", "queue1", Outcome.DELIVERED) == (first.queue_id, first.instance, first.outcome)
    assert ("6", "queue2", Outcome.DEFERRED) == (second.queue_id, second.instance, second.outcome)


def test_going_on_after_a_restart_of_ours():
    """What is under way, and whose bounce was queued, outlives the reader."""
    reader = new_reader()
    read(
        "starting delivery 2: msg 5 to local anna@example.com",
        "bounce msg 4 qp 311",
        reader=reader,
    )
    later = new_reader()
    later.carry(reader.carried)

    assert read("delivery 2: success: did_1+0+0/", reader=later).address == "anna@example.com"
    assert read("info msg 9: bytes 5 from <> qp 311 uid 7", reader=later).bounce_of == "4"


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x81", b"garbage", b"\x91" * 4000])
def test_garbage_is_not_carried(data):
    """A memory that is none is an empty one."""
    reader = new_reader()
    reader.carry(data)

    assert read("new msg 7", reader=reader).queue_id == "7"


def test_memory_is_bounded():
    """Starts without results do not fill the memory, of whatever queue they are."""
    reader = new_reader()
    for number in range(2, 6000):
        reader.read(stamped(f"starting delivery {number}: msg 5 to local a@example.com"))
        reader.read(stamped(f"starting delivery 2: msg 5 to local a@example.com q{number}"))
        reader.read(stamped(f"bounce msg 5 qp {number}"))
        reader.read(stamped(f"info msg 5: bytes 5 from <> qp {number + 9000} uid 7"))

    assert len(reader.carried) < 400_000
    assert isinstance(read("delivery 5999: success: did_1+0+0/", reader=reader), Attempted)
    later = new_reader()
    later.carry(reader.carried)
    assert later.carried == reader.carried


def test_a_bounce_read_before_it_is_named():
    """Where another program reads the queue, the bounce's own lines may come first."""
    event = read("info msg 9: bytes 5 from <> qp 311 uid 7", "bounce msg 4 qp 311")

    assert isinstance(event, Linked)
    assert ("4", "9", LinkKind.BOUNCED_AS) == (event.queue_id, event.other, event.kind)


def test_process_ids_come_round_again():
    """A message that is no bounce, or comes hours later, is of another process."""
    reader = new_reader()
    reader.read(stamped("bounce msg 4 qp 311"))
    letter = reader.read(stamped("info msg 9: bytes 5 from <ann@sender.example> qp 311 uid 7", 1))
    late = reader.read(stamped("info msg 9: bytes 5 from <> qp 311 uid 7", 4000))

    assert (letter.bounce_of, late.bounce_of) == ("", "")
    assert isinstance(reader.read(stamped("bounce msg 4 qp 311", 5000)), Noted)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("example.com-anna@example.com", "anna@example.com"),
        ("Example.COM-anna@example.com", "anna@example.com"),
        ("example.com-example.com-anna@example.com", "example.com-anna@example.com"),
        ("joe-anna@example.com", "joe-anna@example.com"),
        ("anna", "anna"),
        ("anna@example.com", "anna@example.com"),
    ],
)
def test_what_stands_before_virtual_addresses(text, address):
    """Vpopmail's prefix, the domain itself, is taken off; any other is not told from a name."""
    assert address == without_prefix(text)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("a_b/", "a b"),
        ("see_http://h.example/x/y/", "see http://h.example/x/y"),
        ("no_such_<odd_name@h.example>_here/", "no such <odd_name@h.example> here"),
        ("odd_one@h.example_is_unknown/", "odd_one@h.example is unknown"),
        ("Unable_to_open_/var/x.__(#4.2.1)/", "Unable to open /var/x.  (#4.2.1)"),
        ("", ""),
        ("/", ""),
    ],
)
def test_reports_are_put_back(text, reply):
    """Spaces and line ends of a report come back; names and paths stay as they are."""
    assert reply == report.read(text, "odd_one@h.example", is_remote=False).reply


def test_the_other_servers_words_are_its_own():
    """Addresses, status codes and reasons in the other server's reply are not taken for qmail's."""
    said = report.read(
        "192.0.2.7_does_not_like_recipient./Remote_host_said:_550_(#4.4.1)_Connected_to_6.6.6.6_"
        "but_I'm_not_going_to_try_again/Giving_up_on_192.0.2.7./",
        "bob@other.example",
        is_remote=True,
    )

    assert ("192.0.2.7", 550, "", False) == (
        said.remote_ip,
        said.smtp_code,
        said.enhanced_code,
        said.expired,
    )


def test_a_local_program_is_no_remote_host():
    """What a program on this host says is not searched for another host."""
    said = report.read("Remote_host_said:_550_no/", "anna@example.com", is_remote=False)

    assert (said.smtp_code, said.remote_ip) == (None, "")


def test_senders_are_read_whole():
    """A sender that looks like the rest of the line is a sender."""
    event = read("info msg 5: bytes 7 from <a>_qp_1_uid_0: bytes 9@b.example> qp 30 uid 2")

    assert ("a>_qp_1_uid_0: bytes 9@b.example", 7) == (event.sender, event.size)


@pytest.mark.parametrize(
    "text",
    [
        "new message 5",
        "new msg 5x",
        "new msg 5 two words",
        "info msg 5: bytes x from <> qp 1 uid 2",
        "info msg 5: bytes 1 from <> qp 1 uid 2 two words",
        "info msg 5",
        "starting delivery x: msg 5 to local a",
        "starting delivery 5: msg 5 to other a",
        "starting delivery 5",
        "delivery 5: wonder: text/",
        "delivery x: success: text/",
        "bounce msg 5",
        "bounce msg 5 qp x",
        "triple bounce: something",
        "end of it",
        "CHKUSER something new",
        "spamdyke[7]: DENIED_ALL",
        "a new kind of line",
    ],
)
def test_what_is_not_known_is_said_to_be(text):
    """Lines of no known form are unknown."""
    assert read(text) is None


def test_a_report_without_line_end():
    """A report that was cut, or has spaces after all, is whole."""
    start = "starting delivery 7: msg 5 to local anna@example.com"

    assert read(start, "delivery 7: failure: no").reply == "no"
    assert read(start, "delivery 7: failure: no_(#5.1.1) (more)").reply == "no (#5.1.1) (more)"


STORY = (
    "new msg 5",
    "info msg 5: bytes 4233 from <ann@sender.example> qp 30 uid 2",
    "starting delivery 2: msg 5 to local anna@example.com",
    "status: local 1/10 remote 0/20",
    "delivery 2: success: did_1+0+0/",
    "status: local 0/10 remote 0/20",
    "end msg 5",
)


@pytest.mark.parametrize("seed", range(8))
def test_lives_of_one_number_within_a_second(seed):
    """An inode that is used again at once is another message, in whatever order lines are fed."""
    reader = new_reader()
    lines = []
    for life in range(3):
        for number, text in enumerate(STORY):
            nano = (life * 10 + number) * 20_000_000
            lines.append(stamped(text.replace("anna", f"anna{life}"), nano=nano))
    said = {line: event for line in lines if (event := reader.read(line)) is not NOISE}
    random.Random(seed).shuffle(lines)
    correlator, book = Correlator(), Book()
    for line in lines:
        if line in said:
            correlator.feed(said[line], line)
    book.answer(correlator)
    book.write(correlator.drain(), said)

    assert [(f"anna{life}@example.com", 1, "delivered") for life in range(3)] == [
        (row.recipient, row.attempts, row.status.word) for row in book.rows()
    ]


def test_it_is_made_by_name():
    """The reader is made as those of the other servers are."""
    reader = make_reader("qmail", host="mx1", zone=ZoneInfo("UTC"), newest=NEWEST)

    assert isinstance(reader.read(stamped("new msg 5")), Arrived)
    assert isinstance(
        reader.read(stamped("starting delivery 2: msg 5 to local a@example.com")), Described
    )
