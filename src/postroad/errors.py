"""Every exception that postroad raises on purpose, as one tree.

    PostroadError
    ├── ConfigError        a setting, the settings file or an argument cannot be used
    ├── SourceError        something to read cannot be read
    │   └── PositionError  where reading stopped cannot be found again
    ├── StoreError         the store cannot be used
    │   ├── StoreInUse     another process has the embedded store open
    │   ├── StoreTooNew    it was written by a newer postroad
    │   └── StoreFull      no space left where it is kept
    ├── StateError         accounts, positions or sessions cannot be read or written
    ├── AccessError        who asks may not, or is not who they say
    │   └── TooManyTries   signing in failed too often; wait
    ├── AccountError       an account or token cannot be made, changed or found as asked
    ├── SearchError        a question that cannot be asked
    └── ClientError        the postroad to be asked does not answer, or not as expected

A message is a sentence or two for a postmaster: what happened, where, what to do. Data that a
program may want is in attributes. `exit_status` is what the command line ends with.
"""

from __future__ import annotations


class PostroadError(Exception):
    """The root: anything that is reported without a traceback."""

    exit_status = 1


class ConfigError(PostroadError):
    """A setting, the settings file or an argument cannot be used."""

    exit_status = 2


class SourceError(PostroadError):
    """Something to read cannot be read; `path` says what."""

    exit_status = 3

    def __init__(self, message: str, path: str = "") -> None:
        """Keep the path beside the sentence."""
        super().__init__(message)
        self.path = path


class PositionError(SourceError):
    """Where reading stopped cannot be found again."""


class StoreError(PostroadError):
    """The store cannot be used."""

    exit_status = 4


class StoreInUse(StoreError):
    """Another process has the embedded store open."""


class StoreTooNew(StoreError):
    """The store was written by a newer postroad."""


class StoreFull(StoreError):
    """No space is left where the store is kept."""


class StateError(PostroadError):
    """Accounts, positions or sessions cannot be read or written."""

    exit_status = 4


class AccessError(PostroadError):
    """Who asks may not, or is not who they say."""

    exit_status = 5


class TooManyTries(AccessError):
    """Signing in failed too often from there or as that account; `wait` is in seconds."""

    def __init__(self, message: str, wait: int) -> None:
        """Keep the time to wait beside the sentence."""
        super().__init__(message)
        self.wait = wait


class AccountError(PostroadError):
    """An account or token cannot be made, changed or found as asked.

    `kind` is `invalid`, `not_found` or `conflict` (it exists already).
    """

    exit_status = 2

    def __init__(self, message: str, kind: str = "invalid") -> None:
        """Keep the kind beside the sentence."""
        super().__init__(message)
        self.kind = kind


class SearchError(PostroadError):
    """A question that cannot be asked: a malformed address, time or cursor.

    `field` is the name of the value that is wrong; empty where it is not one value.
    """

    exit_status = 2

    def __init__(self, message: str, field: str = "") -> None:
        """Keep the name beside the sentence."""
        super().__init__(message)
        self.field = field


class ClientError(PostroadError):
    """The postroad to be asked does not answer, or not as expected."""

    exit_status = 6
