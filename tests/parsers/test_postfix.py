"""The Postfix parser understands every form it claims to, whole or cut, and nothing upsets it."""

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
    Ended,
    Noted,
    Rejected,
    SessionTls,
)
from postroad.model.status import Outcome
from postroad.parsers import detect
from postroad.parsers import reader as make_reader
from postroad.parsers.clock import Clock
from postroad.parsers.postfix import READERS, SAMPLES, Reader, recognises
from postroad.parsers.postfix.ids import LEADING, created_at, is_long
from postroad.parsers.prefix import Envelope
from postroad.parsers.subject import decode

NEWEST = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000
ENVELOPE = "Feb  1 13:17:02 mail"


def new_reader(zone="UTC", host="log.example.com"):
    """Make a reader of a log that ends in March 2026."""
    return Reader(host, Clock(ZoneInfo(zone), NEWEST))


def read(text, daemon="smtp", instance="postfix"):
    """Read one text of one daemon in a classic envelope."""
    return new_reader().read(f"{ENVELOPE} {instance}/{daemon}[4711]: {text}")


DELIVERY = (
    "08ACF1541B01: to=<b@ex.test>, relay={relay}, delay=1.9, delays=0.1/0/1.5/0.3, dsn={dsn}, "
    "status={status} ({text})"
)


def delivery(text, *, status="sent", relay="mx.ex.test[192.0.2.7]:25", dsn="2.0.0", daemon="smtp"):
    """Read a delivery line with this text in its parentheses."""
    return read(DELIVERY.format(relay=relay, dsn=dsn, status=status, text=text), daemon)


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
    ("reply", "next_id"),
    [
        ("250 2.0.0 Ok: queued as 4F5C64474F", "4F5C64474F"),
        ("250 2.0.0 Ok: queued as 4PbC4z6W5Qz3tG3", "4PbC4z6W5Qz3tG3"),
        ("250 Ok 0102018c-abcd-0000 queued as 77.", "77"),
        ("250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as AED4", "AED4"),
        ("250 OK id=1rABCD-0004Xa-2B", "1rABCD-0004Xa-2B"),
        ("250 2.0.0 OK 1580000000 q12si1 - gsmtp", ""),
        ("250 2.0.0 Ok: queued as ", ""),
    ],
)
def test_next_queue_id_is_taken_from_the_reply(reply, next_id):
    """Where the next server names its id, the attempt carries it."""
    assert next_id == delivery(reply).next_queue_id


def test_a_failed_delivery_names_no_next_id():
    """What a refusal says about queues is not the next server's id."""
    event = delivery("host x[192.0.2.7] said: 550 queued as JUNK1", status="bounced")

    assert event.next_queue_id == ""


@pytest.mark.parametrize(
    ("text", "code", "enhanced"),
    [
        ("host mx.ex.test[192.0.2.7] said: 550 5.1.1 no such user", 550, "5.1.1"),
        ("host mx.ex.test[192.0.2.7]:25 said: 550-5.7.1 first 550 5.7.1 last", 550, "5.7.1"),
        ("host mx.ex.test[192.0.2.7] refused to talk to me: 421 busy", 421, "5.0.0"),
        ("host mx.ex.test[192.0.2.7] said: 450 4.7.1 later (in reply to DATA)", 450, "4.7.1"),
        ("SASL authentication failed; server mx[192.0.2.7] said: 535 5.7.8 no", 535, "5.7.8"),
        (
            "conversation with mx.ex.test[192.0.2.7] timed out while receiving 250 2.0.0",
            None,
            "5.0.0",
        ),
        ("unknown user: 550", None, "5.0.0"),
        ("host x said: 550 5.1.1 y", None, "5.0.0"),
    ],
)
def test_codes_are_the_other_servers_own(text, code, enhanced):
    """Reply and enhanced code are the remote server's; dsn= stands in for the latter only."""
    event = delivery(text, status="bounced", dsn="5.0.0")

    assert (code, enhanced) == (event.smtp_code, event.enhanced_code)
    assert text == event.reply


def test_reply_is_kept_whole():
    """Parentheses, commas and things that look like fields do not end the reply."""
    reply = "250 ok (a (b) c), status=bounced (to=<x@y.test>, relay=none) \u00e9 #"

    assert reply == delivery(reply).reply


def test_multi_line_reply_is_kept_whole():
    """A reply with line breaks, which rsyslog escaped, is one reply."""
    event = delivery("host x[192.0.2.7] said: 550-a#012550 b", status="bounced")

    assert event.reply == "host x[192.0.2.7] said: 550-a\n550 b"


@pytest.mark.parametrize(
    ("relay", "expected"),
    [
        ("none", ("", "", None)),
        ("mx.ex.test[192.0.2.7]:2501", ("mx.ex.test", "192.0.2.7", 2501)),
        ("mx.ex.test[2001:db8::7]:25", ("mx.ex.test", "2001:db8::7", 25)),
        ("192.0.2.7[192.0.2.7]:25", ("192.0.2.7", "192.0.2.7", 25)),
        ("127.0.0.1[127.0.0.1]:10024", ("127.0.0.1", "127.0.0.1", 10024)),
        ("mx.ex.test[192.0.2.7]", ("mx.ex.test", "192.0.2.7", None)),
        ("mail.ex.test[private/dovecot-lmtp]", ("", "", None)),
        ("mail.ex.test[/run/lmtp.sock]", ("", "", None)),
    ],
)
def test_relay_is_taken_apart(relay, expected):
    """The relay is a host, its address and port, or none of these."""
    event = delivery("250 ok", relay=relay)

    assert expected == (event.remote_host, event.remote_ip, event.remote_port)


