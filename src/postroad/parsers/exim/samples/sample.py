"""What a sample is."""

from __future__ import annotations

#: A line or the end of one, the type of its event (`Noise` for a line of no interest), and the
#: fields that matter; fields not named are free.
Sample = tuple[str, type, dict[str, object]]
