"""Evidence: one delivery as a document that can be handed on, signed, and checked by anybody.

Comes in: a delivery as it may be handed on, and the server's key. Goes out: a sealed document as
JSON or PDF; and for any bytes whether they are one, unchanged, and by whose key. Checking needs no
store, no account and no server.
"""

from postroad.reports.evidence.check import LARGEST, Checked, check
from postroad.reports.evidence.document import FORMAT, Document, Maker
from postroad.reports.evidence.seal import Seal, fingerprint, grouped, public_key

__all__ = [
    "FORMAT",
    "LARGEST",
    "Checked",
    "Document",
    "Maker",
    "Seal",
    "check",
    "fingerprint",
    "grouped",
    "public_key",
]
