"""What is written is kept once, found again, replaced and withdrawn; against the real engine."""

import threading
import typing
from enum import IntEnum

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.rows import DAY, HOST, NOON, SECOND, attempt, batch, delivery, line

from postroad.errors import StoreError
from postroad.model.coverage import Coverage, UnknownLine
from postroad.model.delivery import Attempt, Batch, Delivery, Link, LogLine
from postroad.model.event import LinkKind
from postroad.model.status import Status
from postroad.store import Known, samples, writer

KEY = (HOST, "", "1aBcDe-01")
TABLES = {
    "deliveries": Delivery,
    "attempts": Attempt,
    "log_lines": LogLine,
    "links": Link,
    "coverage": Coverage,
    "unknown_lines": UnknownLine,
}


class Column(msgspec.Struct):
    """A row of system.columns."""

    name: str
    type: str
    comment: str


def told(*rows):
    """A batch of deliveries, each with the line that it began with."""
    lines = [
        line("x", queue_id=row.queue_id, at=row.first_at, host=row.host, instance=row.instance)
        for row in rows
    ]
    return batch(*rows, lines=lines)


def columns(store, table):
    """The columns of a table."""
    return store.read(
        "SELECT name, type, comment FROM system.columns "
        "WHERE database = currentDatabase() AND table = {table:String}",
        {"table": table},
        Column,
    )


def count(store, table):
    """How many different rows a table has."""
    return store.read(f"SELECT count() AS n FROM {table} FINAL", {}, dict)[0]["n"]


def keys_of(store):
    """The keys that lead to a delivery that is shown."""
    sql = "SELECT key FROM deliveries_by_key FINAL WHERE shown ORDER BY key"
    return [row["key"] for row in store.read(sql, {}, dict)]


@pytest.mark.parametrize(("table", "row"), TABLES.items())
def test_every_field_has_a_column(store, table, row):
    """Every field of a row has a column of its name, so that nothing is dropped silently."""
    assert set(row.__struct_fields__) <= {column.name for column in columns(store, table)}


def test_every_column_is_explained(store):
    """Every column of every table has a comment."""
    sql = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != '{e}'"
    tables = store.read(sql.format(e="MaterializedView"), {}, dict)
    assert len(tables) >= 9
    for table in tables:
        for column in columns(store, table["name"]):
            assert column.comment, f"{table['name']}.{column.name}"


@pytest.mark.parametrize(("table", "row"), TABLES.items())
def test_enumerations_agree(store, table, row):
    """The words and numbers of an enumeration are the same in the schema and in the model."""
    types = {column.name: column.type for column in columns(store, table)}
    for name, hint in typing.get_type_hints(row).items():
        if isinstance(hint, type) and issubclass(hint, IntEnum):
            words = ", ".join(f"'{each.name.lower()}' = {each.value}" for each in hint)
            assert types[name] == f"Enum8({words})"


def test_everything_comes_back(store):
    """A delivery comes back as it was written, in every field."""
    full = delivery(
        "Bob@Example.NET",
        to="box@example.net",
        sender="Anna@example.com",
        host="mx2",
        instance="postfix-in",
        subject="Grüße\0\n\"' 😀 \\ud800 \\N \t",
        spam_score=-1.3,
        status=Status.DEFERRED,
        size=2**40,
        attempts=70_000,
        smtp_code=451,
        result="451 4.7.1 later\\n",
        hops=["A1", "B2"],
        origins=["anna@example.com", "anna"],
        user="anna",
        reason="greylisted",
        bounce_of="x",
        bounced_as="y",
        next_queue_id="z",
    )
    store.write(batch(full))
    from postroad.store import columns as selected

    sql = f"SELECT {selected.DELIVERY} FROM (SELECT * FROM deliveries)"
    assert store.read(sql, {}, Delivery) == [full]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])), max_size=5))
def test_any_text_is_kept_as_it_is(store, texts):
    """Log lines come back character by character, whatever they hold."""
    queue_id = f"q{abs(hash(tuple(texts)))}"
    store.write(batch(lines=[line(text, queue_id=queue_id) for text in texts]))
    found = store.lines_of([(HOST, "", queue_id)]).get((HOST, "", queue_id), [])
    assert {each.text for each in found} == set(texts)


