"""Tables about telling people: what they want to know, where they want it, and each letter.

Times are microseconds UTC since 1970, 0 where there is none. Everything belongs to an account and
goes with it. The recipe of a letter says what it is to be about, not what stands in it: it is
written when it is sent, for what its reader may see then.
"""

from __future__ import annotations

import sqlalchemy as sa

from postroad.state.base import metadata
from postroad.state.people import accounts

#: Integer primary key that counts by itself, in SQLite too.
_COUNTED = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _account() -> sa.Column[int]:
    key = sa.ForeignKey(accounts.c.id, ondelete="CASCADE")
    return sa.Column("account_id", _COUNTED, key, nullable=False, index=True)


webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    _account(),
    #: What it is for, in its owner's words
    sa.Column("label", sa.String(200), nullable=False),
    sa.Column("url", sa.String(2000), nullable=False),
    #: What calls are signed with; the receiver has it too
    sa.Column("secret", sa.String(64), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("paused", sa.Boolean, nullable=False),
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("id", _COUNTED, primary_key=True),
    _account(),
    #: report, follow, expect or alert
    sa.Column("kind", sa.String(16), nullable=False),
    #: JSON: what of, and when; each kind's own
    sa.Column("what", sa.Text, nullable=False),
    #: email or webhook
    sa.Column("channel", sa.String(16), nullable=False),
    #: Address, or id of the webhook
    sa.Column("target", sa.String(320), nullable=False),
    #: Zone and language that it is written in
    sa.Column("zone", sa.String(64), nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    #: 0: still wanted
    sa.Column("ended_at", sa.BigInteger, nullable=False),
    #: removed, unsubscribed, bounced or done; empty while it is wanted
    sa.Column("ended_why", sa.String(32), nullable=False),
    #: BLAKE2b of the secret in its link to unsubscribe
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    #: When it is looked at next
    sa.Column("due_at", sa.BigInteger, nullable=False, index=True),
    #: JSON: what was seen so far; each kind's own
    sa.Column("memory", sa.Text, nullable=False),
)

letters = sa.Table(
    "letters",
    metadata,
    sa.Column("id", _COUNTED, primary_key=True),
    #: What it is, so that it is written once: report 12 2026-11
    sa.Column("key", sa.String(200), nullable=False, unique=True),
    _account(),
    #: 0: of none
    sa.Column("subscription_id", _COUNTED, nullable=False, index=True),
    #: report, follow, expect, alert, export or test
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("target", sa.String(320), nullable=False),
    #: JSON: what it is made of when it is sent; each kind's own
    sa.Column("recipe", sa.Text, nullable=False),
    #: waiting, sending, sent, unclear, failed, bounced or withdrawn
    sa.Column("status", sa.String(16), nullable=False),
    #: Message-ID without brackets; empty for webhooks
    sa.Column("message_id", sa.String(255), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    #: When it is tried next; once it was sent, when it is next looked for in the log
    sa.Column("next_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    #: What the other side said last
    sa.Column("said", sa.Text, nullable=False),
    sa.Index("ix_letters_status_next_at", "status", "next_at"),
)

tries = sa.Table(
    "tries",
    metadata,
    sa.Column("id", _COUNTED, primary_key=True),
    sa.Column(
        "letter_id",
        _COUNTED,
        sa.ForeignKey("letters.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("at", sa.BigInteger, nullable=False),
    #: Microseconds
    sa.Column("took", sa.BigInteger, nullable=False),
    #: Of SMTP or HTTP; 0: there was no answer
    sa.Column("code", sa.Integer, nullable=False),
    sa.Column("said", sa.Text, nullable=False),
)

evidence = sa.Table(
    "evidence",
    metadata,
    #: BLAKE2b of the secret in its link
    sa.Column("id", sa.String(64), primary_key=True),
    _account(),
    sa.Column("delivery_id", sa.String(64), nullable=False),
    #: JSON: the sealed document, and who may see the delivery
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    #: 0: does not expire
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    #: 0: not withdrawn
    sa.Column("withdrawn_at", sa.BigInteger, nullable=False),
)

exports = sa.Table(
    "exports",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    _account(),
    #: JSON: the question and the layout
    sa.Column("what", sa.Text, nullable=False),
    #: csv, json or parquet
    sa.Column("format", sa.String(16), nullable=False),
    #: waiting, running, done, failed, stopped or fetched
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    #: How many there are to be; 0: not counted yet
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("octets", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    #: What went wrong, in a sentence
    sa.Column("said", sa.Text, nullable=False),
    #: Address that is told when it is ready; empty: nobody
    sa.Column("mail_to", sa.String(320), nullable=False),
)
