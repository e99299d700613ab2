"""Amounts as people read them."""

from __future__ import annotations

_KILO = 1000
_UNITS = ("B", "kB", "MB", "GB", "TB")


def size(octets: float) -> str:
    """Octets in the unit that reads best: `31.4 MB` (powers of ten, as disks are sold)."""
    unit = 0
    while octets >= _KILO and unit < len(_UNITS) - 1:
        octets /= _KILO
        unit += 1
    return f"{octets:.1f} {_UNITS[unit]}" if unit else f"{int(octets)} B"