@pytest.mark.parametrize("at", [0, -1, 1, NOON, 253_402_300_799_999_999, 2**63 - 1])
def test_any_time_is_kept(store, at):
    """Times that no mail server should write are kept as they are and can be found."""
    store.write(told(delivery(at=at - 2 * SECOND if at > NOON else at, last_at=at)))
    assert len(store.delivery_versions([KEY])[KEY]) == 1


def test_the_same_again_changes_nothing(store):
    """A batch that is written twice is kept once, in every table."""
    row = delivery()
    link = Link(host=HOST, instance="", kind=LinkKind.BOUNCED_AS, queue_id="a", other="b", at=NOON)
    once = batch(row, lines=[line("x")], attempts=[attempt(row)], links=[link])
    store.write(once)
    tables = ("deliveries", "deliveries_by_key", "attempts", "log_lines", "links")
    before = [count(store, table) for table in tables]
    store.write(once)
    store.write(once)
    assert [count(store, table) for table in tables] == before
    assert before[0] == before[2] == before[3] == before[4] == 1


def test_the_same_twice_in_one_batch(store):
    """Two versions of a delivery in one batch are one delivery: the one that knows more."""
    store.write(batch(delivery(version=4, subject="more"), delivery(version=3, subject="less")))
    rows = store.read("SELECT subject FROM deliveries FINAL", {}, dict)
    assert rows == [{"subject": "more"}]
    keys = store.read("SELECT count() AS n FROM deliveries_by_key FINAL WHERE key = ''", {}, dict)
    assert keys == [{"n": 1}]


def test_more_lines_know_more(store):
    """A version resting on fewer lines never replaces one resting on more."""
    store.write(batch(delivery(version=5, status=Status.DELIVERED)))
    store.write(batch(delivery(version=4, status=Status.DEFERRED)))
    rows = store.read("SELECT toInt8(status) AS s FROM deliveries FINAL", {}, dict)
    assert rows == [{"s": Status.DELIVERED}]


def test_of_versions_that_know_as_much_the_last_counts(store):
    """Rows of the same version replace each other in the order in which they were written."""
    for subject in ("a", "c", "b"):
        store.write(batch(delivery(subject=subject)))
    assert store.read("SELECT subject FROM deliveries FINAL", {}, dict) == [{"subject": "b"}]


def test_versions_are_told(store):
    """What is stored of a queue id is told with what withdrawing it needs."""
    one, other = delivery(), delivery("carol@example.org", at=NOON, version=7)
    elsewhere = delivery(host="mx2")
    store.write(told(one, other, elsewhere))
    assert store.delivery_versions([KEY, (HOST, "", "none")]) == {
        KEY: {
            one.id: Known(3, one.message_key, NOON, NOON),
            other.id: Known(7, other.message_key, NOON, NOON),
        }
    }


def test_a_withdrawn_delivery_is_gone_under_every_key(store):
    """Withdrawing needs no more than id, first_at and version, and ends every key of the row."""
    row = delivery(to="box@example.net", origins=["anna@example.com"], message_id="<m@example.com>")
    store.write(batch(row))
    assert {"", "bob@example.net", "@example.net", "box@example.net", "m@example.com"} <= set(
        keys_of(store)
    )
    bare = Delivery(
        id=row.id,
        message_key=row.message_key,
        host=HOST,
        instance="",
        queue_id="",
        version=3,
        deleted=True,
        status=Status.IN_PROGRESS,
        first_at=NOON,
    )
    store.write(batch(bare))
    assert keys_of(store) == []
    assert store.delivery_versions([KEY]) == {}
    store.write(batch(bare))
    assert keys_of(store) == []


def test_a_delivery_that_turns_out_to_be_older(store):
    """A row moves to an earlier time, and week, when it is withdrawn where it stood."""
    row = delivery()
    earlier = delivery(at=NOON - 8 * DAY, version=5)
    store.write(told(row))
    store.write(told(msgspec.structs.replace(row, deleted=True, version=5), earlier))
    assert store.delivery_versions([KEY])[KEY] == {
        row.id: Known(5, row.message_key, NOON - 8 * DAY, NOON - 8 * DAY)
    }
    rows = store.read("SELECT ago FROM deliveries_by_key FINAL WHERE shown AND key = ''", {}, dict)
    assert rows == [{"ago": -(NOON - 8 * DAY)}]


