"""Questions: from named values to a search, and from a search to words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.errors import SearchError
from postroad.model import question, when
from postroad.model.search import Search
from postroad.model.status import Direction, Status

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

    assert said.endswith(".")
    assert found is None or found.field in question.NAMES


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (Search(), "All mail."),
        (Search(recipient="a@b.example"), "Mail to “a@b.example”."),
        (
            Search(sender="@b.example", statuses=frozenset({Status.FAILED})),
            "Mail from “@b.example”, with status failed.",
        ),
        (
            Search(statuses=frozenset({Status.BLOCKED, Status.FAILED, Status.IN_PROGRESS})),
            "All mail, with status in progress, failed or blocked.",
        ),
        (
            Search(address="a@b.example", subject="x", directions=frozenset({Direction.INBOUND})),
            "Mail to or from “a@b.example” with a subject that contains “x”, going inbound.",
        ),
        (Search(id="1", host="mx1"), "Mail with id “1” on host “mx1”."),
        (Search(message_id="m"), "Mail with Message-ID “m”."),
        (Search(since=NOW), "All mail, since 2026-01-31 16:00:00 (UTC)."),
        (Search(until=NOW), "All mail, before 2026-01-31 16:00:00 (UTC)."),
        (
            Search(since=NOW, until=NOW + when.DAY),
            "All mail, from 2026-01-31 16:00:00 to 2026-02-01 16:00:00 (UTC).",
        ),
    ],
)
def test_questions_in_words(search: Search, words: str):
    """What was understood is said back as a sentence."""
    assert words == question.in_words(search, UTC)


def test_what_was_typed_can_be_quoted_otherwise():
    """Everything that somebody typed goes through the quoting, and nothing else does."""
    search = Search(recipient="a@b.example", subject="x", id="1", host="h", message_id="m")

    assert question.in_words(search, UTC, quote=lambda _: "?").count("?") == 5
