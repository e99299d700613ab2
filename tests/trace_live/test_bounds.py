"""What may be asked, of whom, how often: the rules by themselves."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.errors import ConfigError, SearchError, TooManyTries
from postroad.services.limits import Limits, Rule
from postroad.trace.envelope import recipient
from postroad.trace.lookup import Lookup, a_label
from postroad.trace.safety import Fence

#: Somebody's address, which is not asked here.
PUBLIC = str(ipaddress.ip_address(0x08080808))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2002:a00:1::1",
        "2001::1",
        "2001:db8::1",
        "fc00::1",
        "fe80::1",
        "fe80::1%eth0",
        "3fff::1",
        "fec0::1",
        "ff02::1",
        "::808:808",
        "127.1",
        "0x7f.0.0.1",
        "localhost",
        "",
    ],
)
def test_the_inside_is_fenced(address: str):
    """No address of the inside, however it is written or wrapped, may be connected to."""
    assert Fence().why_not(address)


@pytest.mark.parametrize(
    "address", [PUBLIC, "2a00:1450:4001::1", "64:ff9b::808:808", "::ffff:808:808"]
)
def test_the_outside_is_not(address: str):
    """Addresses of the internet, and those that stand for one."""
    assert Fence().why_not(address) is None


def test_settings_open_the_fence():
    """What is named may be connected to; what is ours may not, unless it is named."""
    assert Fence(["10.1.0.0/16"]).why_not("10.1.2.3") is None
    assert Fence(["10.1.0.0/16"]).why_not("10.2.2.3")
    assert "this server itself" in Fence(own=[PUBLIC]).why_not(PUBLIC)
    assert Fence([PUBLIC], own=[PUBLIC]).why_not(PUBLIC) is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("bob@example.com", "bob@example.com"),
        (" bob@EXAMPLE.com ", "bob@example.com"),
        ("bob@bücher.example", "bob@xn--bcher-kva.example"),
        ("bücher@example.com", "bücher@example.com"),
        ('"a b"@example.com', '"a b"@example.com'),
        ('"a\\"b"@example.com', '"a\\"b"@example.com'),
        ("o'neill+tag@example.com", "o'neill+tag@example.com"),
    ],
)
def test_addresses_that_can_be_named(text: str, path: str):
    """As they stand in a command."""
    assert recipient(text).path == path


@given(st.text())
def test_no_text_ends_a_command(text: str):
    """Whatever is typed: it is refused, or it is one path without line breaks and brackets."""
    try:
        path = recipient(f"{text}@example.com").path
    except SearchError:
        return
    assert path.isprintable()
    local = path.rpartition("@")[0]
    assert local.startswith('"') or not set(local) & set(' <>(),;:\\"[]\r\n\t')


@given(st.text())
def test_no_text_is_more_than_a_name(text: str):
    """A domain is letters, digits, hyphens, underscores and dots of ASCII, or refused."""
    try:
        name = a_label(text)
    except ValueError:
        return
    assert name.isascii()
    assert all(each.isalnum() or each in "-_." for each in name)


def test_limits_say_when_to_come_again():
    """So many in so many seconds; then the wait gets shorter as time goes by."""
    now = [0.0]
    limits = Limits(clock=lambda: now[0])
    rule = Rule(2, 60)

    limits.enter("a", rule, "Checks")
    now[0] = 10
    limits.enter("a", rule, "Checks")
    limits.enter("b", rule, "Checks")
    with pytest.raises(TooManyTries) as refused:
        limits.enter("a", rule, "Checks")
    assert refused.value.wait == 50
    assert "Try again in 50 s." in str(refused.value)

    now[0] = 61
    limits.enter("a", rule, "Checks")


@pytest.mark.parametrize("server", ["ns.example.com", "127.0.0.1:99999", "1.2.3", "[::1]:0", ""])
def test_name_servers_are_addresses(server: str):
    """What is none is said at once."""
    with pytest.raises(ConfigError):
        Lookup([server])
