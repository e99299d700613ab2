"""Tables about people: accounts, sessions, tokens, what they chose, and who looked at what.

What people show to prove who they are is never stored: passwords as argon2id hashes (RFC 9106),
session ids and tokens as BLAKE2b digests of random values. Times are microseconds UTC since 1970, 0
where there is none.
"""

from __future__ import annotations

import sqlalchemy as sa

from postroad.state.base import metadata

#: Integer primary key that counts by itself, in SQLite too.
_COUNTED = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _account() -> sa.Column[int]:
    key = sa.ForeignKey("accounts.id", ondelete="CASCADE")
    return sa.Column("account_id", _COUNTED, key, nullable=False, index=True)


accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", _COUNTED, primary_key=True),
    #: Sign-in name, lower case
    sa.Column("name", sa.String(320), nullable=False, unique=True),
    #: 1 administrator, 2 owner, 3 mailbox
    sa.Column("kind", sa.SmallInteger, nullable=False),
    #: argon2id hash; empty: cannot sign in
    sa.Column("password", sa.Text, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
    #: Domains whose every mailbox it sees
    sa.Column("domains", sa.JSON, nullable=False),
    #: Further addresses it sees
    sa.Column("addresses", sa.JSON, nullable=False),
    #: System or hosting logins that are its own
    sa.Column("logins", sa.JSON, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    #: What checks who it is: local, imap, proxy or oidc
    sa.Column("backend", sa.String(16), nullable=False, server_default="local"),
    #: Name of the reseller account that it belongs to; empty: none
    sa.Column("reseller", sa.String(320), nullable=False, server_default=""),
)

sessions = sa.Table(
    "sessions",
    metadata,
    #: BLAKE2b of the cookie's value
    sa.Column("digest", sa.String(64), primary_key=True),
    _account(),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    #: Address it was opened from
    sa.Column("client", sa.String(64), nullable=False),
    #: session, or oidc where another server vouched for it
    sa.Column("via", sa.String(16), nullable=False, server_default="session"),
)

tokens = sa.Table(
    "tokens",
    metadata,
    #: Public name of the token
    sa.Column("id", sa.String(16), primary_key=True),
    #: BLAKE2b of the token
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    _account(),
    #: What it is for, in its owner's words
    sa.Column("label", sa.String(200), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    #: 0: does not expire
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    #: Last use, to the minute
    sa.Column("used_at", sa.BigInteger, nullable=False),
)

failures = sa.Table(
    "failures",
    metadata,
    #: BLAKE2b of the name or client address
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False, index=True),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", _COUNTED, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    #: Name, kept when the account goes
    sa.Column("account", sa.String(320), nullable=False),
    #: session, token, socket, proxy or oidc
    sa.Column("via", sa.String(16), nullable=False),
    sa.Column("client", sa.String(64), nullable=False),
    #: search, detail, sign_in, ...
    sa.Column("action", sa.String(32), nullable=False),
    #: The question, or what it was done to
    sa.Column("subject", sa.Text, nullable=False),
    #: The account's kind then; 0: not kept
    sa.Column("kind", sa.SmallInteger, nullable=False, server_default="0"),
)

audit_about = sa.Table(
    "audit_about",
    metadata,
    sa.Column("id", _COUNTED, primary_key=True),
    sa.Column(
        "audit_id",
        _COUNTED,
        sa.ForeignKey("audit.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    #: An address or a domain that was asked for, lower case
    sa.Column("party", sa.String(320), nullable=False, index=True),
    #: Its domain
    sa.Column("domain", sa.String(320), nullable=False, index=True),
    #: Whether it was in the scope of who asked
    sa.Column("is_held", sa.Boolean, nullable=False),
)

choices = sa.Table(
    "choices",
    metadata,
    sa.Column(
        "account_id",
        _COUNTED,
        sa.ForeignKey("accounts.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    #: JSON: zone, language, columns, ...
    sa.Column("data", sa.Text, nullable=False),
)

saved_searches = sa.Table(
    "saved_searches",
    metadata,
    sa.Column("id", _COUNTED, primary_key=True),
    _account(),
    #: In its owner's words
    sa.Column("name", sa.String(100), nullable=False),
    #: Query string of the page
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("account_id", "name"),
)

recent_searches = sa.Table(
    "recent_searches",
    metadata,
    sa.Column("id", _COUNTED, primary_key=True),
    _account(),
    #: Query string of the page
    sa.Column("query", sa.Text, nullable=False),
    #: The question in words: JSON of a text and what it was made of
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)

keys = sa.Table(
    "keys",
    metadata,
    #: What it is for
    sa.Column("name", sa.String(32), primary_key=True),
    #: Random, made when first needed
    sa.Column("value", sa.String(64), nullable=False),
)
