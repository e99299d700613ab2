"""Masks: what a reader who may see anna@example.com only finds in any text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.queries.masks import MASK, Mask

OWN = "anna@example.com"


def mask(*hidden, own=(OWN,), holds=()):
    """A mask for somebody who may read `own`, and holds the addresses of the domains `holds`."""
    return Mask(lambda name: name.rpartition("@")[2].lower() in holds, own, hidden)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("to=<bob@example.net>, relay=local", f"to=<{MASK}>, relay=local"),
        ("to=<anna@example.com>, relay=local", "to=<anna@example.com>, relay=local"),
        ("to=<ANNA@Example.COM>", "to=<ANNA@Example.COM>"),
        ("for anna@example.com bob@example.net", f"for anna@example.com {MASK}"),
        ("from=<>, to=<bob@example.net>", f"from=<>, to=<{MASK}>"),
        ("to=<anna@example.com>, orig_to=<b@x.test>", f"to=<anna@example.com>, orig_to=<{MASK}>"),
        ("A=dovecot_login:bob@example.net S=1", f"A=dovecot_login:{MASK} S=1"),
        ("sasl_username=bob@example.net", f"sasl_username={MASK}"),
        ("U=anna@example.com P=local", "U=anna@example.com P=local"),
        ('"bob smith"@example.net said', f"{MASK} said"),
        (r'<"bob\" <x>"@example.net>', None),
        ("bob+tag@example.net", MASK),
        ("bob%example.org@example.net", MASK),
        ("relay!bob@example.net", MASK),
        ("@a.example,@b.example:bob@example.net", f"@a.example,@b.example:{MASK}"),
        ("<@a.example,@b.example:bob@example.net>", f"<{MASK}>"),
        ("<@a.example:anna@example.com>", "<@a.example:anna@example.com>"),
        ("bob@bücher.example", MASK),
        ("bob@xn--bcher-kva.example", MASK),
        ("jürgen@bücher.example", MASK),
        ("o'brien@example.net", MASK),
        ("see mailto:bob@example.net.", f"see mailto:{MASK}"),
        ("see http://x.test/why?id=bob%40example.net&ip=1", None),
        ("bounces-bob=example.net@list.example", MASK),
        ("SRS0=abc=de=example.net=bob@example.com", MASK),
        ("xanna@example.com", MASK),
        ("anna@example.com.evil.test", MASK),
        ("anna@example.com@evil.test", MASK),
        ("victim=anna@example.com", MASK),
        ("bob＠example.net", MASK),  # noqa: RUF001
        ("(anna@example.com): bob@example.net;", f"(anna@example.com): {MASK};"),
        ("{bob@example.net}", MASK),
        ("no address at all, 5 @ 3", "no address at all, 5 @ 3"),
    ],
)
def test_addresses(text, seen):
    """Every address but the reader's own is masked whole, in every form that logs write."""
    result = mask().text(text)
    if seen is not None:
        assert result == seen
    assert "bob" not in result
    assert "victim" not in result


@pytest.mark.parametrize(
    "text",
    [
        "=> bob <bob@example.net> R=virtual T=lmtp",
        "=> /var/vmail/example.net/bob/ <bob@example.net> R=virtual T=maildir",
        "-> |/usr/bin/procmail -d bob <list@example.net> R=userforward T=address_pipe",
        "** bob <postmaster@example.net>: Unrouteable address",
        "== bob@inner.test (bob@middle.test) <bob@example.net> R=r defer (-53)",
        'to=<bob@example.net>, status=bounced (unknown user: "bob")',
        "to=<bob@example.net>, status=sent (delivered to command: /usr/bin/deliver -a BOB)",
        "<bob@example.net>: 550 5.1.1 User bob unknown; Bob. is (bob) not 'bob' here",
        "bob@example.net: mailbox /home/bob/Maildir is full",
        "to=<bob+lists@example.net> delivered to mailbox bob",
        "user=bob <bob@example.net>",
    ],
)
def test_what_gives_a_hidden_address_away(text):
    """Where an address is masked, its local part does not stand there by itself either."""
    assert "bob" not in mask().text(text).lower()


@pytest.mark.parametrize(
    ("hidden", "text"),
    [
        ("bob@example.net", "unknown user bob"),
        ("/var/mail/b 1/inbox", "delivered to file: /var/mail/b 1/inbox"),
        ("|/usr/bin/sort -d secret", "=> |/usr/bin/sort -d secret <anna@example.com>"),
        ("bob", "A=plain:bob S=1"),
        ("dept/sales@example.net", "delivered to dept/sales"),
        ('"b smith"@example.net', "mailbox b smith is full"),
    ],
)
def test_what_is_known_to_be_hidden(hidden, text):
    """Names known from other rows are masked where no address stands beside them."""
    local = hidden.rpartition("@")[0] or hidden
    result = mask(hidden).text(text)
    assert local.strip('"') not in result
    assert "•••" in result


def test_a_name_learned_from_one_line_is_hidden_in_the_others():
    """What a line gives away about a hidden address depends on all lines of the message."""
    shown = mask()
    shown.learn("to=<carol@example.net>, status=deferred")
    assert shown.text("warning: carol is over quota") == "warning: ••• is over quota"


def test_own_local_part_stays_readable():
    """A hidden address with the same local part as the reader's own does not mask the own one."""
    text = "=> anna <anna@example.com> R=local; also for anna@example.net"
    assert mask().text(text) == f"=> anna <anna@example.com> R=local; also for {MASK}"


def test_words_of_the_log_stay_readable():
    """A hidden mailbox called like a word of the log does not make the line unreadable."""
    text = "to=<sent@example.net>, relay=mx.example.net, status=sent (250 ok)"
    assert mask().text(text) == f"to=<{MASK}>, relay=mx.example.net, status=sent (250 ok)"


def test_a_mailbox_called_like_a_word_of_the_log_is_hidden_in_its_place():
    """Exim names the mailbox before the address: there it is hidden whatever it is called."""
    assert mask().text("=> sent <sent@example.net> R=r") == f"=> ••• <{MASK}> R=r"


def test_a_domain_in_scope():
    """Every address that the reader holds can be read, in any case."""
    shown = mask(own=(), holds={"example.com"})
    assert shown.text("to=<Bob@EXAMPLE.com> carol@example.net") == f"to=<Bob@EXAMPLE.com> {MASK}"


@given(
    st.text(max_size=60).filter(lambda text: "bob" not in text.lower()),
    st.text(max_size=60).filter(lambda text: "bob" not in text.lower()),
)
def test_no_context_reveals_an_address(before, after):
    """Whatever stands around an address, it is masked; no text makes masking fail."""
    assert "<bob@example.net>" not in mask().text(f"{before} <bob@example.net> {after}")


@pytest.mark.parametrize(
    "text",
    [
        "<" * 100_000,
        "@" * 100_000,
        '"' * 100_000,
        '\\"' * 60_000,
        "a" * 400_000,
        "a@" * 60_000,
        "=> " * 60_000,
        "<@" * 60_000,
        "=> a <" * 40_000,
    ],
)
def test_hostile_lines_take_no_time(text):
    """A line that is made to be slow to read is not."""
    begin = time.perf_counter()
    mask("bob@example.net").text(text)
    assert time.perf_counter() - begin < 3
