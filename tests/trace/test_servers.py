"""Real Exim and Postfix: where a trace says mail goes, against where a message really went."""

from __future__ import annotations

from typing import Any

import pytest
from tests.servers import yard
from tests.trace import agreement, places

#: A trace in the tests is small: a second is long, even on a busy machine.
PATIENCE = 5


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One run: everything traced, sent and found."""
    if reason := yard.why_not():
        pytest.skip(reason)
    return yard.run(tmp_path_factory.mktemp("yard"), "tests.trace.plan")["traced"]


def test_there_are_enough_of_them():
    """At least sixty addresses are compared."""
    assert sum(map(len, places.ADDRESSES.values())) >= 60


@pytest.mark.parametrize("server", places.ADDRESSES)
def test_mail_goes_where_the_trace_says(server: str, truth: dict[str, Any]):
    """For every address the message was found exactly where its route ends."""
    wrong = {}
    for address, told in truth[server].items():
        traced = agreement.traced(server, address, told)
        found = agreement.found(server, address, told)
        if traced != found:
            wrong[address] = {"traced": sorted(traced), "found": sorted(found)}

    assert {} == wrong
    assert len(places.ADDRESSES[server]) == len(truth[server])


@pytest.mark.parametrize("server", places.ADDRESSES)
def test_trouble_says_where_it_is(server: str, truth: dict[str, Any]):
    """Each end that stops mail tells whether this server or the receiving end is the cause."""
    sides = {
        end["address"]: end["side"]
        for told in truth[server].values()
        for end in agreement.ends(told["route"]["root"])
        if end["kind"] in ("error", "bounce", "defer")
    }

    assert "there" == sides["x@gone.example"] == sides["x@nullmx.example"]
    assert "there" == sides["x@noaddress.example"] == sides["x@broken.example"]
    assert {"here", "there"} == set(sides.values())
    assert "here" == next(side for address, side in sides.items() if address.startswith("who@"))


@pytest.mark.parametrize("server", places.ADDRESSES)
def test_expansions_name_their_file(server: str, truth: dict[str, Any]):
    """An alias says which file or table it stands in."""
    domain = {"exim": "customer.example", "postfix": "school.example"}[server]
    table = {"exim": "/srv/exim/aliases", "postfix": "texthash:/srv/postfix/etc/virtual"}[server]
    root = truth[server][f"everyone@{domain}"]["route"]["root"]

    assert ("routed", table) == (root["kind"], root["source"])
    assert table in root["words"]
    assert ["routed", "local", "local"] == sorted(
        (each["kind"] for each in root["children"]), reverse=True
    )


@pytest.mark.parametrize("server", places.ADDRESSES)
def test_faults_of_other_servers_are_told(server: str, truth: dict[str, Any]):
    """An MX record that names an alias is marked, though mail gets there."""
    root = truth[server]["x@aliasmx.example"]["route"]["root"]

    assert ("smtp", "there") == (root["kind"], root["side"])
    assert "is an alias (CNAME) of mail.partner.example" in root["hosts"][0]["fault"]


def test_words_are_those_of_the_field(truth: dict[str, Any]):
    """Router, host, address and priority are said as people know it."""
    local = truth["exim"]["anna@customer.example"]["route"]["root"]
    remote = truth["exim"]["zoe@partner.example"]["route"]["root"]

    assert "mailboxes to local delivery" == local["words"]
    assert "remote via mail.partner.example [198.51.100.11] MX=10" == remote["words"]


@pytest.mark.parametrize("server", places.ADDRESSES)
def test_no_trace_takes_long(server: str, truth: dict[str, Any]):
    """Every trace is answered well within its time."""
    slow = {
        address: told["route"]["seconds"]
        for address, told in truth[server].items()
        if told["route"]["seconds"] > PATIENCE
    }

    assert {} == slow


@pytest.mark.parametrize("server", places.ADDRESSES)
def test_tools_that_misbehave_end_and_leave_nothing(server: str, truth: dict[str, Any]):
    """A tool that floods, hangs or talks nonsense gives a sentence in time, and nothing runs on."""
    for address, route in truth["hostile"][server].items():
        assert "error" == route["root"]["kind"], address
        assert route["root"]["words"]
        assert "here" == route["root"]["side"]
        assert route["seconds"] < PATIENCE
        assert [] == route["left"]


def test_an_ordinary_user_is_told_the_way(truth: dict[str, Any]):
    """Exim tells reasons to its administrators only; the way it tells everybody."""
    told = truth["as_user"]
    everyone, closed = told["everyone@customer.example"], told["closed@customer.example"]

    assert "routed" == everyone["root"]["kind"]
    assert 3 == len(everyone["root"]["children"])
    assert ("bounce", "") == (closed["root"]["kind"], closed["root"]["reply"])
    assert "administrators only" in closed["notes"][0]


def test_a_set_uid_exim_that_hangs_is_ended(truth: dict[str, Any]):
    """It runs as root then and cannot be killed, but it is gone all the same."""
    told = truth["as_user"]

    assert "error" == told["x@hanging.example"]["root"]["kind"]
    assert told["x@hanging.example"]["seconds"] < PATIENCE
    assert [] == told["left"]


def test_an_exim_that_may_not_become_root_is_told(truth: dict[str, Any]):
    """It still answers, but may not see all files: the trace says so, and what to set."""
    route = truth["as_user"]["powerless"]["everyone@customer.example"]

    assert "routed" == route["root"]["kind"]
    assert "NoNewPrivileges=no" in route["notes"][-1]
    assert [] == truth["as_user"]["everyone@customer.example"]["notes"]
