"""Opening a store, and what goes wrong with it, in words."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.store.rows import batch, line

from postroad.errors import ConfigError, StoreError, StoreFull, StoreInUse, StoreTooNew
from postroad.store import Store, address, engine, lock, migrate

_OPEN = """
import sys
from postroad.errors import StoreError
from postroad.store import Store
try:
    with Store.open(sys.argv[1]) as store:
        print("open", flush=True)
        sys.stdin.read()
except StoreError as error:
    print(type(error).__name__, error)
"""


def opened_elsewhere(url):
    """Another process that opens the store and says so."""
    process = subprocess.Popen(
        [sys.executable, "-c", _OPEN, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("chdb:///var/lib/postroad/store", "chdb:///var/lib/postroad/store"),
        ("chdb:///a/../b%20c", "chdb:///b c"),
        ("clickhouse://user:secret@db.example.com/mail", "clickhouse://db.example.com/mail"),
        ("clickhouses://db.example.com:9440", "clickhouses://db.example.com/postroad"),
    ],
)
def test_addresses(url, shown):
    """Both kinds of address are read, and shown without the password."""
    assert str(address.parse(url)) == shown


def test_address_of_a_server():
    """An address of a server holds all that a connection needs."""
    found = address.parse("clickhouses://u%40x:p%2Fw@db.example.com:9440/mail?replicated=1")
    assert (found.user, found.password, found.host, found.port) == (
        "u@x",
        "p/w",
        "db.example.com",
        9440,
    )
    assert found.is_secure
    assert found.is_replicated
    assert not found.is_embedded
    assert address.parse("clickhouse://h/mail", "other").database == "other"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/var/lib/store",
        "chdb://",
        "chdb:///",
        "chdb://relative/path",
        "sqlite:///x",
        "clickhouse://",
        "clickhouse:///mail",
        "clickhouse://h:port/mail",
        "clickhouse://h/mail;drop",
        "clickhouse://h/`x`",
    ],
)
def test_addresses_that_are_none(url):
    """What is not the address of a store is refused in words."""
    with pytest.raises(ConfigError):
        address.parse(url)


def test_a_password_is_not_repeated():
    """The sentence about an unusable address does not hold its password."""
    with pytest.raises(ConfigError) as caught:
        address.parse("clickhouse://user:secret@h/bad-name")
    assert "secret" not in str(caught.value)


def test_tables_of_a_cluster():
    """On a cluster every table is replicated; elsewhere none is."""

    class Cluster:
        """An address of a cluster."""

        address = address.parse("clickhouse://h/mail?replicated=1")

    class Server:
        """An engine that is a server."""

        address = address.parse("clickhouse://h/mail")

    for text in migrate._files().values():
        for statement in migrate._statements(text):
            assert migrate._for(Server, statement) == statement
            replicated = migrate._for(Cluster, statement)
            assert ("ENGINE = Replicated" in replicated) == ("ENGINE = " in statement)


def test_what_was_written_is_there_after_opening_again(tmp_path):
    """A store keeps what it acknowledged when it is closed and opened."""
    url = f"chdb://{tmp_path}/deep/store"
    for number in range(3):
        with Store.open(url) as store:
            store.write(batch(lines=[line(f"x{number}")]))
            rows = store.read("SELECT count() AS n FROM log_lines", {}, dict)
            assert rows == [{"n": number + 1}]


def test_killed_without_warning(tmp_path):
    """What was acknowledged is there after the process was killed."""
    url = f"chdb://{tmp_path}/store"
    script = (
        "import os, signal, sys\n"
        "from postroad.store import Store\n"
        "from tests.store.rows import batch, line\n"
        "store = Store.open(sys.argv[1])\n"
        "store.write(batch(lines=[line('x')]))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", script, url], check=False, cwd=root)
    with Store.open(url) as store:
        assert store.read("SELECT text FROM log_lines", {}, dict) == [{"text": "x"}]


def test_in_use_by_another_process(tmp_path):
    """A store that another process has open says which, and what to do."""
    url = f"chdb://{tmp_path}/store"
    process, said = opened_elsewhere(url)
    try:
        assert said == "open\n"
        with pytest.raises(StoreInUse, match=rf"process {process.pid}\)"):
            Store.open(url)
    finally:
        process.communicate("")
    Store.open(url).close()


def test_in_use_by_this_process(tmp_path):
    """While this process has a store open, another does not get it; afterwards it does."""
    url = f"chdb://{tmp_path}/store"
    with Store.open(url), Store.open(url, database="other"):
        process, said = opened_elsewhere(url)
        process.communicate("")
        assert said.startswith("StoreInUse")
        assert f"process {os.getpid()}" in said
    process, said = opened_elsewhere(url)
    process.communicate("")
    assert said == "open\n"


def test_of_a_newer_version(tmp_path):
    """A store written by a newer postroad is left alone, in words, and can be opened by that."""
    url = f"chdb://{tmp_path}/store"
    with Store.open(url) as store:
        store._engine.insert("schema_version", [b'{"version": 999, "applied_at": 1}'])
    with pytest.raises(StoreTooNew, match=r"schema 999"):
        Store.open(url)
    with pytest.raises(StoreTooNew):
        Store.open(url)


def test_schema_is_applied_once(tmp_path):
    """Opening again applies nothing; the version says what was applied."""
    url = f"chdb://{tmp_path}/store"
    for _ in range(2):
        with Store.open(url) as store:
            rows = store.read("SELECT version FROM schema_version ORDER BY version", {}, dict)
            assert rows == [{"version": number + 1} for number in range(migrate.newest())]


def test_a_place_that_cannot_be_written(tmp_path):
    """A directory that cannot be made is named in the sentence."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="file"):
        Store.open(f"chdb://{tmp_path}/file/store")


