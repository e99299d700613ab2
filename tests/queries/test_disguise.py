"""Lines that are sent to strangers: nobody's name is in them, and their shape is."""

from __future__ import annotations

import random

import pytest

from postroad import queries
from postroad.ingest.samples import shape
from postroad.model.coverage import UnknownLine
from postroad.queries.disguise import Disguise


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (
            "2026-03-02T08:00:01.1+01:00 mx1 postfix/smtp[77]: to=<anna@real.test>, new=5",
            "2026-03-02T08:00:01.1+01:00 mx1 postfix/smtp[77]: to=<user1@domain1.example>, new=5",
        ),
        (
            "connect from mail.real.test[10.1.2.3] to [fd00::5]:25 via 127.0.0.1",
            "connect from host1.example[192.0.2.1] to [2001:db8::1]:25 via 127.0.0.1",
        ),
        ('H=(pc-anna) T="Dear Anna, 5 \\" off" x', 'H=(pc-anna) T="xxxx xxxx, x \\" xxx" x'),
        (
            "warning: header Subject: Hello Anna from real.test[10.1.2.3]; from=<>",
            "warning: header Subject: xxxxx xxxx from host1.example[192.0.2.1]; from=<>",
        ),
        ("mailbox of anna, anna@real.test", "mailbox of user1, user1@domain1.example"),
        ("/var/mail/real/anna/cur", "/var/mail/xxxx/xxxx/xxx"),
        ("open main.cf and smtpd.c of 3.7.11 failed", "open main.cf and smtpd.c of 3.7.11 failed"),
        (
            "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384",
            "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384",
        ),
    ],
)
def test_lines(line, masked):
    """What names somebody is replaced, the rest stays."""
    got = Disguise().line(line)
    if "/xxxx" in masked:
        assert got.startswith("/var/mail/")
        assert "anna" not in got
        assert list(map(len, got.split("/"))) == list(map(len, line.split("/")))
        return
    assert got == masked


def test_one_name_has_one_replacement():
    """Also over several lines, in any case; another name has another."""
    mask = Disguise()
    first = mask.line("a@x.test b@x.test A@X.test")
    assert first == "user1@domain1.example user2@domain1.example user1@domain1.example"
    assert mask.line("b@y.test") == "user2@domain2.example"
    assert mask.host("mx.y.test") == "host1.example"
    one, two, again = (mask.line(each) for each in ("4C1D2E3F4A", "9F8E7D6C5B", "4C1D2E3F4A"))
    assert one == again != two
    assert shape(one) == shape("4C1D2E3F4A")
    assert "4C1D2E3F4A" not in one


def test_a_sample():
    """Host, source and place of a sampled line are disguised as its text is."""
    line = UnknownLine(
        source="/srv/anna/mail.log",
        host="mx-anna",
        at=5,
        shape="mx-anna x[#]: #",
        text="mx-anna x[5]: mail.real.test",
        position="/srv/anna/mail.log:17",
    )
    [masked] = queries.disguised([line])
    assert masked == UnknownLine(
        source="source1",
        host="host1.example",
        at=5,
        shape="host1.example x[#]: #",
        text="host1.example x[5]: host2.example",
        position="line 17",
    )


SECRETS = [
    "anna.smith@secret.test",
    "<odd.user+tag@secret.test>",
    "mail.secret.test",
    "10.20.30.40",
    "fd12:3456::789a",
    "4C1D2E3F4A",
    "1tQ2bX-0000Ab-7f",
    "user=annasmith",
    "sasl_username=annasmith",
    'T="annasmith calls"',
    "helo=<annasmith>",
    "/home/users/annasmith/Maildir",
]


def test_no_secret_is_left():
    """However things stand together, none of them is in what comes out."""
    rng = random.Random(5)
    hidden = ("anna", "secret", "10.20.30", "fd12", "4C1D2E3F4A", "1tQ2bX", "0000Ab")
    for _ in range(3000):
        words = [*rng.sample(SECRETS, 3), "status=new", "(code 7)", "->", "in"]
        rng.shuffle(words)
        line = rng.choice((" ", ", ", ": ", "; ")).join(words)
        masked = Disguise().line(line)
        assert not [each for each in hidden if each in masked], (line, masked)


def test_any_text():
    """Nothing is raised, and it takes no longer for what was made to take long."""
    rng = random.Random(6)
    letters = 'abc019.:@/<>[]"\\=; ü\x1b'
    for _ in range(2000):
        Disguise().line("".join(rng.choices(letters, k=60)))
    for each in ("a." * 2000, "1:" * 2000, '"' + "\\" * 4000, "/a" * 2000, "a@" * 2000, "<" * 4000):
        Disguise().line(each)
