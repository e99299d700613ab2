"""Questions: from named values to a search, and from a search to words."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.errors import SearchError
from postroad.model import question, when
from postroad.model.search import Flow, Goal, Match, Search
from postroad.model.status import Direction, Status
from postroad.model.text import translated

UTC = ZoneInfo("UTC")
#: 2026-01-31 16:00:00 UTC.
NOW = 1_769_875_200 * when.SECOND


def ask(**values: str) -> Search:
    """A search; `from_` stands for `from`."""
    named = {name.rstrip("_"): value for name, value in values.items()}
    return question.ask(named, now=NOW, zone=UTC)


def test_nothing_asks_for_everything():
    """Empty values ask for nothing in particular."""
    assert ask() == ask(to="", status="", since=" ") == Search()


def test_every_name_means_its_field():
    """The names of the command line and the API lead to the fields of a search."""
    search = ask(
        address="a@example.com",
        to="<b@example.com>",
        from_="*@example.net",
        status="failed, in-progress,",
        direction="Inbound",
        id=" 1abc ",
        message_id="<x@y>",
        subject="hello",
        host="mx1",
        since="1d",
        until="now",
    )

    assert search == Search(
        address="a@example.com",
        recipient="b@example.com",
        sender="@example.net",
        statuses=frozenset({Status.FAILED, Status.IN_PROGRESS}),
        directions=frozenset({Direction.INBOUND}),
        id="1abc",
        message_id="<x@y>",
        subject="hello",
        host="mx1",
        since=NOW - when.DAY,
        until=NOW,
        ago=when.DAY,
    )


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example",
        "@b.example",
        '"a b"@c.example',
        "a+b=c@d.example",
        "root",
        "a@localhost",
        "jos\u00e9@b.example",
        "a@[192.0.2.1]",
    ],
)
def test_addresses(address: str):
    """Whole addresses, domains and local accounts can be asked for."""
    assert address == ask(to=address).recipient


@pytest.mark.parametrize(
    ("values", "field", "about"),
    [
        ({"to": "example.com"}, "to", "@example.com for everyone"),
        ({"from": "a@"}, "from", "domain is missing"),
        ({"address": "a b@example.com"}, "address", "not one address"),
        ({"to": "a@b.example, c@d.example"}, "to", "not one address"),
        ({"to": "a\nb@example.com"}, "to", "control characters"),
        ({"subject": "\ud800"}, "subject", "control characters"),
        ({"id": "x" * 999}, "id", "longer than 998"),
        ({"status": "sent"}, "status", "Known are: delivered"),
        ({"direction": "up"}, "direction", "Known are: unknown, inbound"),
        ({"since": "soon"}, "since", "not a time"),
        ({"until": "2026-02-30"}, "until", "no such time"),
        ({"ip": "192.0.2"}, "ip", "not an IP address"),
        ({"ip": "192.0.2.300"}, "ip", "not an IP address"),
        ({"match": "like"}, "match", "Known are: exact, begins, contains"),
        ({"side": "left"}, "side", "Known are: sent, received"),
        ({"place": "there"}, "place", "Known are: remote, local"),
        ({"sort": "hops"}, "sort", "no order by"),
        ({"sort": "-"}, "sort", "no order by"),
        ({"q": "a@b.example", "address": "c@d.example"}, "q", "empty one of them"),
        ({"q": "x" * 4001}, "q", "longer than 4000"),
        ({"q": "x" * 1500}, "q", "longer than 998"),
        ({"q": "a\x00b"}, "q", "control characters"),
        ({"to": "b, c", "match": "begins"}, "to", "not one address"),
        ({"since": "2026-01-02", "until": "2026-01-01"}, "since", "ends before it begins"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(values: dict[str, str], field: str, about: str):
    """A wrong value is named, and the sentence says how to write it right."""
    with pytest.raises(SearchError, match=about) as caught:
        question.ask(values, now=NOW, zone=UTC)

    assert caught.value.field == field


@given(st.dictionaries(st.sampled_from(question.NAMES), st.text(max_size=60)))
def test_any_values_are_a_question_or_a_sentence(values: dict[str, str]):
    """Nothing that anybody can type breaks it, and what is understood can be said."""
    try:
        search = question.ask(values, now=NOW, zone=UTC)
    except SearchError as error:
        found = error
        said = str(error)
    else:
        found = None
        said = question.in_words(search, UTC)

    assert (found is not None) == said.endswith(".")
    assert found is None or found.field in question.NAMES


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (Search(), "All mail"),
        (Search(recipient="a@b.example"), "Mail to “a@b.example”"),
        (
            Search(sender="@b.example", statuses=frozenset({Status.FAILED})),
            "Failed mail from “@b.example”",
        ),
        (
            Search(
                recipient="bob@example.com",
                statuses=frozenset({Status.FAILED, Status.DEFERRED}),
                since=NOW,
                ago=7 * when.DAY,
            ),
            "Deferred or failed mail to “bob@example.com”, in the last week",
        ),
        (
            Search(statuses=frozenset({Status.BLOCKED, Status.FAILED, Status.IN_PROGRESS})),
            "In-progress, failed or blocked mail",
        ),
        (
            Search(address="a@b.example", subject="x", directions=frozenset({Direction.INBOUND})),
            "Mail to or from “a@b.example”, with “x” in the subject, coming in",
        ),
        (
            Search(address="bo", sender="b", recipient="c", match=Match.BEGINS),
            (
                "Mail to or from addresses that begin with “bo” to addresses that begin with “c” "
                "from addresses that begin with “b”"
            ),
        ),
        (
            Search(address="bo", sender="b", recipient="c", match=Match.CONTAINS),
            (
                "Mail to or from addresses that contain “bo” to addresses that contain “c” "
                "from addresses that contain “b”"
            ),
        ),
        (Search(id="1", host="mx1"), "All mail, with the id “1”, on the server “mx1”"),
        (Search(message_id="m"), "All mail, with the Message-ID “m”"),
        (
            Search(side=Flow.SENT, place=Goal.REMOTE),
            "All mail, sent from here, for another server",
        ),
        (
            Search(side=Flow.RECEIVED, place=Goal.LOCAL),
            "All mail, received here, for a mailbox here",
        ),
        (
            Search(ip="192.0.2.1", user="u", domain="d", client_host="c", remote_host="r"),
            (
                "All mail, with the IP address 192.0.2.1 at the other end, submitted by “u”, "
                "submitted by the domain “d”, that came from the host “c”, offered to the host “r”"
            ),
        ),
        (
            Search(transport="t", router="r", reason="greylisted"),
            "All mail, with the transport “t”, with the router “r”, for the reason “greylisted”",
        ),
        (Search(since=NOW, ago=when.DAY), "All mail, in the last day"),
        (Search(since=NOW, ago=3 * when.HOUR), "All mail, in the last 3 hours"),
        (Search(since=NOW, ago=90 * when.SECOND), "All mail, in the last 90 seconds"),
        (Search(since=NOW, ago=5 * when.MINUTE), "All mail, in the last 5 minutes"),
        (Search(since=NOW), "All mail, since 2026-01-31 16:00:00 (UTC)"),
        (Search(until=NOW), "All mail, before 2026-01-31 16:00:00 (UTC)"),
        (
            Search(since=NOW, until=NOW + when.DAY, ago=when.DAY),
            "All mail, from 2026-01-31 16:00:00 to 2026-02-01 16:00:00 (UTC)",
        ),
    ],
)
def test_questions_in_words(search: Search, words: str):
    """What was understood is said back as a sentence."""
    assert words == question.in_words(search, UTC)


def test_every_status_and_direction_can_be_said():
    """Alone, first of several and among others, each has its words."""
    for each in Status:
        assert question.in_words(Search(statuses=frozenset({each})), UTC).endswith(" mail")
        pair = question.in_words(Search(statuses=frozenset({each, Status.FILTERED})), UTC)
        assert each is Status.FILTERED or " or filtered mail" in pair
    several = [
        question.in_words(Search(statuses=frozenset(list(Status)[n:])), UTC) for n in range(5)
    ]
    assert all(", " in each and " or filtered mail" in each for each in several)
    ways = {question.in_words(Search(directions=frozenset({each})), UTC) for each in Direction}
    assert len(ways) == len(Direction)


def test_a_sentence_can_be_said_in_another_language():
    """Every word of a sentence but the values comes out of a catalogue."""
    search = Search(
        recipient="b@b.example",
        sender="c@c.example",
        subject="s",
        statuses=frozenset({Status.FAILED, Status.DEFERRED, Status.BLOCKED}),
        directions=frozenset({Direction.INBOUND, Direction.INTERNAL}),
        side=Flow.SENT,
        place=Goal.LOCAL,
        ip="192.0.2.1",
        since=NOW,
        ago=when.HOUR,
    )

    def only_fields(message: str) -> str:
        return message if "{p0}" in message else "".join(re.findall(r"\{\w+\}", message))

    said = translated(question.in_words(search, UTC), only_fields, lambda *_: "")

    assert re.sub(r"b@b.example|c@c.example|192.0.2.1|[s, ]", "", said) == ""


@pytest.mark.parametrize(
    ("values", "search"),
    [
        ({"q": "bob@example.com"}, Search(address="bob@example.com")),
        ({"q": " example.com "}, Search(address="@example.com")),
        ({"q": "192.0.2.9/24"}, Search(ip="192.0.2.0/24")),
        ({"q": "bob@example.com", "address": "bob@example.com"}, Search(address="bob@example.com")),
        (
            {"q": "hello\nworld", "to": "a@b.example"},
            Search(subject="hello world", recipient="a@b.example"),
        ),
        ({"to": "bo.b", "match": "begins"}, Search(recipient="bo.b", match=Match.BEGINS)),
        ({"to": "b@", "match": "Contains"}, Search(recipient="b@", match=Match.CONTAINS)),
        ({"side": "sent", "place": "remote"}, Search(side=Flow.SENT, place=Goal.REMOTE)),
        ({"ip": "[IPv6:2001:DB8::1]"}, Search(ip="2001:db8::1")),
        ({"sort": "recipient"}, Search(sort="recipient")),
        ({"sort": "-Size"}, Search(sort="-size")),
        (
            {"user": "u", "domain": "d", "client_host": "c", "remote_host": "r"},
            Search(user="u", domain="d", client_host="c", remote_host="r"),
        ),
        (
            {"transport": "t", "router": "r", "reason": "x"},
            Search(transport="t", router="r", reason="x"),
        ),
    ],
)
def test_the_box_and_the_rest(values: dict[str, str], search: Search):
    """The one box is understood as a field; the others mean what they say."""
    assert search == question.ask(values, now=NOW, zone=UTC)
