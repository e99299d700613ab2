"""Logs of containers: what the runtime wrote around each line is taken off, and nothing is lost."""

from __future__ import annotations

import io
import json

import pytest
from tests.ingest import logs
from tests.ingest.world import differences

from postroad.sources.archives import Content
from postroad.sources.containers import is_wrapped, unwrap
from postroad.sources.reading import Reading

TIME = "2026-03-02T08:00:01.123456789Z"


def docker(text, *, time=TIME, stream="stdout"):
    """An entry as Docker writes it."""
    return json.dumps({"log": text, "stream": stream, "time": time}).encode() + b"\n"


def cri(text, *, kind="F", time=TIME, stream="stdout"):
    """An entry as containerd writes it."""
    return f"{time} {stream} {kind} {text}\n".encode()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain words", "2026-03-02T08:00:01.123456+00:00 box plain words"),
        (
            "postfix/smtpd[1]: connect from a[192.0.2.1]",
            "2026-03-02T08:00:01.123456+00:00 box postfix/smtpd[1]: connect from a[192.0.2.1]",
        ),
        # Without a zone: that in which it was this time then.
        ("Mar  2 08:00:01 mx1 a: b", "2026-03-02T08:00:01+00:00 mx1 a: b"),
        ("Mar  2 09:00:00 mx1 a: b", "2026-03-02T09:00:00+01:00 mx1 a: b"),
        ("Mar  2 02:30:01 mx1 a: b", "2026-03-02T02:30:01-05:30 mx1 a: b"),
        (
            "2026-03-02 09:00:01 1q0001-01 Completed",
            "2026-03-02 09:00:01 +0100 1q0001-01 Completed",
        ),
        ("2026-03-02 08:00:01.5 [7] x", "2026-03-02 08:00:01.5 +0000 [7] x"),
        # A time that no zone explains stays as it is.
        ("Mar  2 08:07:01 mx1 a: b", "Mar  2 08:07:01 mx1 a: b"),
        (
            "Foo  2 08:07:01 mx1 a: b",
            "Foo  2 08:07:01 mx1 a: b",
        ),
        # Times that are complete.
        ("2026-03-02T09:00:01+01:00 mx1 a: b", "2026-03-02T09:00:01+01:00 mx1 a: b"),
        ("2026-03-02 09:00:01 +0100 x", "2026-03-02 09:00:01 +0100 x"),
        ("<22>1 2026-03-02T08:00:01Z mx1 a - - - b", "<22>1 2026-03-02T08:00:01Z mx1 a - - - b"),
        ("@4000000065e2dc4c1a2b3c4d x", "@4000000065e2dc4c1a2b3c4d x"),
        ("", ""),
    ],
)
def test_texts(text, line):
    """A line gets the time, zone and host that it does not name itself, and no other."""
    assert unwrap(docker(f"{text}\n"), "box")[0] == [line]
    assert unwrap(cri(text), "box")[0] == [line]


def test_around_new_year():
    """A stamp without a year is of the year that is nearest."""
    late = docker("Dec 31 23:59:59 mx1 a: b\n", time="2026-01-01T00:00:01Z")
    early = docker("Jan  1 00:59:59 mx1 a: b\n", time="2025-12-31T23:59:59Z")
    assert unwrap(late, "")[0] == ["2025-12-31T23:59:59+00:00 mx1 a: b"]
    assert unwrap(early, "")[0] == ["2026-01-01T00:59:59+01:00 mx1 a: b"]


def test_pieces_are_put_together():
    """Also where two streams write at the same time, and only as far as lines have ended."""
    data = docker("ab ") + docker("xy ", stream="stderr") + docker("cd\n")
    assert unwrap(data, "h") == ([], 0)
    data += docker("z\n", stream="stderr")
    lines, done = unwrap(data + docker("next "), "h")
    assert [line.partition(" h ")[2] for line in lines] == ["ab cd", "xy z"]
    assert done == len(data)
    assert unwrap(docker("never "), "h", final=True)[0] == [
        "2026-03-02T08:00:01.123456+00:00 h never "
    ]
    pieces = cri("<22>ab", kind="P") + cri("cd")
    assert unwrap(pieces, "h") == (["<22>abcd"], len(pieces))


#: Deeper than any reader of JSON goes.
DEEP = b'{"x":' + b"[" * 100_000 + b"\n"


@pytest.mark.parametrize(
    "entry", [b"{}\n", b'{"log":5}\n', b"{\n", b"\xff\xfe\n", b"x\n", b"\n", DEEP]
)
def test_what_is_no_entry(entry):
    """Between entries it is a line as it stands, and nothing is raised."""
    lines, done = unwrap(docker("Mar 1\n") + entry + docker("b\n"), "h")
    assert len(lines) == 3
    assert done == len(docker("Mar 1\n") + entry + docker("b\n"))


