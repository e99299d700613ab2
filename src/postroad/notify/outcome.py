"""Outcome: what became of one try to send a letter, whichever way it went."""

from __future__ import annotations

from enum import Enum, auto

import msgspec


class End(Enum):
    """How a try ended, for the letter."""

    #: It was taken.
    TAKEN = auto()
    #: It was surely not taken; it may be tried again.
    LATER = auto()
    #: It was surely not taken, and never will be.
    REFUSED = auto()
    #: It may have been taken: nobody knows.
    UNCLEAR = auto()
    #: It was called back before it left: it is not to be sent any more.
    CALLED_BACK = auto()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one try came to."""

    end: End
    #: Of SMTP or HTTP; of a program, its exit status; 0: there was no answer.
    code: int = 0
    #: What the other side said, or a sentence of ours.
    said: str = ""
    #: Whether it was not about this letter: every other would have fared the same.
    is_general: bool = False
