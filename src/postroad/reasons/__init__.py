"""Reasons: why an attempt failed, from a closed list. Pure."""

from __future__ import annotations

from postroad.model.status import Status


def reason_name(reply: str, smtp_code: int, enhanced_code: str, status: Status) -> str:
    """The lower-case name of the reason for a failure (contract with `correlate.fold`: keep).

    Empty where nothing went wrong. Until the reasons room is filled, nothing is named.
    """
    return ""
