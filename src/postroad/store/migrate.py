"""The schema: files that are applied in order, each once.

`schema/NNN_*.sql` brings a store from version NNN-1 to NNN. Statements end in a semicolon at the
end of a line and can be repeated, because ClickHouse cannot take half a file back.
"""

from __future__ import annotations

import re
import time
from importlib import resources

import msgspec

from postroad.errors import StoreTooNew
from postroad.store.engine import Engine

_VERSION_TABLE = """
CREATE TABLE IF NOT EXISTS schema_version
(
    `version` UInt32 COMMENT 'Number of the schema file that was applied',
    `applied_at` Int64 COMMENT 'When, in microseconds since 1970-01-01 00:00:00 UTC'
)
ENGINE = ReplacingMergeTree
ORDER BY version
COMMENT 'Which schema files were applied'
"""
_ENGINE = re.compile(r"^ENGINE = (\w*MergeTree)", re.MULTILINE)
_SETTINGS = re.compile(r"^(?:SETTINGS (.*)\n)?(?=COMMENT )", re.MULTILINE)
#: Settings of every table of an embedded store. All columns of a part in one file: an insert makes
#: a dozen files instead of hundreds, and a row is read from one place. What was inserted is on the
#: disk before it is acknowledged. A week that is not written to any more becomes one part, in
#: which versions need not be compared when it is read.
_EMBEDDED = (
    "min_bytes_for_wide_part = 1000000000000, string_serialization_version = 'single_stream', "
    "auto_statistics_types = '', fsync_after_insert = 1, fsync_part_directory = 1, "
    "min_age_to_force_merge_seconds = 600, min_age_to_force_merge_on_partition_only = 1, "
    "merge_selector_base = 10, max_bytes_to_merge_at_max_space_in_pool = 134217728"
)


class _Version(msgspec.Struct):
    version: int


def newest() -> int:
    """The schema version that this postroad writes."""
    return max(_files())


def migrate(engine: Engine) -> None:
    """Bring the store to the newest schema. Raises `StoreTooNew` for one that is newer."""
    engine.command(_for(engine, _VERSION_TABLE))
    found = engine.read("SELECT max(version) AS version FROM schema_version", {}, _Version)
    current = found[0].version
    if current > newest():
        raise StoreTooNew(
            f"The store {engine.address} was written by a newer postroad (schema {current}; this "
            f"one knows up to {newest()}). Use that version, or another store."
        )
    for version, text in sorted(_files().items()):
        if version > current:
            for statement in _statements(text):
                engine.command(_for(engine, statement))
            applied = {"version": version, "applied_at": time.time_ns() // 1000}
            engine.insert("schema_version", [msgspec.json.encode(applied)])


def _files() -> dict[int, str]:
    folder = resources.files("postroad.store") / "schema"
    return {
        int(file.name.partition("_")[0]): file.read_text("utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    }


def _statements(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    parts = re.split(r";\s*$", "\n".join(lines), flags=re.MULTILINE)
    return [part.strip() for part in parts if part.strip()]


def _for(engine: Engine, statement: str) -> str:
    """The statement in the words of this kind of store."""
    if engine.address.is_replicated:
        return _ENGINE.sub(r"ENGINE = Replicated\1", statement)
    if engine.address.is_embedded and _ENGINE.search(statement):
        return _SETTINGS.sub(_with_embedded, statement, count=1)
    return statement


def _with_embedded(found: re.Match[str]) -> str:
    own = f"{found[1]}, " if found[1] else ""
    return f"SETTINGS {own}{_EMBEDDED}\n"
