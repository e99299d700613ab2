"""The Postfix parser understands every form it claims to, whole or cut, and nothing upsets it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.parsers.postfixes import DELIVERY, ENVELOPE, new_reader, read

from postroad.model.event import (
    NOISE,
    Described,
    Noted,
    Rejected,
    SessionTls,
)
from postroad.parsers.postfix import READERS, SAMPLES
from postroad.parsers.subject import decode


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_are_understood(sample):
    """Every line the parser claims to understand yields the event it claims, field by field."""
    event = read(sample.text, sample.daemon)

    assert sample.kind is type(event)
    assert sample.fields == {name: getattr(event, name) for name in sample.fields}


@pytest.mark.parametrize("sample", SAMPLES)
def test_cut_samples_never_raise(sample):
    """A line cut anywhere, as at a log rotation, is read or reported, never an exception."""
    reader = new_reader()
    line = f"{ENVELOPE} postfix/{sample.daemon}[4711]: {sample.text}"

    for cut in range(len(line)):
        reader.read(line[:cut])


def test_every_reader_has_samples_or_is_background():
    """Each daemon that speaks of messages has a sample of its own."""
    shown = {sample.daemon.rpartition("/")[2] for sample in SAMPLES}
    kin = {"virtual": "local", "retry": "error", "oqmgr": "qmgr", "nqmgr": "qmgr"}
    speaking = {name for name, function in READERS.items() if function.__name__ != "background"}

    assert {kin.get(name, name) for name in speaking} - {"defer", "trace"} <= shown


@given(
    daemon=st.sampled_from(sorted(READERS)),
    sample=st.sampled_from(SAMPLES),
    junk=st.text(max_size=40),
    position=st.integers(0, 300),
)
def test_junk_anywhere_never_raises(daemon, sample, junk, position):
    """Any text of any daemon with anything in it is read without an exception."""
    text = sample.text[:position] + junk + sample.text[position:]

    new_reader().read(f"{ENVELOPE} postfix/{daemon}[1]: {text}")


@given(line=st.text(max_size=200))
def test_any_text_never_raises(line):
    """A line that is no log line at all is not understood, and that is all."""
    new_reader().read(line)


def test_facts_of_the_envelope_are_on_the_event():
    """Time, host, instance, queue id and process of a line are on its event."""
    event = new_reader().read(
        "2026-02-01T13:17:02.123456+01:00 mx1 postfix-out/relay/smtp[4711]: "
        + DELIVERY.format(
            relay="mx.ex.test[192.0.2.7]:25", dsn="2.0.0", status="sent", text="250 Ok"
        )
    )

    assert datetime(2026, 2, 1, 12, 17, 2, 123456, UTC) == datetime.fromtimestamp(
        event.at / 1_000_000, UTC
    )
    assert event.host == "mx1"
    assert event.instance == "postfix-out"
    assert event.queue_id == "08ACF1541B01"
    assert event.pid == 4711
    assert event.transport == "relay"


def test_host_stands_in_where_the_envelope_names_none():
    """A line whose envelope has no host is of the host that the log is of."""
    line = '{"__REALTIME_TIMESTAMP":"1769951822000000","SYSLOG_IDENTIFIER":"postfix/qmgr",'
    line += '"MESSAGE":"08ACF1541B01: removed"}'

    assert new_reader().read(line).host == "log.example.com"


@pytest.mark.parametrize(
    ("text", "continues", "client"),
    [
        ("client=mx.ex.test[192.0.2.7]", "", ("mx.ex.test", "192.0.2.7")),
        ("client=unknown[unknown]", "", ("", "")),
        (
            (
                "client=localhost[127.0.0.1]:5000, sasl_method=PLAIN, sasl_username=a, b, "
                "orig_queue_id=1AB0F52301, orig_client=mx.ex.test[2001:db8::7]"
            ),
            "1AB0F52301",
            ("mx.ex.test", "2001:db8::7"),
        ),
        (
            "client=localhost[127.0.0.1], orig_queue_id=-not one-",
            "",
            ("localhost", "127.0.0.1"),
        ),
    ],
)
def test_clients_are_read(text, continues, client):
    """The client is the first one where a filter passes it on; junk for an id is no id."""
    event = read(f"08ACF1541B01: {text}", "smtpd")

    assert (continues, client) == (event.continues, (event.client_host, event.client_ip))


def test_login_proves_the_user():
    """A SASL login is proof; a claimed sender is not a user."""
    event = read("08ACF1541B01: client=a[192.0.2.7], sasl_sender=x@ex.test", "smtpd")
    proven = read(
        "08ACF1541B01: client=a[192.0.2.7], sasl_method=LOGIN, sasl_username=anna", "smtpd"
    )

    assert (event.user, event.user_proven) == ("", False)
    assert (proven.user, proven.user_proven, proven.auth) == ("anna", True, "LOGIN")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "reject: RCPT from a[192.0.2.7]: 554 5.7.1 Service unavailable",
            ("", "554 5.7.1 Service unavailable"),
        ),
        (
            (
                "reject: RCPT from a[192.0.2.7]: 550 5.1.1 <x@ex.test>; no; from=<> to=<x@ex.test> "
                "proto=ESMTP helo="
            ),
            ("x@ex.test", "550 5.1.1 <x@ex.test>; no"),
        ),
        (
            (
                "reject: RCPT from a[192.0.2.7]: 550 x; from=<x; from=<v@a.test> to=<w@a.test> "
                "proto=X helo=<y@ex.test> to=<real@ex.test> proto=ESMTP helo=<h>"
            ),
            ("", None),
        ),
    ],
)
def test_fields_of_a_refusal_are_believed_only_if_they_fit(text, expected):
    """Recipients come from the server's own fields, never from what the client made look so."""
    recipient, reply = expected
    event = read(f"NOQUEUE: {text}", "smtpd")

    assert isinstance(event, Rejected)
    assert recipient == event.recipient
    assert reply is None or reply == event.reply


