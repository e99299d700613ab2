"""Who may ask, and what they may see.

A name and a password, a session cookie, a token or a connection over the Unix socket go in; a
`Viewer` with a `Scope` comes out. This is the only room that makes `Scope.everything()`.
"""

from postroad.accounts.account import Account, Draft, Kind, Viewer, local_administrator
from postroad.accounts.audit import Audit, Entry
from postroad.accounts.choices import Choices, Recent, Saved
from postroad.accounts.door import Accounts
from postroad.accounts.hasher import CHEAPEST, STRONG, Hasher
from postroad.accounts.local import Directory
from postroad.accounts.sessions import Session
from postroad.accounts.tokens import Token, Tokens

__all__ = [
    "CHEAPEST",
    "STRONG",
    "Account",
    "Accounts",
    "Audit",
    "Choices",
    "Directory",
    "Draft",
    "Entry",
    "Hasher",
    "Kind",
    "Recent",
    "Saved",
    "Session",
    "Token",
    "Tokens",
    "Viewer",
    "local_administrator",
]
