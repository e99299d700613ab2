"""Postfix: queue ids, times and texts of its log, whoever wrote them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.parsers.postfixes import ENVELOPE, NEWEST, new_reader, read

from postroad.model.event import (
    NOISE,
    Arrived,
    Ended,
    Noted,
    Rejected,
)
from postroad.parsers import detect
from postroad.parsers import reader as make_reader
from postroad.parsers.clock import Clock
from postroad.parsers.postfix import Reader, recognises
from postroad.parsers.postfix.ids import LEADING, created_at, is_long
from postroad.parsers.prefix import Envelope


@pytest.mark.parametrize(
    ("value", "message_id"),
    [
        ("<1@ex.test>", "1@ex.test"),
        ("<>", ""),
        ("", ""),
        ("no brackets", "no brackets"),
        ("<half", "<half"),
        ("=?UTF-8?B?PDE5?=? =?UTF-8?B?MTI+?=", "=?UTF-8?B?PDE5?=? =?UTF-8?B?MTI+?="),
        ("<a>: status=sent (x)", "<a>: status=sent (x)"),
    ],
)
def test_message_ids_of_all_kinds(value, message_id):
    """A message id is what the header holds, brackets off where there are both."""
    assert message_id == read(f"08ACF1541B01: message-id={value}", "cleanup").message_id


@pytest.mark.parametrize("word", ["STATISTICS1", "CLEANUP99", "DEBUG", "ABC12", "queue", "Deleted"])
def test_words_that_only_look_like_queue_ids(word):
    """A word before a colon is no queue id unless it could be one."""
    assert LEADING.match(f"{word}: x") is None


@pytest.mark.parametrize(
    ("queue_id", "created"),
    [
        ("4PbC4z6W5Qz3tG3", datetime(2023, 3, 13, 23, 8, 35, 916938, UTC)),
        ("08ACF1541B01", None),
        ("zzzzzzzzzzzzzzzz", None),
        ("z", None),
    ],
)
def test_long_queue_ids_tell_their_time(queue_id, created):
    """A long id holds the moment, year included, at which the queue file was made."""
    expected = int(created.timestamp() * 1_000_000) if created else 0

    assert expected == created_at(queue_id)


def test_kinds_of_queue_ids_are_told_apart():
    """Only long ids are never used again."""
    assert is_long("4PbC4z6W5Qz3tG3")
    assert not is_long("08ACF1541B01")


@pytest.mark.parametrize(
    ("zone", "hint"), [("UTC", 3600), ("Europe/Berlin", None), ("Asia/Kolkata", -16200)]
)
def test_wrong_zone_shows_in_long_queue_ids(zone, hint):
    """Where stamps and ids differ by whole quarters of an hour, the zone is set wrong."""
    reader = new_reader(zone)

    reader.read("2023-03-14T00:08:35 mx postfix/smtpd[1]: 4PbC4z6W5Qz3tG3: client=a[192.0.2.7]")

    assert hint == reader.zone_hint


def test_slow_message_is_no_sign_of_a_wrong_zone():
    """A difference that is not whole quarters of an hour says nothing about zones."""
    reader = new_reader()

    reader.read("2023-03-13T23:15:00 mx postfix/smtpd[1]: 4PbC4z6W5Qz3tG3: client=a[192.0.2.7]")

    assert reader.zone_hint is None


@pytest.mark.parametrize(
    "daemon", ["smtp", "smtpd", "qmgr", "local", "pickup", "cleanup", "bounce"]
)
def test_texts_with_a_queue_id_that_are_not_known_are_reported(daemon):
    """What a daemon says about a message in words we do not know is not noise."""
    assert read("08ACF1541B01: did something new", daemon) is None


@pytest.mark.parametrize("severity", ["warning", "error", "fatal", "panic"])
def test_severities_stand_before_the_queue_id(severity):
    """A warning that names a message is evidence of it; one that does not is noise."""
    event = read(f"{severity}: 08ACF1541B01: odd", "local")

    assert isinstance(event, Noted)
    assert event.queue_id == "08ACF1541B01"
    assert NOISE is read(f"{severity}: something is odd", "local")


@pytest.mark.parametrize(
    ("tag", "text", "expected"),
    [
        ("opendkim[1]", "08ACF1541B01: DKIM-Signature field added (s=m, d=ex.test)", Noted),
        ("opendmarc[1]", "08ACF1541B01: ex.test pass", Noted),
        ("milter-greylist", "08ACF1541B01: skipping greylist", Noted),
        ("opendkim[1]", "ignoring header field", type(NOISE)),
        ("dovecot", "lmtp(1): Connect from local", type(NOISE)),
        ("amavis[1]", "(1-1) Passed CLEAN, <s@ex.test> -> <r@ex.test>", type(NOISE)),
        ("CRON[1]", "(root) CMD (true)", type(NOISE)),
        ("kernel", "000000: x", type(NOISE)),
        ("sshd/session[1]", "08ACF1541B01: removed", type(NOISE)),
        ("postfix/policy-spf[1]", "Policy action=DUNNO", type(NOISE)),
        ("sm-mta[1]", "t2112345: to=<r@ex.test>, stat=Sent", type(None)),
        ("exim[1]", "1rABCD-0004Xa-2B <= s@ex.test", type(None)),
        ("postfix/unheard-of[1]", "08ACF1541B01: something", type(None)),
    ],
)
def test_neighbours_in_the_log(tag, text, expected):
    """Milters are evidence, other programs are noise, other mail servers are not understood."""
    assert expected is type(new_reader().read(f"{ENVELOPE} {tag}: {text}"))


def test_milters_belong_to_the_only_instance():
    """A milter's queue id is of the instance that wrote the log, if it is the only one."""
    reader = new_reader()
    milter = f"{ENVELOPE} opendkim[1]: 08ACF1541B01: DKIM-Signature field added"

    reader.read(f"{ENVELOPE} postfix-in/qmgr[1]: 08ACF1541B01: removed")
    assert reader.read(milter).instance == "postfix-in"
    reader.read(f"{ENVELOPE} postfix-out/qmgr[1]: 08ACF1541B01: removed")
    assert reader.read(milter).instance == "postfix"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "   ",
        "-- Boot 1234 --",
        f"{ENVELOPE} last message repeated 3 times",
        f"{ENVELOPE} -- MARK --",
    ],
)
def test_lines_of_the_log_itself_are_noise(line):
    """Empty lines, marks and repetitions say nothing about mail."""
    assert NOISE is new_reader().read(line)


