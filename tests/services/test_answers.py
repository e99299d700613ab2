"""Questions and their answers as handlers get them, with the lines they leave in the audit trail."""

from __future__ import annotations

import json
import threading

import pytest
from tests.queries import world
from tests.store.rows import SECOND, attempt, batch, delivery

from postroad import app, config, queries
from postroad.accounts import CHEAPEST, Hasher, Kind, Viewer
from postroad.errors import SearchError
from postroad.model import when
from postroad.model.status import Direction, Outcome, Status
from postroad.services.exports import Layout

RULE = "F,2h,15m; F,4d,6h"


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """Everything, over a store with the mail of two tenants and one deferred message."""
    home = tmp_path_factory.mktemp("home")
    settings = config.load({"home": str(home), "timezone": "UTC", "retry": RULE}, environ={})
    with app.opened(settings, follow=False, hasher=Hasher(CHEAPEST)) as opened:
        world.fill(opened.store)
        waiting = waits()
        opened.store.write(
            batch(
                waiting,
                attempts=[
                    attempt(
                        waiting,
                        at=waiting.first_at + SECOND,
                        outcome=Outcome.DEFERRED,
                        remote_host="mx.slow.test",
                        smtp_code=451,
                        reply="451 later (in reply to RCPT TO command)",
                    )
                ],
            )
        )
        yield opened


def waits():
    """A message of example.com that waits."""
    return delivery(
        "kim@slow.test",
        queue_id="waits",
        status=Status.DEFERRED,
        direction=Direction.OUTBOUND,
        origins=["anna@example.com"],
        user="anna@example.com",
    )


def viewer(scope, name="shop"):
    """Somebody with this scope."""
    kind = Kind.ADMINISTRATOR if scope.is_everything else Kind.OWNER
    return Viewer(name=name, kind=kind, scope=scope, via="session", account_id=1)


def ask(services, method, scope, values):
    """Call a method with a question."""
    return getattr(services, method)(viewer(scope), values, zone=when.UTC_ZONE)


def export(services, scope, values):
    """Ask for a file with every field."""
    layout = Layout.of_fields()
    return services.exporting.open(
        viewer(scope), values, zone=when.UTC_ZONE, word="json", layout=layout
    )


def test_export_writes_its_line_before_anything_is_read(services):
    """What is exported is noted first, and is what a search finds, masked alike."""
    before = services.accounts.audit.read(limit=1)[0:1]
    opened = export(services, world.NET, {"to": "anna@example.com"})
    noted = services.accounts.audit.read(limit=1)[0]
    assert [noted] != before
    assert (noted.action, noted.about) == ("export", ("anna@example.com",))

    found = services.search(
        viewer(world.NET), {"to": "anna@example.com"}, zone=when.UTC_ZONE
    ).page.deliveries
    rows = [json.loads(line) for piece in opened.pieces for line in piece.content.splitlines()]
    assert rows == [queries.public(each) for each in found]
    assert opened.total == len(found) > 0


def test_export_of_what_cannot_be_asked(services):
    """A question that cannot be asked is refused at once, not when the first row is taken."""
    with pytest.raises(SearchError):
        export(services, world.COM, {"to": "a b"})


@pytest.mark.parametrize(
    ("values", "about"),
    [
        ({"q": "Bob@Example.net"}, ("bob@example.net",)),
        ({"from": "@example.com", "to": "x@y.test"}, ("x@y.test", "example.com")),
        (
            {"user": "anna@example.com", "domain": "example.com"},
            ("anna@example.com", "example.com"),
        ),
        ({"subject": "secret"}, ()),
    ],
)
@pytest.mark.parametrize("method", ["search", "counts", "overview"])
def test_the_trail_says_about_whom(services, method, values, about):
    """Addresses and domains that are asked for are noted, however they were asked for."""
    ask(services, method, world.EVERYTHING, values)
    noted = services.accounts.audit.read(limit=1)[0]

    assert (noted.action, set(noted.about)) == (method, set(about))
    assert noted.subject


def test_a_detail_is_about_its_parties(services):
    """Who looks at a delivery looks at its sender's and its recipient's mail."""
    assert services.detail(viewer(world.COM), world.INBOUND.id) is not None
    noted = services.accounts.audit.read(limit=1)[0]
    assert set(noted.about) == {world.STRANGER, "anna@example.com"}
    assert services.detail(viewer(world.NET), world.INBOUND.id) is None
    assert services.accounts.audit.read(limit=1)[0].about == ()


def test_when_it_is_tried_next(services):
    """Mail that waits has its next try and its end; what is final has not."""
    row = waits()
    found = services.detail(viewer(world.COM), row.id)

    assert found.retry.next_at == row.first_at + SECOND + 15 * when.MINUTE
    assert found.retry.gives_up_at == row.first_at + SECOND + 4 * when.DAY
    assert found.retry.rule == RULE
    assert [turn.text for turn in found.conversation][-1].startswith("451 later")
    assert services.detail(viewer(world.COM), world.BLIND_COPY.id).retry is None


@pytest.mark.parametrize(
    "values",
    [{"reason": "bad_luck"}, {"sort": "beauty"}, {"q": "a@b.example", "address": "c@d.example"}],
)
def test_questions_that_cannot_be_asked(services, values):
    """What is not known is refused with a sentence that names the field."""
    with pytest.raises(SearchError) as caught:
        ask(services, "search", world.COM, values)
    assert caught.value.field in (*values, "q")


def test_groups_lead_to_the_whole_question(services):
    """The values of a group hold what was asked for, too."""
    found = ask(
        services, "overview", world.COM, {"q": "@example.com", "status": "deferred", "match": ""}
    )

    assert found.counts == {Status.DEFERRED: 1}
    [top] = found.recipients
    assert top.values == {"address": "@example.com", "status": "deferred", "to": "kim@slow.test"}
    again = ask(services, "search", world.COM, top.values)
    assert [each.id for each in again.page.deliveries] == [waits().id]
    [column] = [each for each in found.buckets if each.counts]
    assert set(column.values) == {"address", "status", "since", "until"}


def test_an_overview_is_worked_out_once(services, monkeypatch):
    """Many who ask the same within a minute share the answer; nobody gets another's."""
    asked = []
    original = services.store.read

    def counted(sql, parameters, row):
        asked.append(sql)
        return original(sql, parameters, row)

    monkeypatch.setattr(services.store, "read", counted)
    values = {"since": "30d", "subject": "only here"}
    answers = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(ask(services, "overview", world.COM, values))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    once = len(asked)
    ask(services, "overview", world.COM, values)
    assert len(asked) == once
    ask(services, "overview", world.NET, values)
    assert len(asked) > once


def test_entered(services):
    """How one's own mail came in is told, and that somebody looked."""
    found = services.entered(viewer(world.SHOP), limit=10)

    assert {each.user for each in found} == {"shop"}
    assert services.accounts.audit.read(limit=1)[0].action == "entered"