def test_a_withdrawn_delivery_can_come_back(store):
    """What was withdrawn is there again when a version knows more."""
    row = delivery()
    store.write(told(row))
    store.write(batch(msgspec.structs.replace(row, deleted=True, version=4)))
    store.write(batch(msgspec.structs.replace(row, version=5)))
    assert list(store.delivery_versions([KEY])[KEY]) == [row.id]
    assert "bob@example.net" in keys_of(store)


def test_lines_in_the_order_of_time(store):
    """Lines of a queue id come in the order of time, each once, of this host and queue only."""
    store.write(batch(lines=[line("b", at=NOON + 5), line("a"), line("b", at=NOON + 5)]))
    store.write(batch(lines=[line("c", at=NOON - 9 * DAY), line("a"), line("x", host="mx2")]))
    store.write(batch(lines=[line("y", instance="postfix-in"), line("z", queue_id="other")]))
    found = store.lines_of([KEY, KEY])
    assert [each.text for each in found[KEY]] == ["c", "a", "b"]
    assert list(found) == [KEY]


def test_what_is_said_under_a_message_id_is_bounded(store):
    """Of lines and messages of one Message-ID, the latest of a period are read, and so many."""
    name = "<1@example.org>"
    told = [line(f"{n}", queue_id=name, instance="dovecot", at=NOON + n) for n in range(9)]
    rows = [
        delivery(queue_id=f"q{n}", message_id=name.strip("<>"), at=NOON + n * SECOND)
        for n in range(9)
    ]
    store.write(batch(*rows, lines=told))
    key = (HOST, "dovecot", name)
    found = store.said_of([key], since=NOON + 1, until=NOON + 7, most=3)
    assert [each.text for each in found[key]] == ["5", "6", "7"]
    named = store.queues_named([name], since=NOON, until=NOON + 5 * SECOND, most=2)
    assert sorted(queue_id for _, _, queue_id in named) == ["q4", "q5"]


def test_many_keys_at_once(store):
    """More keys than one statement takes are asked for in several."""
    names = [f"q{number}" for number in range(2_500)]
    store.write(batch(lines=[line("x", queue_id=name) for name in names]))
    assert len(store.lines_of((HOST, "", name) for name in names)) == 2_500
    assert store.lines_of([]) == {}
    assert store.delivery_versions([]) == {}
    assert store.links_of([]) == []


def test_links_from_both_ends(store):
    """A link is found by either of its queue ids, and not by those of another host."""
    link = Link(host=HOST, instance="", kind=LinkKind.FORWARDED_AS, queue_id="a", other="b", at=1)
    store.write(batch(links=[link]))
    assert store.links_of([(HOST, "", "a")]) == [link]
    assert store.links_of([(HOST, "", "b")]) == [link]
    assert store.links_of([(HOST, "", "a"), (HOST, "", "b")]) == [link]
    assert store.links_of([("mx2", "", "a"), (HOST, "x", "b")]) == []


def test_newest_line_of_a_host(store):
    """The newest stored line of each host is known, 0 where nothing is."""
    assert store.newest(HOST) == 0
    store.write(batch(lines=[line("b", at=NOON + 9), line("a")]))
    store.write(batch(lines=[line("c", at=NOON - DAY), line("d", at=NOON + 99, host="mx2")]))
    assert store.newest(HOST) == NOON + 9
    assert store.newest("mx2") == NOON + 99


def test_blocks_are_bounded(store, monkeypatch):
    """Rows beyond the size of a block go into further blocks, and none is lost."""
    blocks = []
    insert = type(store._engine).insert
    monkeypatch.setattr(
        type(store._engine),
        "insert",
        lambda engine, table, pieces: (
            blocks.append((table, sum(map(len, pieces)))),
            insert(engine, table, pieces),
        ),
    )
    long = "x" * 5_000
    lines = [line(f"{number} {long}", queue_id=f"q{number}") for number in range(7_000)]
    store.write(batch(lines=lines))
    sizes = [size for table, size in blocks if table == "log_lines"]
    assert len(sizes) > 1
    assert max(sizes) <= writer.BLOCK_BYTES
    assert count(store, "log_lines") == 7_000


def test_a_line_of_ten_megabytes(store):
    """A line that is longer than a block is a block of its own."""
    long = "x" * (writer.BLOCK_BYTES + 10)
    store.write(batch(lines=[line("a"), line(long, at=NOON + 1), line("b", at=NOON + 2)]))
    assert [len(each.text) for each in store.lines_of([KEY])[KEY]] == [1, len(long), 1]


