"""What a person chose and asked, whose mail was looked up, and other ways to sign in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: Integer primary key that counts by itself, in SQLite too.
_COUNTED = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and the new columns of those that are there."""
    op.create_table(
        "choices",
        sa.Column(
            "account_id",
            _COUNTED,
            sa.ForeignKey("accounts.id", ondelete="CASCADE", name="fk_choices_account_id_accounts"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_table(
        "saved_searches",
        sa.Column("id", _COUNTED, primary_key=True),
        _account("saved_searches"),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("account_id", "name", name="uq_saved_searches_account_id_name"),
    )
    op.create_index("ix_saved_searches_account_id", "saved_searches", ["account_id"])
    op.create_table(
        "recent_searches",
        sa.Column("id", _COUNTED, primary_key=True),
        _account("recent_searches"),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_recent_searches_account_id", "recent_searches", ["account_id"])
    op.create_table(
        "audit_about",
        sa.Column("id", _COUNTED, primary_key=True),
        sa.Column(
            "audit_id",
            _COUNTED,
            sa.ForeignKey("audit.id", ondelete="CASCADE", name="fk_audit_about_audit_id_audit"),
            nullable=False,
        ),
        sa.Column("party", sa.String(320), nullable=False),
        sa.Column("domain", sa.String(320), nullable=False),
        sa.Column("is_held", sa.Boolean, nullable=False),
    )
    op.create_index("ix_audit_about_audit_id", "audit_about", ["audit_id"])
    op.create_index("ix_audit_about_party", "audit_about", ["party"])
    op.create_index("ix_audit_about_domain", "audit_about", ["domain"])
    op.create_table(
        "keys",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.String(64), nullable=False),
    )
    _add("audit", sa.Column("kind", sa.SmallInteger, nullable=False, server_default="0"))
    _add("accounts", sa.Column("backend", sa.String(16), nullable=False, server_default="local"))
    _add("accounts", sa.Column("reseller", sa.String(320), nullable=False, server_default=""))
    _add("sessions", sa.Column("via", sa.String(16), nullable=False, server_default="session"))


def downgrade() -> None:
    """Drop the tables and columns."""
    for table, column in (
        ("sessions", "via"),
        ("accounts", "reseller"),
        ("accounts", "backend"),
        ("audit", "kind"),
    ):
        op.drop_column(table, column)
    for table in ("keys", "audit_about", "recent_searches", "saved_searches", "choices"):
        op.drop_table(table)


def _account(table: str) -> sa.Column[int]:
    name = f"fk_{table}_account_id_accounts"
    key = sa.ForeignKey("accounts.id", ondelete="CASCADE", name=name)
    return sa.Column("account_id", _COUNTED, key, nullable=False)


def _add(table: str, column: sa.Column[object]) -> None:
    op.add_column(table, column)