@pytest.mark.parametrize(
    ("daemon", "relay", "remote"),
    [
        ("smtp", "mx.ex.test[192.0.2.7]:25", True),
        ("smtp", "none", True),
        ("lmtp", "store.ex.test[192.0.2.7]:24", True),
        ("lmtp", "mail.ex.test[private/dovecot-lmtp]", False),
        ("lmtp", "none", False),
        ("local", "local", False),
        ("virtual", "virtual", False),
        ("pipe", "dovecot", False),
        ("error", "none", False),
    ],
)
def test_remote_is_what_is_offered_to_another_host(daemon, relay, remote):
    """SMTP is remote, LMTP over TCP too; sockets, mailboxes and commands are not."""
    assert remote is delivery("text", daemon=daemon, relay=relay).remote


@pytest.mark.parametrize(
    ("status", "text", "daemon", "outcome", "counted"),
    [
        ("sent", "250 ok", "smtp", Outcome.DELIVERED, True),
        ("sent", "delivered to mailbox", "local", Outcome.DELIVERED, True),
        ("sent", "delivered to file: /dev/null", "local", Outcome.DISCARDED, True),
        ("sent", "250 2.7.0 Ok, discarded, id=1-2 - INFECTED", "smtp", Outcome.DISCARDED, True),
        ("sent", "250 the word discarded", "smtp", Outcome.DELIVERED, True),
        ("sent", "silently", "discard", Outcome.DISCARDED, True),
        ("bounced", "no", "smtp", Outcome.FAILED, True),
        ("SOFTBOUNCE", "no", "smtp", Outcome.DEFERRED, True),
        ("deferred", "later", "smtp", Outcome.DEFERRED, True),
        ("deferred", "delivery temporarily suspended: x", "retry", Outcome.DEFERRED, False),
        ("deferred", "mail transport unavailable", "qmgr", Outcome.DEFERRED, False),
        ("deferred", "deferred transport", "error", Outcome.POSTPONED, False),
    ],
)
def test_outcome_follows_status_and_daemon(status, text, daemon, outcome, counted):
    """`sent` into a black hole is no delivery, and a suspended one is no attempt."""
    event = delivery(text, status=status, daemon=daemon)

    assert (outcome, counted) == (event.outcome, event.counted)


@pytest.mark.parametrize(
    "status",
    ["deliverable", "undeliverable", "deliverable-but-not-cached", "undeliverable-but-not-cached"],
)
def test_address_probes_move_no_mail(status):
    """Address verification is evidence and no attempt."""
    assert isinstance(delivery("250 ok", status=status), Noted)


def test_status_that_is_not_known_is_not_understood():
    """A word that Postfix does not have is reported, not guessed."""
    assert delivery("250 ok", status="teleported") is None


@pytest.mark.parametrize("daemon", ["qmgr", "cleanup", "bounce", "smtpd", "virtual"])
def test_any_daemon_may_report_a_recipient(daemon):
    """Older queue managers, and cleanup for local mail, write delivery lines themselves."""
    assert isinstance(delivery("later", status="deferred", daemon=daemon), Attempted)


@pytest.mark.parametrize(
    ("fields", "address", "original"),
    [
        ("to=<b@ex.test>, relay=local, delay=1", "b@ex.test", ""),
        ("to=<b@ex.test>, orig_to=<root>, relay=local, delay=1", "b@ex.test", "root"),
        (
            "to=b@ex.test, orig_to=root@localhost, relay=local, delay=1",
            "b@ex.test",
            "root@localhost",
        ),
        ('to=<"a b@c > d"@ex.test>, relay=local, delay=1', '"a b@c > d"@ex.test', ""),
        ('to=<"q\\"> x"@ex.test>, relay=local, delay=1', '"q\\"> x"@ex.test', ""),
        ('to=<o"dd@ex.test>, relay=local, delay=1', 'o"dd@ex.test', ""),
        ("to=<a>b@ex.test>, relay=local, delay=1", "a>b@ex.test", ""),
        ("to=<gr\u00fc\u00dfe@ex.test>, relay=local, delay=1", "gr\u00fc\u00dfe@ex.test", ""),
        ("to=<a@b@c.test>, relay=local, delay=1", "a@b@c.test", ""),
        ("to=<status=sent@ex.test>, relay=local, delay=1", "status=sent@ex.test", ""),
    ],
)
def test_addresses_of_all_kinds_are_read(fields, address, original):
    """Quoted, unquoted, bracketless and foreign addresses are read as they were written."""
    event = read(f"08ACF1541B01: {fields}, status=sent (x)", "local")

    assert (address, original) == (event.address, event.original)


def test_line_cut_within_the_reply_is_still_an_attempt():
    """A line that a full buffer cut has lost only the end of the reply."""
    event = read(
        "08ACF1541B01: to=<b@ex.test>, relay=local, delay=1, status=sent (delivered to c", "local"
    )

    assert event.reply == "delivered to c"


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
