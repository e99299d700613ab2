"""Evidence that was handed out: what it says, and until when its link opens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COUNTED = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table."""
    key = sa.ForeignKey("accounts.id", ondelete="CASCADE", name="fk_evidence_account_id_accounts")
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("account_id", _COUNTED, key, nullable=False),
        sa.Column("delivery_id", sa.String(64), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_evidence_account_id", "evidence", ["account_id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("evidence")
