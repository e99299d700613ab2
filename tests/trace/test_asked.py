"""What is taken for an address, and what each bad input gets."""

from __future__ import annotations

import pytest

from postroad.errors import SearchError
from postroad.trace import checked


@pytest.mark.parametrize(
    ("given", "traced"),
    [
        ("anna@example.com", "anna@example.com"),
        (" <Anna@Example.COM>\n", "Anna@example.com"),
        ("-bt@example.com", "-bt@example.com"),
        ("x@bücher.example", "x@xn--bcher-kva.example"),
        ('"two words"@example.com', '"two words"@example.com'),
        ('"a,b@c"@example.com', '"a,b@c"@example.com'),
        ("ä@example.com", "ä@example.com"),
        ("${run{id}}@example.com", "${run{id}}@example.com"),
        ("x@[192.0.2.1]", "x@[192.0.2.1]"),
        ("x@[IPv6:2001:db8::1]", "x@[IPv6:2001:db8::1]"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_addresses(given: str, traced: str):
    """One mailbox, its domain as DNS knows it; odd local parts are somebody's."""
    assert traced == checked(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "is not an address"),
        ("anna", "is not an address"),
        ("--help", "is not an address"),
        ("@example.com", "is not an address"),
        ("anna@", "is not an address"),
        ("x" * 300 + "@example.com", "300 octets"),
        ("ä" * 40 + "@example.com", "80 octets"),
        ("two words@example.com", "not one address"),
        ("a@example.com,b@example.com", "not one address"),
        ("a@b@example.com", "not one address"),
        ('"open@example.com', "not one address"),
        ("x@example.com\nRCPT TO:<y@example.net>", "line breaks"),
        ("x@example.com\r\nDATA", "line breaks"),
        ("x\0@example.com", "control characters"),
        ("\u202eevil@example.com", "control characters"),
        ("x@exa mple.com", "not a domain"),
        ("x@example..com", "not a domain"),
        ("x@$(id).example", "not a domain"),
        ("x@a;b.example", "not a domain"),
        ("x@" + "a" * 64 + ".example", "not a domain"),
        ("x@" + "a." * 130 + "example", "not a domain"),
        ("x@[nonsense]", "not a domain"),
    ],
)
def test_what_is_none(given: str, words: str):
    """Each bad input gets a sentence that says what is wrong with it, at once."""
    with pytest.raises(SearchError, match=words.replace("(", r"\(")) as refused:
        checked(given)

    assert "address" == refused.value.field
    assert len(str(refused.value)) < 300
