"""The state database: created, migrated, shared, and refused with a sentence."""

from __future__ import annotations

import importlib
import pkgutil
import stat
import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import IntegrityError

import postroad.state
from postroad.errors import StateError
from postroad.state import State, jobs, marks, migrate
from postroad.state.base import metadata


def test_migrations_make_the_tables_that_the_code_declares(tmp_path):
    """What the migrations build and what the modules declare do not differ."""
    for module in pkgutil.iter_modules(postroad.state.__path__, "postroad.state."):
        importlib.import_module(module.name)
    with State.open(tmp_path / "state.db") as state, state.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_current_database_is_opened_without_alembic(tmp_path):
    """The newest revision is known by the names of the migrations, and is the one Alembic knows."""
    path = tmp_path / "state.db"
    State.open(path).close()
    assert ScriptDirectory.from_config(migrate.configuration()).get_current_head() == (
        migrate.newest()
    )
    script = (
        "import sys; from postroad.state import State; State.open(sys.argv[1]).close(); "
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script, path], check=False).returncode == 0


def test_file_and_directory_are_closed_to_others(tmp_path):
    """The database, its journal and a directory made for it are readable by their owner only."""
    with State.open(tmp_path / "home" / "state.db") as state:
        jobs.begin(state, kind="import", what="x", at=1)
        assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
        for path in (tmp_path / "home").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_opening_again_keeps_what_was_written(tmp_path):
    """A database opened by path and again by URL is the same."""
    with State.open(tmp_path / "state.db") as state:
        marks.commit(state, [], name="ingest", context=b"carried over", at=1)
    with State.open(f"sqlite:///{tmp_path}/state.db") as state:
        assert marks.context(state, "ingest") == b"carried over"


def test_a_newer_database_is_refused(tmp_path):
    """A version that no migration of ours knows raises a sentence that says so."""
    with State.open(tmp_path / "state.db") as state, state.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StateError, match=r"newer postroad.*9999"):
        State.open(tmp_path / "state.db")


def test_a_damaged_file_is_named(tmp_path):
    """A file that is no database raises a sentence with its path."""
    path = tmp_path / "state.db"
    path.write_bytes(b"From: somebody\n" * 1000)
    with pytest.raises(StateError, match=f"{path} cannot be used: it is damaged"):
        State.open(path)


def test_a_directory_that_cannot_be_made_is_named(tmp_path):
    """A path below a file raises a sentence with its path."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot be opened for writing"):
        State.open(tmp_path / "file" / "state.db")


@pytest.mark.parametrize(
    "url", ["nonsense://", "sqlite//:x://y", "postgresql+nodriver://u:secret@h/d"]
)
def test_a_url_of_no_known_kind_is_refused(url):
    """A URL that names no database that can be used raises a sentence without its password."""
    with pytest.raises(StateError) as caught:
        State.open(url)
    assert "secret" not in str(caught.value)


def test_a_block_that_raises_changes_nothing(tmp_path):
    """A transaction whose block raises is undone."""
    with State.open(tmp_path / "state.db") as state:
        insert = sa.text("INSERT INTO contexts VALUES ('a', x'00', 1)")

        def change_and_fail():
            with state.write() as connection:
                connection.execute(insert)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            change_and_fail()
        assert marks.context(state, "a") == b""


def test_a_broken_constraint_is_the_callers_news(tmp_path):
    """A row that exists already raises SQLAlchemy's own IntegrityError."""
    with State.open(tmp_path / "state.db") as state:
        with state.write() as connection:
            connection.execute(sa.text("INSERT INTO contexts VALUES ('a', x'00', 1)"))

        def insert_again():
            with state.write() as connection:
                connection.execute(sa.text("INSERT INTO contexts VALUES ('a', x'00', 1)"))

        with pytest.raises(IntegrityError):
            insert_again()


def test_what_a_reader_writes_is_not_kept(tmp_path):
    """A change made in a reading block is gone after it."""
    with State.open(tmp_path / "state.db") as state:
        with state.read() as connection:
            connection.execute(sa.text("INSERT INTO contexts VALUES ('a', x'00', 1)"))
        assert marks.context(state, "a") == b""


def test_threads_write_side_by_side(tmp_path):
    """Eight threads that write at the same time all succeed."""
    with State.open(tmp_path / "state.db") as state:

        def work(number):
            for n in range(10):
                jobs.begin(state, kind="import", what=f"{number}.{n}", at=n)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(jobs.latest(state, 100)) == 80


def test_processes_that_open_a_new_database_at_once_all_succeed(tmp_path):
    """Four processes that create the same database leave one that is whole."""
    code = f"from postroad.state import State; State.open({str(tmp_path / 'state.db')!r}).close()"
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [process.wait(30) for process in processes] == [0, 0, 0, 0]
    with State.open(tmp_path / "state.db") as state:
        assert jobs.latest(state) == []
