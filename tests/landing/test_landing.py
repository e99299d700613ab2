"""Where postroad says that mail ended, against the folders on disk."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from postroad import queries
from postroad.ingest import Importer
from postroad.model import address
from postroad.model.delivery import Delivery
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.state import State
from postroad.store import Store

from .conftest import Run
from .people import PEOPLE

#: Mail server, and its logs in the order in which they are read, one import each.
READINGS = [
    ("postfix", ("mail.log",)),
    ("exim", ("mainlog", "dovecot.log", "spamd.log", "rspamd.log")),
    ("exim", ("rspamd.log", "spamd.log", "dovecot.log", "mainlog")),
]
#: Of each server's mail that was judged: status and folder, scanner, verdict, the least score.
#: Exim only notes what a filter thinks; amavis sends no spam on.
_VERDICTS = {
    "postfix": {
        "spam": ("filtered", "", "amavis", "Blocked SPAM {Discarded", 999.0),
        "ham": ("delivered", "INBOX", "amavis", "Passed CLEAN {Relayed", -9.0),
        "spam.rspamd": ("filtered", "", "amavis", "Blocked SPAM {Discarded", 999.0),
        "nearly.rspamd": ("delivered", "INBOX", "amavis", "Passed CLEAN {Relayed", -9.0),
        "ham.rspamd": ("delivered", "INBOX", "amavis", "Passed CLEAN {Relayed", -9.0),
    },
    "exim": {
        "spam": ("delivered", "INBOX", "spamassassin", "identified spam", 999.0),
        "ham": ("delivered", "INBOX", "spamassassin", "clean message", -9.0),
        "spam.rspamd": ("delivered", "INBOX", "rspamd", "reject", 0.0),
        "nearly.rspamd": ("delivered", "INBOX", "rspamd", "add header", 6.0),
        "ham.rspamd": ("delivered", "INBOX", "rspamd", "no action", -9.0),
    },
}
every_reading = pytest.mark.parametrize(("server", "logs"), READINGS, ids=str)
_PEOPLE = {person.name: person for person in PEOPLE}


@pytest.fixture(scope="session")
def rows_of(landed: Run, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Import logs one after the other into a store, once, and give its rows and what was unknown."""
    known: dict[tuple[str, ...], tuple[list[Delivery], int]] = {}

    def rows(logs: tuple[str, ...]) -> tuple[list[Delivery], int]:
        if logs not in known:
            known[logs] = _read(tmp_path_factory.mktemp("store"), [landed.folder / n for n in logs])
        return known[logs]

    return rows


def _read(folder: Path, logs: list[Path]) -> tuple[list[Delivery], int]:
    store = Store.open(f"chdb://{folder}/store")
    state = State.open(folder / "state.db")
    unknown = 0
    try:
        for log in logs:
            importer = Importer(store, state, host="mx1.example.com", zone=ZoneInfo("UTC"))
            unknown += importer.run([str(log)]).unknown
        return list(queries.iterate(store, Scope.everything(), Search())), unknown
    finally:
        state.close()
        store.close()


@every_reading
def test_every_line_is_understood(server: str, logs: tuple[str, ...], rows_of: Any) -> None:
    """No line of mail server or mailbox server is unknown."""
    del server
    assert 0 == rows_of(logs)[1]


@every_reading
def test_every_copy_ended_where_it_is_told(
    server: str, logs: tuple[str, ...], rows_of: Any, landed: Run
) -> None:
    """Each recipient's status and folder are the true ones, and the copy is on disk there."""
    rows, _ = rows_of(logs)
    stored = landed.truth[server]["stored"]
    wrong = []
    for sent in landed.truth[server]["sent"]:
        if not sent["message_id"]:
            continue
        for recipient in sent["to"]:
            name = recipient.partition("@")[0]
            for person in (
                [_PEOPLE[name]] if name in _PEOPLE else map(_PEOPLE.get, ("inbox", "junk"))
            ):
                assert person is not None
                told = [
                    (row.status.word, row.mailbox)
                    for row in rows
                    if row.message_id == sent["message_id"]
                    and address.key(row.recipient) == address.key(recipient)
                    and (name in _PEOPLE or person.name in row.delivered_to)
                ]
                if told != [(person.status, person.shown)]:
                    wrong.append(f"{sent['message_id']} to {person.name}: {told}")
                on_disk = {
                    folder
                    for folder, texts in stored.get(person.name, {}).items()
                    if any(f"Message-ID: <{sent['message_id']}>" in text for text in texts)
                }
                if on_disk != set(person.folders):
                    wrong.append(f"{sent['message_id']} of {person.name} is in {on_disk}")
    assert not wrong, "\n".join(wrong)


@every_reading
def test_every_verdict_is_the_filters(
    server: str, logs: tuple[str, ...], rows_of: Any, landed: Run
) -> None:
    """Who judged a message, and how, and what became of it; what was thrown away is nowhere."""
    rows, _ = rows_of(logs)
    stored = landed.truth[server]["stored"]["inbox"]["INBOX"]
    wrong = []
    for name, (status, mailbox, scanner, verdict, least) in _VERDICTS[server].items():
        told = [row for row in rows if row.message_id == f"{name}@sender.example"]
        if (
            [(row.status.word, row.mailbox, row.scanner) for row in told]
            != [(status, mailbox, scanner)]
            or not told[0].spam_verdict.startswith(verdict)
            or (told[0].spam_score or 0) < least
            or bool(told[0].spam_rules) is (scanner == "amavis")
        ):
            wrong.append(f"{name}: {told}")
        on_disk = any(f"Message-ID: <{name}@sender.example>" in text for text in stored)
        if on_disk != bool(mailbox):
            wrong.append(f"{name} on disk: {on_disk}")
    assert not wrong, "\n".join(wrong)


@every_reading
def test_as_many_copies_are_told_as_there_are(
    server: str, logs: tuple[str, ...], rows_of: Any, landed: Run
) -> None:
    """Every message in a folder is a delivery to it: replies, bounces and forwards included."""
    rows, _ = rows_of(logs)
    told: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.mailbox and not row.folded:
            user = row.recipient.partition("@")[0]
            told[row.delivered_to.partition("@")[0] if user == "both" else user, row.mailbox] += 1
    on_disk = Counter(
        {
            (person, folder): len(texts)
            for person, folders in landed.truth[server]["stored"].items()
            for folder, texts in folders.items()
        }
    )
    # A second copy of the same mail is no delivery of its own.
    del on_disk["twice", "Archive"]
    assert on_disk == told