def test_a_place_that_is_a_file(tmp_path):
    """A file where the store should be is a sentence, and the lock is given back."""
    (tmp_path / "store").write_text("x")
    with pytest.raises(StoreError):
        Store.open(f"chdb://{tmp_path}/store")
    assert lock._held == {}


def test_a_server_that_is_not_there():
    """A server that does not answer is named in the sentence, its password is not."""
    with pytest.raises(StoreError, match=r"clickhouse://127\.0\.0\.1/postroad") as caught:
        Store.open("clickhouse://user:secret@127.0.0.1:9/postroad")
    assert "secret" not in str(caught.value)


def test_after_closing(tmp_path):
    """A store that was closed says so to threads that still ask it."""
    store = Store.open(f"chdb://{tmp_path}/store")
    store.close()
    store.close()
    with pytest.raises(StoreError):
        store.newest("mx1")


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        OSError(122, "Disk quota exceeded"),
        engine.ClickHouseError("Code: 243. Cannot reserve 1.00 MiB, not enough space"),
        engine.ClickHouseError(
            "Cannot write to file, errno: 28, strerror: No space left on device"
        ),
    ],
)
def test_no_space_left(error):
    """Every way in which a full disk shows is the same sentence."""
    if "243" in str(error):
        error.code = 243
    found = engine._sentence(error, address.parse("chdb:///var/lib/postroad/store"))
    assert isinstance(found, StoreFull)
    assert "/var/lib/postroad/store" in str(found)


_FILL = """
import os, sys
from postroad.errors import StoreFull
from postroad.store import Store
from tests.store.rows import HOST, batch, line
def some(number):
    return [line(os.urandom(2000).hex(), queue_id=f"{number}-{n}") for n in range(500)]
with Store.open(f"chdb://{sys.argv[1]}/store") as store:
    number = 0
    try:
        while True:
            store.write(batch(lines=some(number)))
            number += 1
    except StoreFull as error:
        print(error)
with Store.open(f"chdb://{sys.argv[1]}/store") as store:
    keys = [(HOST, "", f"{n}-{m}") for n in range(number) for m in range(500)]
    print(number > 1, len(store.lines_of(keys)) == len(keys))
"""


def test_a_full_disk(tmp_path):
    """A full disk is told in a sentence; what was acknowledged before is there after."""
    inside = 'mount -t tmpfs -o size=20m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "--mount", "sh", "-c", inside, "sh", str(tmp_path), sys.executable, _FILL]
    if os.geteuid() != 0:
        command[1:1] = ["--map-root-user"]
    root = Path(__file__).parents[2]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if not result.stdout and ("mount" in result.stderr or "unshare" in result.stderr):
        pytest.skip(f"a file system of its own cannot be mounted: {result.stderr.strip()}")
    sentence, kept = result.stdout.splitlines()
    assert "No space is left" in sentence
    assert kept == "True True"