@pytest.mark.parametrize(
    ("reply", "temporary"),
    [
        ("450 4.7.1 later", True),
        ("451 later", True),
        ("550 5.7.1 never", False),
        ("550 4.7.1 never, although it says 4.7.1", False),
        ("4.7.1 later", True),
        ("5.7.1 never", False),
        ("no code at all", False),
    ],
)
def test_temporary_refusals_are_told_apart(reply, temporary):
    """4xx means that the client may come back."""
    event = read(
        f"08ACF1541B01: milter-reject: END-OF-MESSAGE from a[192.0.2.7]: {reply};", "cleanup"
    )

    assert temporary is event.temporary
    assert reply == event.reply


@pytest.mark.parametrize(
    "action", ["reject_warning", "filter", "warn", "info", "prepend", "redirect", "bcc"]
)
def test_other_rules_say_nothing_without_a_queue_id(action):
    """What a rule does before there is a message is no news; with a queue id it is."""
    text = f"{action}: RCPT from a[192.0.2.7]: <x>: y; from=<s@ex.test> to=<r@ex.test> proto=ESMTP helo=<h>"

    assert NOISE is read(f"NOQUEUE: {text}", "smtpd")
    described = read(f"08ACF1541B01: {text}", "smtpd")
    assert isinstance(described, Described)
    assert (described.sender, described.recipient) == ("s@ex.test", "")


def test_a_hold_is_told_before_the_queue_id_is_known():
    """The session's next message will be held: its process and client say which that is."""
    event = read(
        "NOQUEUE: hold: RCPT from a[192.0.2.7]: <x>: y; from=<s@ex.test> to=<r@ex.test>", "smtpd"
    )

    assert isinstance(event, Described)
    assert (event.queue_id, event.waiting, event.client_ip) == ("", "on hold", "192.0.2.7")
    assert event.pid == 4711


