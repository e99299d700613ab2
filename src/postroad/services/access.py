"""Who may ask others' servers about things."""

from __future__ import annotations

from postroad.accounts import Kind, Viewer
from postroad.errors import AccessError
from postroad.model.text import say


def only_for_owners(viewer: Viewer) -> None:
    """Raise `AccessError` for mailbox users."""
    if viewer.kind is Kind.MAILBOX:
        message = say("Only administrators and owners of domains may have other servers checked.")
        raise AccessError(message)
