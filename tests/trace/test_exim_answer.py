"""What `exim -bt` says is read, whatever it says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from postroad.model.route import Dnssec
from postroad.trace.exim_answer import Target, ends, steps, transports

ANSWER = """\
ben@example.com
    <-- info@example.com
    <-- all@example.com
  router = mailboxes, transport = maildir
ben@example.com   [duplicate, would not be delivered]
    <-- all@example.com
  router = mailboxes, transport = maildir
zoe@elsewhere.example
    <-- all@example.com
  router = lookuphost, transport = remote_smtp
  host mx1.elsewhere.example    [192.0.2.1]    MX=10
  host mx2.elsewhere.example    [2001:db8::1]  MX=20 port=26
  host backup.elsewhere.example [unknown]      MX=30 ** unusable **
tickets@example.com -> |/usr/bin/tickets --open "two words"
  transport = address_pipe
who@example.com is undeliverable: Unrouteable address
    <-- all@example.com
later@example.com cannot be resolved at this time: failed to open file
second line of the message
mail to devnull@example.com is discarded
syntax error: missing or malformed local part
"""
DEBUG = """\
>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>
routing all@example.com
--------> remote router <--------
remote router skipped: domains mismatch
--------> aliases router <--------
rda_interpret (string): '${lookup{$local_part}lsearch{/etc/aliases}}'
 search_open: lsearch "/etc/aliases"
 file lookup required for all
   in /etc/aliases
expanded: '/not/a/file'
extract item: :include:/etc/list
aliases router generated zoe@elsewhere.example
routed by aliases router
routing zoe@elsewhere.example
--------> lookuphost router <--------
routed by lookuphost router
  host mx1.elsewhere.example [192.0.2.1] MX=10 dnssec=yes
routing dave@example.com
--------> forward router <--------
rda_interpret (file): '$home/.forward'
expanded: '/home/dave/.forward'
extract item: :blackhole:
"""


def test_paragraphs():
    """Ends, what led to them, hosts, failures with their words."""
    found = ends(ANSWER)

    assert [
        ("ben@example.com", "taken"),
        ("ben@example.com", "taken"),
        ("zoe@elsewhere.example", "taken"),
        ("tickets@example.com", "handed"),
        ("who@example.com", "failed"),
        ("later@example.com", "deferred"),
        ("devnull@example.com", "discarded"),
        ("", "wrong"),
    ] == [(each.address, each.outcome) for each in found]
    assert ["info@example.com", "all@example.com"] == found[0].parents
    assert [False, True] == [each.is_duplicate for each in found[:2]]
    assert [
        Target("mx1.elsewhere.example", "192.0.2.1", 10, None),
        Target("mx2.elsewhere.example", "2001:db8::1", 20, 26),
        Target("backup.elsewhere.example", "", 30, None, is_usable=False),
    ] == found[2].hosts
    assert '|/usr/bin/tickets --open "two words"' == found[3].target
    assert "failed to open file\nsecond line of the message" == found[5].message


def test_debugging():
    """Routers, files, expansions, black holes and DNSSEC of each address."""
    told = steps(DEBUG)
    everyone, dave = told.by_address["all@example.com"], told.by_address["dave@example.com"]

    assert ("aliases", ["/etc/aliases", "/etc/list"]) == (everyone.expander, everyone.expanded_from)
    assert ["zoe@elsewhere.example"] == everyone.children
    assert dave.is_black_hole
    assert ["/home/dave/.forward"] == dave.expanded_from
    assert {"192.0.2.1": Dnssec.SECURE} == told.dnssec


def test_transports():
    """Driver and options of each transport; LMTP is told by its protocol, too."""
    found = transports(
        "\nremote_smtp transport:\nno_body_only\ndriver = smtp\nhosts = \n"
        "\nlocal_lmtp transport:\ndriver = smtp\nprotocol = lmtp\n"
    )

    assert ("smtp", False) == (found["remote_smtp"].driver, found["remote_smtp"].is_lmtp)
    assert found["local_lmtp"].is_lmtp


@given(st.text(max_size=300))
def test_nothing_is_raised(text: str):
    """Whatever a program may say, reading it does not fail."""
    ends(text)
    steps(text)
    transports(text)


def test_cut_anywhere():
    """An answer that breaks off is read as far as it goes."""
    for at in range(len(ANSWER)):
        ends(ANSWER[:at])
    for at in range(len(DEBUG)):
        steps(DEBUG[:at])
