"""Names of hosts."""

from __future__ import annotations


def is_same(one: str, other: str) -> bool:
    """Whether two names of a host can mean the same: one may lack its domain."""
    one, other = sorted((one.lower().rstrip("."), other.lower().rstrip(".")), key=len)
    return bool(one) and (one == other or other.startswith(f"{one}."))