def test_subject_is_what_the_sender_wrote_and_nothing_more_is_believed():
    """A subject that imitates the rest of the line stays a subject."""
    forged = "Subject: hello from x[192.0.2.9]; from=<v@a.test> to=<w@a.test>: x"
    event = read(
        f"08ACF1541B01: info: header {forged} from mx[192.0.2.7]; from=<s@ex.test> to=<r@ex.test>",
        "cleanup",
    )

    assert forged.removeprefix("Subject: ") == event.subject
    assert (event.sender, event.recipient, event.client_ip) == ("", "", "")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("plain", "plain"),
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?utf-8?Q?_=E2=80=92?= test", "Gr\u00fc\u00dfe \u2012 test"),
        ("=?UTF-8?B?R3LDvA==?=? =?utf-8?B?w59l?=", "Gr\u00fc\u00dfe"),
        ("=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Gr\u00fc\u00dfe"),
        ("=?iso-8859-1?q?caf=E9_?=bar", "caf\u00e9 bar"),
        ("=?utf-8?B?R3LDvMOfZSBhdXMgQm9ub", "Gr\u00fc\u00dfe aus Bonn"[:-1]),
        ("=?utf-8?Q?cut_=C3=BC_her", "cut \u00fc her"),
        ("=?nonsense?Q?x?=", "=?nonsense?Q?x?="),
        ("=?unicode_escape?Q?=5Cud800?=", "=?unicode_escape?Q?=5Cud800?="),
        ("=?utf-8*en?Q?x_y?=", "x y"),
        ("a\x1b[31m\tb", "a [31m b"),
        ("=?", "=?"),
    ],
)
def test_encoded_subjects_are_decoded(written, meant):
    """Encoded words are decoded also where Postfix cut or folded them; junk stays as it was."""
    assert meant == decode(written)


@given(
    charset=st.sampled_from(["utf-8", "utf-7", "utf-16", "idna", "punycode", "rot13", "\0", "zip"]),
    encoding=st.sampled_from("bBqQ"),
    written=st.text(max_size=30),
)
def test_no_encoded_word_raises_or_yields_what_cannot_be_stored(charset, encoding, written):
    """Whatever an encoded word holds, the result is text that can be encoded again."""
    decode(f"x =?{charset}?{encoding}?{written}?= y").encode("utf-8")


def test_tls_lines_join_by_process():
    """A TLS line carries the process id by which its session's messages are found."""
    event = read(
        "Verified TLS connection reused to mx.ex.test[192.0.2.7]:25 to other.test: TLSv1.2 with "
        "cipher ECDHE (256/256 bits)"
    )

    assert isinstance(event, SessionTls)
    assert (
        event.pid,
        event.outgoing,
        event.peer_ip,
        event.peer_port,
    ) == (4711, True, "192.0.2.7", 25)


def test_tls_proxy_is_no_session_of_a_message():
    """tlsproxy(8) serves other processes, whose sessions its own id does not join."""
    assert NOISE is read(
        "Anonymous TLS connection established from [192.0.2.7]:5: TLSv1.3 with cipher X", "tlsproxy"
    )


def test_local_mail_that_a_rule_rejects_is_not_refused():
    """Mail submitted on the host bounces instead, with lines of its own."""
    event = read(
        "08ACF1541B01: reject: header X: y from local; from=<s@ex.test>: 5.7.1 no", "cleanup"
    )

    assert isinstance(event, Noted)


def test_mail_a_rule_discards_is_discarded_wherever_it_came_from():
    """A discarded message was accepted and thrown away, also if it was submitted here."""
    event = read(
        "08ACF1541B01: discard: header X: y from local; from=<s@ex.test> to=<r@ex.test>", "cleanup"
    )

    assert isinstance(event, Rejected)
    assert event.discarded
    assert event.recipient == "r@ex.test"


def test_connection_lost_after_the_end_of_data_ends_nothing():
    """Once the message was taken, a client that hangs up changes nothing."""
    event = read("08ACF1541B01: lost connection after END-OF-MESSAGE from a[192.0.2.7]", "smtpd")

    assert isinstance(event, Noted)


def test_quarantined_by_a_milter_waits():
    """milter-hold at the end of the message puts it on hold."""
    event = read(
        "08ACF1541B01: milter-hold: END-OF-MESSAGE from a[192.0.2.7]: milter triggers HOLD action; from=<s@ex.test> to=<r@ex.test> proto=ESMTP helo=<h>",
        "cleanup",
    )

    assert (event.waiting, event.recipient) == ("on hold", "r@ex.test")


@pytest.mark.parametrize(
    "text", ["from=<s@ex.test>, size=x, nrcpt=1", "from=<s@ex.test>, size=1", "from=<"]
)
def test_cut_queue_manager_lines_are_reported(text):
    """A size or count that is not a number is not guessed."""
    assert read(f"08ACF1541B01: {text}", "qmgr") is None


def test_queue_file_too_big_is_a_refusal_for_good():
    """Cleanup says that a message is too big only in a warning."""
    event = read("warning: 08ACF1541B01: queue file size limit exceeded", "cleanup")

    assert isinstance(event, Rejected)
    assert not event.temporary
