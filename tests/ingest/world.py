"""A store and a state of their own, as many as a test wants to compare."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from postroad.ingest import Importer, Result
from postroad.state import State
from postroad.store import Store

UTC = ZoneInfo("UTC")


class World:
    """One installation: what it has read, and what it knows."""

    def __init__(self, directory: Path, name: str = "postroad") -> None:
        """Open it. All worlds below one directory share an engine, each with its database."""
        self.store = Store.open(f"chdb://{directory}/store", database=name)
        self.state = State.open(directory / f"{name}.db")

    def load(self, *paths: object, host: str = "mx1", server: str = "", **run: Any) -> Result:
        """Import paths as this server's."""
        importer = Importer(
            self.store,
            self.state,
            host=host,
            zone=run.pop("zone", UTC),
            server=server,
            pipeline=run.pop("pipeline", None),
        )
        return importer.run([str(path) for path in paths], **run)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query."""
        return self.store.read(sql, {}, dict)

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """All rows that a reader may see, in an order of their own.

        An attempt of a delivery that was withdrawn is none; a link is known by what it ties.
        """
        return {name: self.rows(sql) for name, sql in _QUESTIONS.items()}

    def close(self) -> None:
        """Close store and state."""
        self.store.close()
        self.state.close()


_QUESTIONS = {
    "deliveries": "SELECT * FROM deliveries FINAL WHERE NOT deleted ORDER BY id",
    "attempts": "SELECT * FROM attempts FINAL WHERE delivery_id IN (SELECT id FROM deliveries "
    "FINAL WHERE NOT deleted) ORDER BY ALL",
    "lines": "SELECT * FROM log_lines FINAL ORDER BY ALL",
    "links": "SELECT DISTINCT host, instance, kind, queue_id, other FROM links ORDER BY ALL",
    "coverage": "SELECT host, minute, sum(lines) AS lines, sum(understood) AS understood, "
    "sum(noise) AS noise, sum(unknown) AS unknown FROM coverage FINAL GROUP BY host, minute "
    "ORDER BY host, minute",
    "unknown": "SELECT host, at, text FROM unknown_lines FINAL ORDER BY ALL",
}


def differences(expected: dict[str, list[dict]], got: dict[str, list[dict]]) -> list[str]:
    """In a few lines, how two worlds differ; empty if they do not."""
    found = []
    for name, rows in expected.items():
        mine = {repr(row) for row in rows}
        theirs = {repr(row) for row in got[name]}
        found += [f"{name} missing: {row}" for row in sorted(mine - theirs)[:3]]
        found += [f"{name} too many: {row}" for row in sorted(theirs - mine)[:3]]
        if len(rows) != len(got[name]):
            found.append(f"{name}: {len(rows)} expected, {len(got[name])} there")
    return found
