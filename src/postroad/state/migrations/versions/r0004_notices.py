"""What people want to be told, where, and what became of each letter to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: Integer primary key that counts by itself, in SQLite too.
_COUNTED = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(16), primary_key=True),
        _account("webhooks"),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
    )
    op.create_index("ix_webhooks_account_id", "webhooks", ["account_id"])
    op.create_table(
        "subscriptions",
        sa.Column("id", _COUNTED, primary_key=True),
        _account("subscriptions"),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("target", sa.String(320), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
        sa.Column("ended_why", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("memory", sa.Text, nullable=False),
        sa.UniqueConstraint("digest", name="uq_subscriptions_digest"),
    )
    op.create_index("ix_subscriptions_account_id", "subscriptions", ["account_id"])
    op.create_index("ix_subscriptions_due_at", "subscriptions", ["due_at"])
    op.create_table(
        "letters",
        sa.Column("id", _COUNTED, primary_key=True),
        sa.Column("key", sa.String(200), nullable=False),
        _account("letters"),
        sa.Column("subscription_id", _COUNTED, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("target", sa.String(320), nullable=False),
        sa.Column("recipe", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("message_id", sa.String(255), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.UniqueConstraint("key", name="uq_letters_key"),
    )
    op.create_index("ix_letters_account_id", "letters", ["account_id"])
    op.create_index("ix_letters_subscription_id", "letters", ["subscription_id"])
    op.create_index("ix_letters_status_next_at", "letters", ["status", "next_at"])
    op.create_table(
        "tries",
        sa.Column("id", _COUNTED, primary_key=True),
        sa.Column(
            "letter_id",
            _COUNTED,
            sa.ForeignKey("letters.id", ondelete="CASCADE", name="fk_tries_letter_id_letters"),
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("took", sa.BigInteger, nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
    )
    op.create_index("ix_tries_letter_id", "tries", ["letter_id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("tries", "letters", "subscriptions", "webhooks"):
        op.drop_table(table)


def _account(table: str) -> sa.Column[int]:
    name = f"fk_{table}_account_id_accounts"
    key = sa.ForeignKey("accounts.id", ondelete="CASCADE", name=name)
    return sa.Column("account_id", _COUNTED, key, nullable=False)
