"""Brings the tables of a state database up to what this postroad knows.

The migrations are modules of `postroad.state.migrations.versions`, one after the other in a
single line; Alembic runs those that are missing in the caller's transaction. A database that a
newer postroad has migrated further is refused.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from postroad.errors import StateError

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: sa.Connection, name: str) -> None:
    """Run the missing migrations. `name` is the database's, for the sentence of a `StateError`."""
    config = configuration()
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == scripts.get_current_head():
        return
    if current is not None and current not in {s.revision for s in scripts.walk_revisions()}:
        message = (
            f"The state database {name} was written by a newer postroad (its version is "
            f"{current}). Install that version, or set POSTROAD_HOME to another directory."
        )
        raise StateError(message)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def configuration() -> Config:
    """Alembic's view of the migrations that come with the package."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