def test_repeated_line_is_read_once_more():
    """What rsyslog wraps as repeated is the text that was repeated."""
    event = new_reader().read(
        f"{ENVELOPE} postfix/smtpd[1]: message repeated 2 times: [ NOQUEUE: reject: RCPT from "
        "a[192.0.2.7]: 550 no; from=<s@ex.test> to=<r@ex.test> proto=ESMTP helo=<h>]"
    )

    assert isinstance(event, Rejected)
    assert event.recipient == "r@ex.test"


def test_recognises_its_own_lines_only():
    """A line is Postfix's if its tag names one of its daemons."""
    envelope = Envelope(Clock(ZoneInfo("UTC"), NEWEST))
    own = f"{ENVELOPE} postfix/smtpd[1]: connect from a[192.0.2.7]"
    other = f"{ENVELOPE} dovecot: x"

    assert recognises(own, envelope.split(own))
    assert not recognises(other, envelope.split(other))
    assert not recognises("junk", None)


def test_hostile_long_lines_are_read_in_reasonable_time():
    """Lines of a megabyte made to be slow are read all the same."""
    reader = new_reader()
    for text in (
        "NOQUEUE: reject: RCPT from a[192.0.2.7]: 550 " + "; from=<" * 100_000,
        'NOQUEUE: reject: RCPT from a[192.0.2.7]: 550 x; from=<"' + '\\"' * 300_000,
        "08ACF1541B01: to=<" + '"a"' * 300_000,
        "08ACF1541B01: to=" + ", relay=" * 100_000,
        "08ACF1541B01: info: header Subject: " + " from local; from=<" * 50_000,
        "08ACF1541B01: info: header Subject: " + "=?utf-8?Q?a?= " * 60_000,
        "08ACF1541B01: from=<" + ">, size=" * 100_000,
        "08ACF1541B01: client=a[192.0.2.7], sasl_username=" + ", orig_client=" * 60_000,
    ):
        for daemon in ("smtpd", "cleanup", "qmgr", "smtp"):
            reader.read(f"{ENVELOPE} postfix/{daemon}[1]: {text}")


