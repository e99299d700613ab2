"""Receipts: what came back about a message, from servers and from recipients' programs.

Comes in: the octets of a message: a delivery status notification, a disposition notification, or
an old bounce that only people were to read. Goes out: a `Report`, and the rows that are kept of it;
of whatever else somebody pastes, the questions that it can mean. Pure, and never raising, because
anybody can send one: sizes, depths and numbers are bounded, and nothing in it is believed.
"""

from postroad.receipts.clues import Clue, clues
from postroad.receipts.kept import rows
from postroad.receipts.mime import LARGEST
from postroad.receipts.read import read

__all__ = ["LARGEST", "Clue", "clues", "read", "rows"]
