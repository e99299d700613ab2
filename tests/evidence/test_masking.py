"""Whom a document names: over real logs, by whoever made it, nobody but two people."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.evidence.documents import SEAL
from tests.ingest.world import World
from tests.store.rows import NOON, delivery

from postroad import queries
from postroad.model import address
from postroad.model.scope import Scope
from postroad.queries.handed import HandedOn, Wish, shortened
from postroad.reports.evidence import Maker
from postroad.reports.evidence.making import document

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
EVERYTHING = Scope.everything()
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
#: Documents made; each asks the store.
_MOST = 60
WISHES = {
    "whole": Wish(),
    "without subject": Wish(shows_subject=False),
    "without names": Wish(shows_local_parts=False),
    "without either": Wish(shows_subject=False, shows_local_parts=False),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory):
    """A store with the golden logs of the two large servers, as if of one host each."""
    opened = World(tmp_path_factory.mktemp("masking"))
    for server in ("exim", "postfix"):
        # A quarter of them, and what has addresses in strange places: an import of each takes a while.
        logs = sorted((GOLDEN / server).glob("*.log"))
        for log in sorted({*logs[::4], *(each for each in logs if "reject" in each.stem)}):
            opened.load(log, host=f"{log.stem.replace('_', '-')}.{server}.test", server=server)
    yield opened
    opened.close()


def _rows(world: World) -> list[dict]:
    """Deliveries of messages with several recipients first, then others of every status."""
    found = world.rows(
        "SELECT id, message_key, status, sender, recipient, delivered_to, subject, message_id, "
        "targets, origins, count() OVER (PARTITION BY message_key) AS copies "
        "FROM deliveries FINAL WHERE NOT deleted AND NOT folded ORDER BY copies DESC, id"
    )
    assert len(found) > _MOST
    return found[: _MOST // 2] + found[_MOST // 2 :: max(1, len(found) // (_MOST // 2))]


def _document(world: World, scope: Scope, identifier: str, wish: Wish):
    found = queries.detail(world.store, scope, identifier, partial(HandedOn, wish=wish))
    if found is None:
        return None
    maker = Maker(server="mx.test", url="", key=SEAL.fingerprint)
    made = document(found, wish, maker=maker, at=NOON, zone=ZoneInfo("UTC"), language="en")
    return msgspec.to_builtins(made)


@pytest.mark.parametrize("name", WISHES)
def test_an_administrators_document_names_two_people(world: World, name: str):
    """Every address in it is the sender's, the recipient's, or the Message-ID."""
    wish = WISHES[name]
    for row in _rows(world):
        made = _document(world, EVERYTHING, row["id"], wish)
        assert made is not None
        text = json.dumps(made, ensure_ascii=False).lower()
        allowed = {row["sender"].lower(), row["recipient"].lower()}
        if not wish.shows_local_parts:
            allowed = {shortened(each) for each in allowed}
        rest = text.replace(row["message_id"].strip("<>").lower() or "\0", "")
        strange = {each for each in _ADDRESS.findall(rest) if each not in allowed}
        strange = {each for each in strange if not any(each in one for one in allowed)}
        assert not strange, (row, strange)


def test_names_that_are_left_out_stand_nowhere(world: World):
    """Neither the local part alone nor the subject is left in a line or a reply."""
    seen = 0
    for row in _rows(world):
        local = row["recipient"].partition("@")[0].lower()
        if row["recipient"].count("@") != 1 or len(local) < 4:
            continue
        made = _document(world, EVERYTHING, row["id"], WISHES["without either"])
        texts = [each["text"] for each in made["log_lines"]]
        texts += [each["reply"] for each in made["attempts"]] + [made["reply"]]
        for text in texts:
            bare = text.replace(row["message_id"].strip("<>") or "\0", "").lower()
            assert f"{local}@" not in bare, (row, text)
            if len(row["subject"]) >= 4:
                seen += 1
                assert row["subject"].lower() not in bare, (row, text)
        assert made["subject"] == ""
    assert seen


def test_nobody_hands_on_more_than_they_see(world: World):
    """Each party's document holds no line that its own page has not, and none that a page hides."""
    seen = 0
    for row in _rows(world):
        for party in {*row["targets"], *row["origins"]}:
            scope = Scope.of(addresses={party}) if "@" in party else Scope.of(logins={party})
            page = queries.detail(world.store, scope, row["id"])
            made = _document(world, scope, row["id"], Wish())
            assert made is not None
            assert len(made["log_lines"]) <= len(page.log_lines)
            assert len(made["attempts"]) <= len(page.attempts)
            own = " ".join([each.text for each in page.log_lines]).lower()
            for line in made["log_lines"]:
                words = set(re.findall(r"[\w.+-]+@[\w.-]+", line["text"].lower()))
                assert all(each in own for each in words), (row, party, line)
            seen += 1
        stranger = Scope.of(addresses={"nobody@nowhere.test"})
        assert _document(world, stranger, row["id"], Wish()) is None
    assert seen > _MOST


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('1a <= a@b.test T="Secret plan" for c@d.test', '1a <= a@b.test T="•••" for c@d.test'),
        ('1a <= a@b.test T="Secret \\"plan\\" x" S=1', '1a <= a@b.test T="•••" S=1'),
        (
            "A1: info: header Subject: Secret plan from x[192.0.2.1]; from=<a@b.test> proto=ESMTP",
            "A1: info: header Subject: ••• from x[192.0.2.1]; from=<a@b.test> proto=ESMTP",
        ),
        ('(1-1) Passed CLEAN, Subject: "Secret plan", From: x', "(1-1) Passed CLEAN, Subject: •••"),
        ("550 your mail about Secret plan is spam", "550 your mail about ••• is spam"),
        ("R=dnslookup T=remote_smtp H=x", "R=dnslookup T=remote_smtp H=x"),
    ],
)
def test_a_subject_is_left_out_of_lines(line: str, expected: str):
    """Whatever program logged it."""
    view = HandedOn(EVERYTHING, delivery(subject="Secret plan"), wish=Wish(shows_subject=False))
    assert view._short(line) == expected


@pytest.mark.parametrize(
    ("whole", "short"),
    [
        ("anna@example.com", "a…@example.com"),
        ('"anna b"@example.com', '"…@example.com'),
        ("root", "r…"),
        ("a@b@example.com", "a…@example.com"),
        ("", "…"),
    ],
)
def test_names_are_shortened(whole: str, short: str):
    """To their first character; the domain stays."""
    assert shortened(whole) == short
    assert address.domain(whole) in short


@pytest.mark.parametrize(
    ("scope", "is_shown"),
    [
        (EVERYTHING, True),
        (Scope.of(addresses={"bob@example.net"}), True),
        (Scope.of(addresses={"anna@example.com"}), False),
    ],
    ids=["administrator", "recipient", "sender"],
)
def test_a_folder_is_shown_by_whose_it_is(scope, is_shown):
    """Who may read in which folder a copy lies hands that on; its sender does not know it."""
    row = delivery(
        sender="anna@example.com",
        recipient="bob@example.net",
        delivered_to="bob@example.net",
        mailbox="INBOX/Bills",
        targets=["bob@example.net"],
        origins=["anna@example.com"],
    )

    assert HandedOn(scope, row, wish=Wish()).delivery().mailbox == "INBOX/Bills" * is_shown