@pytest.mark.parametrize("size", [7, 100, 5000, 1 << 20])
def test_read_in_any_pieces(size):
    """Chunks hold whole lines, and a position is never inside a line that is in pieces."""
    texts = [f"<22>line {number} {'x' * (number % 7 * 9000)}" for number in range(40)]
    data = b"".join(
        docker(piece)
        for text in texts
        for piece in [
            f"{text}\n"[start : start + 16384] for start in range(0, len(text) + 1, 16384)
        ]
    )

    class Dripping(io.BytesIO):
        """Gives a few octets at a time."""

        def read(self, wanted=-1):
            """Read no more than that."""
            return super().read(min(size, wanted))

    reading = Reading(Content(Dripping(data), "test"))
    found, ends = [], []
    while chunk := reading.chunk(final=True):
        found += chunk.lines
        ends.append(reading.offset)
    assert found == texts
    assert is_wrapped(data)
    for end in ends:
        assert unwrap(data[end:], "")[0] == texts[len(unwrap(data[:end], "")[0]) :]


def test_torn_and_endless(tmp_path):
    """What never ends is bounded; what ends without a newline is handed out at the end."""
    data = docker("x" * 16000) * 200
    reading = Reading(Content(io.BytesIO(data), "test"))
    lines = []
    while chunk := reading.chunk(final=True):
        lines += chunk.lines
    assert max(map(len, lines)) < 70_000
    assert reading.cut >= 2
    # An object without any end.
    reading = Reading(Content(io.BytesIO(b'{"log":"' + b"y" * 5_000_000), "test"))
    lines = []
    while chunk := reading.chunk(final=True):
        lines += chunk.lines
    assert len(lines) == 1
    assert len(lines[0]) < 70_000


@pytest.mark.parametrize("server", ["exim", "postfix"])
@pytest.mark.parametrize("wrap", [docker, cri])
def test_the_same_story(make_world, tmp_path, server, wrap):
    """A log out of a container tells what the log itself tells."""
    lines = getattr(logs, server)(150)
    plain, wrapped = tmp_path / "plain.log", tmp_path / "c-json.log"
    plain.write_bytes(logs.data(lines))
    end = "\n" if wrap is docker else ""
    wrapped.write_bytes(
        b"".join(wrap(f"{line}{end}", time=f"{line[:10]}T{line[11:19]}.5Z") for line in lines)
    )
    calm, boxed = make_world("calm"), make_world("boxed")
    calm.load(plain)
    assert boxed.load(wrapped).problems == []
    if server == "postfix":
        assert differences(calm.everything(), boxed.everything()) == []
    columns = "recipient, status, first_at, last_attempt_at, sender, result"
    question = f"SELECT {columns} FROM deliveries FINAL WHERE NOT deleted ORDER BY ALL"
    assert calm.rows(question) == boxed.rows(question)
    assert len(calm.rows(question)) > 100


def test_rotated_by_docker(make_world, tmp_path):
    """A pattern follows the logs of containers through rotation, also while nobody reads."""
    from tests.ingest.test_follow import following, wait

    lines = logs.exim(120)
    (tmp_path / "whole").write_bytes(logs.data(lines))
    calm, world = make_world("calm"), make_world("postroad")
    calm.load(tmp_path / "whole")
    stored = len(calm.everything()["lines"])
    log = tmp_path / "containers" / "abc" / "abc-json.log"
    log.parent.mkdir(parents=True)

    def write(texts):
        with log.open("ab") as file:
            for text in texts:
                file.write(docker(f"{text}\n", time=f"{text[:10]}T{text[11:19]}Z"))

    def rotate():
        for number in (2, 1):
            older = log.with_name(f"{log.name}.{number}")
            if older.exists():
                older.rename(log.with_name(f"{log.name}.{number + 1}"))
        log.rename(log.with_name(f"{log.name}.1"))

    pattern = tmp_path / "containers" / "*" / "*-json.log"
    write(lines[:60])
    with following(world, pattern):
        wait(lambda: len(world.rows("SELECT 1 FROM log_lines FINAL")) > 30)
        write(lines[60:90])
        rotate()
        write(lines[90:120])
    write(lines[120:150])
    rotate()
    write(lines[150:180])
    rotate()
    write(lines[180:])
    with following(world, pattern):
        wait(lambda: len(world.everything()["lines"]) == stored)
    columns = "recipient, status, first_at, last_attempt_at, sender, result"
    question = f"SELECT {columns} FROM deliveries FINAL WHERE NOT deleted ORDER BY ALL"
    assert calm.rows(question) == world.rows(question)
    assert world.rows("SELECT * FROM gaps") == []


@pytest.fixture
def make_world(tmp_path):
    """Make empty worlds by name; they are closed at the end."""
    from tests.ingest.world import World

    worlds = []

    def make(name):
        worlds.append(World(tmp_path / "home", name))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()