def test_an_empty_batch(store):
    """Writing nothing is fine."""
    store.write(Batch())
    store.write_coverage([])
    store.write_unknown([])


def test_coverage_replaces_itself(store):
    """The count of a piece of input that is read again replaces the count before."""
    row = Coverage(source="s", host=HOST, minute=NOON, chunk="1", lines=5, understood=4)
    store.write_coverage([row])
    store.write_coverage([msgspec.structs.replace(row, lines=6), row])
    store.write_coverage([msgspec.structs.replace(row, lines=7)])
    rows = store.read("SELECT lines FROM coverage FINAL", {}, dict)
    assert rows == [{"lines": 7}]


def unknown(number, shape="a #", source="s"):
    """A line that was not understood."""
    return UnknownLine(
        source=source, host=HOST, at=NOON + number, shape=shape, text=f"a {number}", position="f:1"
    )


def test_a_bounded_sample_of_unknown_lines(store, engine):
    """The first lines of each shape are kept, also over several writes and openings."""
    store.write_unknown([unknown(number) for number in range(15)])
    store.write_unknown([unknown(number) for number in range(15, 50)])
    assert count(store, "unknown_lines") == samples.PER_SHAPE
    database = store._engine.address.database
    with type(store).open(engine, database=database) as again:
        again.write_unknown([unknown(100), unknown(101, shape="b"), unknown(102, source="t")])
        assert count(again, "unknown_lines") == samples.PER_SHAPE + 2


def test_a_bounded_number_of_shapes(store):
    """A file that is not a log at all does not fill the store with its lines."""
    rows = [unknown(number, shape=f"shape {number}") for number in range(samples.SHAPES + 500)]
    store.write_unknown(rows)
    assert count(store, "unknown_lines") == samples.SHAPES


def test_long_samples_are_cut_and_say_so(store):
    """A long unknown line is shortened, and the sample tells by how much."""
    row = msgspec.structs.replace(unknown(1), text="x" * (samples.LONGEST + 77))
    store.write_unknown([row])
    text = store.read("SELECT text FROM unknown_lines", {}, dict)[0]["text"]
    assert text == "x" * samples.LONGEST + " [77 more characters]"


@pytest.mark.parametrize("age", [40, 31, 30.001])
def test_retention(store, age):
    """What came longer ago than it is kept is dropped from every table, nothing younger is."""
    for at in (NOON - int(age * DAY), NOON - 30 * DAY, NOON - 29 * DAY, NOON):
        row = delivery(queue_id=f"q{at}", at=at)
        link = Link(
            host=HOST, instance="", kind=LinkKind.BOUNCED_AS, queue_id="a", other="b", at=at
        )
        rows = batch(row, lines=[line("x", at=at)], attempts=[attempt(row, at=at)], links=[link])
        store.write(rows)
        store.write_coverage([Coverage(source="s", host=HOST, minute=at, chunk="1")])
        store.write_unknown([msgspec.structs.replace(unknown(0), at=at)])
    tables = [*TABLES, "deliveries_by_key"]
    before = {table: count(store, table) for table in tables}
    assert store.drop_before(NOON - 48 * DAY) == 0
    assert store.drop_expired(NOON) == len(tables)
    assert {table: count(store, table) for table in tables} == {
        table: number * 3 // 4 for table, number in before.items()
    }
    assert store.drop_expired(NOON) == 0


def test_threads_share_a_store(store):
    """Threads write and read at the same time, each with a client of its own."""
    failures = []

    def work(number):
        try:
            for turn in range(5):
                name = f"t{number}-{turn}"
                store.write(batch(lines=[line("x", queue_id=name)]))
                assert (HOST, "", name) in store.lines_of([(HOST, "", name)])
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
    assert count(store, "log_lines") == 30


def test_wrong_sql_is_a_short_sentence(store):
    """What ClickHouse says is told without its stack and version, in a few lines."""
    with pytest.raises(StoreError) as caught:
        store.read("SELECT nothing FROM nowhere", {}, dict)
    assert "nowhere" in str(caught.value)
    assert len(str(caught.value)) < 600
    assert "Stack trace" not in str(caught.value)
