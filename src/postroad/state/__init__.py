"""State: what postroad must remember that no log can tell again.

Where reading stopped, sessions of the mail server that were open then, import jobs, accounts and
what was done with them. In SQLite beside the store, or in PostgreSQL for several nodes. Each
table's module holds the functions that read and write it; `State` is what they are given.
"""

from __future__ import annotations

from postroad.state.engine import State

__all__ = ["State"]