def test_arrivals_name_their_process():
    """The process id on an arrival joins the session's lines without a queue id."""
    event = read("08ACF1541B01: client=a[192.0.2.7]", "smtpd")

    assert isinstance(event, Arrived)
    assert event.pid == 4711


def test_operator_and_queue_manager_remove_differently():
    """`removed` is the end of a finished message, or an operator's deed, by who says it."""
    done = read("08ACF1541B01: removed", "qmgr")
    deleted = read("08ACF1541B01: removed", "postsuper")

    assert isinstance(done, Ended)
    assert isinstance(deleted, Ended)
    assert done.kind is not deleted.kind


def test_subject_that_imitates_badly_hides_nothing():
    """Where only one reading reaches the end of the line, it is the server's own."""
    event = read(
        "08ACF1541B01: info: header Subject: a from x[192.0.2.9]; from=<v@a.test> to=<w@a.test> b "
        "from mx[192.0.2.7]; from=<s@ex.test> to=<r@ex.test>",
        "cleanup",
    )

    assert (event.sender, event.recipient, event.client_ip) == (
        "s@ex.test",
        "r@ex.test",
        "192.0.2.7",
    )
    assert event.subject == "a from x[192.0.2.9]; from=<v@a.test> to=<w@a.test> b"


@pytest.mark.parametrize("digits", ["9" * 5000, "\u00b2", "\u0663"])
def test_endless_and_foreign_digits_are_no_numbers(digits):
    """Numbers too long for Python, and digits of other scripts, upset nothing."""
    reader = new_reader()
    for daemon, text in (
        ("qmgr", f"from=<s@ex.test>, size={digits}, nrcpt={digits} (queue active)"),
        ("smtp", f"to=<b@ex.test>, relay=mx[192.0.2.7]:{digits}, delay={digits}, status=sent (x)"),
        ("smtp", f"to=<b@ex.test>, relay=mx[192.0.2.7]:25, delay=1.{digits}, status=sent (x)"),
        ("smtpd", f"reject: RCPT from a[192.0.2.7]:{digits}: {digits} no; from=<> to=<b@ex.test>"),
        ("smtpd", f"client=a[192.0.2.7]:{digits}"),
        ("pickup", f"uid={digits} from=<a>"),
    ):
        reader.read(f"{ENVELOPE} postfix/{daemon}[1]: 08ACF1541B01: {text}")
    reader.read(
        f"{ENVELOPE} postfix/smtp[{digits}]: Trusted TLS connection established to a[192.0.2.7]:{digits}: TLSv1 with cipher X"
    )


def test_days_that_are_not_padded_are_read():
    """Some syslog daemons and editors leave out the space before a day of one digit."""
    event = new_reader().read("Feb 1 13:17:02 mail postfix/qmgr[1]: 08ACF1541B01: removed")

    assert isinstance(event, Ended)
    assert event.host == "mail"


def test_operator_who_expires_a_message_leaves_a_note():
    """`postsuper -e` makes the queue manager return the message later; it does not end it."""
    assert isinstance(read("08ACF1541B01: expired", "postsuper"), Noted)
    assert read("08ACF1541B01: juggled", "postsuper") is None


def test_ids_that_hold_no_time_say_nothing_about_zones():
    """A word that only looks like a long id is compared with nothing."""
    reader = new_reader()

    event = reader.read(f"{ENVELOPE} postfix/smtpd[1]: zzzzzzzzzzzzz0: client=a[192.0.2.7]")

    assert isinstance(event, Arrived)
    assert reader.zone_hint is None


def test_any_number_of_tags_is_read():
    """A log with more tags than are remembered is read all the same."""
    reader = new_reader()

    for number in range(5000):
        event = reader.read(f"{ENVELOPE} postfix-{number}/qmgr[1]: 08ACF1541B01: removed")
        assert event.instance == f"postfix-{number}"


def test_reader_is_made_and_found_by_name():
    """The parsers' own front door makes this reader and tells a Postfix log from others."""
    lines = [f"{ENVELOPE} postfix/smtpd[1]: connect from a[192.0.2.7]", f"{ENVELOPE} cron[1]: x"]
    made = make_reader("postfix", host="mail", zone=ZoneInfo("UTC"), newest=NEWEST)

    assert isinstance(made, Reader)
    assert detect(lines) == "postfix"
