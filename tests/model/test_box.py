"""The one box: what people type and paste is understood as what it is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.model.box import LONGEST, understand


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("bob@example.com", "address", "bob@example.com"),
        ("  <Bob@Example.com> ", "address", "Bob@Example.com"),
        ("Bob Example <bob@example.com>", "address", "bob@example.com"),
        ("mailto:bob@example.com", "address", "bob@example.com"),
        ("bounces+123456-ab-bob=example.com@list.example", "address", None),
        ("user.with.long.name2019@example.com", "address", None),
        ("@example.com", "address", "@example.com"),
        ("*@example.com", "address", "@example.com"),
        ("example.com", "address", "@example.com"),
        ("bücher.example", "address", "@bücher.example"),
        ("xn--bcher-kva.example", "address", "@xn--bcher-kva.example"),
        ("To: Bob <bob@example.com>", "to", "bob@example.com"),
        ("from: example.com", "from", "@example.com"),
        ("Subject: hello there", "subject", "hello there"),
        ("192.0.2.1", "ip", "192.0.2.1"),
        ("[192.0.2.1]", "ip", "192.0.2.1"),
        ("192.0.2.9/24", "ip", "192.0.2.0/24"),
        ("IPv6:2001:db8::1", "ip", "2001:db8::1"),
        ("2001:db8::/32", "ip", "2001:db8::/32"),
        ("1vJx2k-000000001aB-3cDe", "id", None),
        ("1abCDe-0001aB-Xy", "id", None),
        ("9F3C21A0BB", "id", None),
        ("4DLfTk1Jzcz9wRk", "id", None),
        ("0123456789abcdef01234567", "id", None),
        ("<order.1@shop.example>", "address", "order.1@shop.example"),
        ("Message-ID: <order.1@shop.example>", "message_id", "order.1@shop.example"),
        ("E1vM900-00000009900-0aB@mx1.example.com", "message_id", None),
        ("<20260302100000.4bXyZ@mx.example>", "message_id", "20260302100000.4bXyZ@mx.example"),
        ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6@example.com", "message_id", None),
        ("CAF+abcdefGHI123456789=x@mail.example.com", "message_id", None),
        ("000001d9$a1b2c3d4$e5f60718$@example.com", "message_id", None),
        ("order", "subject", None),
        ("20260302", "subject", None),
        ("DEADBEEF", "subject", None),
        ("A12345", "subject", None),
        ("report.pdf", "subject", None),
        ("v2.0", "subject", None),
        ("12:30", "subject", None),
        ("invoice 2026", "subject", None),
        ("Re: status=sent", "subject", None),
        ("'; DROP TABLE deliveries; --", "subject", None),
    ],
)
def test_what_is_understood(text: str, name: str, value: str | None):
    """One text is one value, under the name of what it is."""
    assert understand(text) == {name: value or " ".join(text.split())}


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        (
            "2026-03-02 10:00:00 1vJx2k-000000001aB-3cDe => bob <bob@example.com> R=r T=t",
            "id",
            "1vJx2k-000000001aB-3cDe",
        ),
        ("2026-03-02 10:00:00 [123] 1abCDe-0001aB-Xy Completed", "id", "1abCDe-0001aB-Xy"),
        (
            "Mar  2 10:00:00 mx postfix/smtp[123]: 4DLfTk1Jzcz9wRk: to=<bob@example.com>, relay=x",
            "id",
            "4DLfTk1Jzcz9wRk",
        ),
        ("Mar  2 10:00:00 mx postfix/qmgr[1]: AB12CD: removed", "id", "AB12CD"),
        ("AB12CD34EF: from=<a@b.example>, size=1, nrcpt=1 (queue active)", "id", "AB12CD34EF"),
        ("250 2.0.0 Ok: queued as 9F3C21A0BB", "id", "9F3C21A0BB"),
        (
            "X-Loop: 1 Message-ID: <a.1@b.example> To: bob@example.com",
            "message_id",
            "a.1@b.example",
        ),
        ("<= a@b.example H=x P=esmtp id=x.1@b.example", "message_id", "x.1@b.example"),
        (
            "Mar  2 10:00:00 mx sendmail[9]: 62210AbC012345: to=<b@c.example>, stat=Sent",
            "id",
            "62210AbC012345",
        ),
        (
            "Mar  2 10:00:00 mx sm-mta[9]: n3S2AbIG029209: from=<a@b.example>",
            "id",
            "n3S2AbIG029209",
        ),
        (
            "Mar  2 10:00:00 mx smtpd[9]: 5aee0e5f2f7a3c8b mta delivery evpid=3d4c4a4212345678",
            "id",
            "3d4c4a42",
        ),
        ("Mar  2 10:00:00 mx smtpd[9]: 5aee smtp message msgid=3d4c4a42 size=1", "id", "3d4c4a42"),
        (
            "@4000000038c3eeb02877ee94 starting delivery 2392: msg 93869 to remote b@c.example",
            "id",
            "93869",
        ),
        ("@4000000038c3eeb027f41c7c info msg 93869: bytes 2343 from <a@b.example>", "id", "93869"),
        (
            "Mar  2 10:00:00 mx dovecot: lmtp(b)<1><x>: msgid=<o.1@b.example>: saved mail to INBOX",
            "message_id",
            "o.1@b.example",
        ),
        (
            "rspamd_task_write_log: id: <o.1@b.example>, qid: <4DLfTk1Jzcz9wRk>, ip: 192.0.2.1",
            "id",
            "4DLfTk1Jzcz9wRk",
        ),
        (
            "spamd: result: . 0 - scantime=1,mid=<o.1@b.example>,autolearn=no",
            "message_id",
            "o.1@b.example",
        ),
        (
            "amavis[1]: (1-01) Passed CLEAN, <a@b.example> -> <b@c.example>, Queue-ID: 9F3C21A0BB",
            "id",
            "9F3C21A0BB",
        ),
        (
            "MailScanner[1]: Spam Actions: message 7F01B2C3D4.A1B2C actions are store",
            "id",
            "7F01B2C3D4",
        ),
        (
            '{"SYSLOG_IDENTIFIER":"postfix/qmgr","MESSAGE":"6771B2C3D4: removed"}',
            "id",
            "6771B2C3D4",
        ),
        (
            (
                "postfix/smtp[9]: 4A5B6C7D8E: to=<b@c.example>, relay=x, status=sent "
                "(250 OK id=1wAAAA-00000000001-0001)"
            ),
            "id",
            "4A5B6C7D8E",
        ),
        (
            "spamd: processing message <o.1@b.example> for vmail:5000",
            "message_id",
            "o.1@b.example",
        ),
        ("MailScanner[1]: Message 4bsM5k4xJmz4rT6 from 192.0.2.1 is spam", "id", "4bsM5k4xJmz4rT6"),
        (
            "To: bob@example.comSubject: HiFrom: a@b.exampleMessage-ID: <o.1@b.example>Date: x",
            "message_id",
            "o.1@b.example",
        ),
        (
            (
                "Mar  2 10:00:00 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 550 "
                "5.1.1 <x>: no; from=<a@b.example> to=<bob@example.com> proto=ESMTP"
            ),
            "address",
            "bob@example.com",
        ),
        (
            (
                "2026-03-02 10:00:00 H=x [192.0.2.1] F=<a@b.example> rejected RCPT <bob@example.com>: "
                "no"
            ),
            "address",
            "bob@example.com",
        ),
    ],
)
def test_pasted_lines(line: str, name: str, value: str):
    """Of a line of a log the queue id counts, else the Message-ID, else an address."""
    assert understand(line) == {name: value}


def test_nothing():
    """Blank is nothing."""
    assert understand("") == understand(" \n\t ") == {}


@given(st.text(max_size=300))
def test_anything_is_understood_somehow(text: str):
    """Whatever is typed is one value under a name of a question, or nothing."""
    found = understand(text)

    assert len(found) == (1 if text.split() else 0)
    assert set(found) <= {"address", "to", "from", "subject", "id", "message_id", "ip"}


@pytest.mark.parametrize(
    "piece", ["a", "a@", "<", "a.b", "1 ", "id=a", "to=<", "=> ", "a1", "aaaaaa-", "1$", "x: "]
)
def test_long_texts_take_no_time(piece: str):
    """No text, however hostile, keeps it busy."""
    began = time.perf_counter()
    understand(piece * LONGEST)

    assert time.perf_counter() - began < 0.5
