"""Receipts: what came back about a message, from servers and from recipients' programs.

Comes in: the octets of a message: a delivery status notification, a disposition notification, or
an old bounce that only people were to read. Goes out: a `Report`. Pure, and never raising, because
anybody can send one: sizes, depths and numbers are bounded, and nothing in it is believed.
"""

from postroad.model.receipt import QueueId, Receipt, Report, Says
from postroad.receipts.mime import LARGEST
from postroad.receipts.read import read

__all__ = ["LARGEST", "QueueId", "Receipt", "Report", "Says", "read"]
