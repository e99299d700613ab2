"""Brings the tables of a state database up to what this postroad knows.

The migrations are modules of `postroad.state.migrations.versions`, one after the other in a
single line; Alembic runs those that are missing in the caller's transaction. It is loaded only
where one is, for every command opens a database and few find an old one. A database that a newer
postroad has migrated further is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from postroad.errors import StateError

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: sa.Connection, name: str) -> None:
    """Run the missing migrations. `name` is the database's, for the sentence of a `StateError`."""
    if _version(connection) == newest():
        return

    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = configuration()
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {s.revision for s in scripts.walk_revisions()}:
        message = (
            f"The state database {name} was written by a newer postroad (its version is "
            f"{current}). Install that version, or set POSTROAD_HOME to another directory."
        )
        raise StateError(message)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def newest() -> str:
    """The revision that this postroad knows as the last: modules are named `r<revision>_<what>`."""
    return max(each.stem[1:5] for each in (_MIGRATIONS / "versions").glob("r*.py"))


def configuration() -> Config:
    """Alembic's view of the migrations that come with the package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _version(connection: sa.Connection) -> str | None:
    """What Alembic noted down as done; None in a database that it has not seen."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found
