"""What handlers are given: settings, store, state, accounts, and the work they can ask for.

Every question goes through `Services`, so that each leaves its line in the audit trail, whichever
way it came. Imports run in threads of their own, one at a time, and tell how far they are.
"""

from postroad.services.answers import (
    HIGHEST_LIMIT,
    USUAL_LIMIT,
    Answer,
    Report,
    Services,
)
from postroad.services.imports import Body, Import, Imports, Order

__all__ = [
    "HIGHEST_LIMIT",
    "USUAL_LIMIT",
    "Answer",
    "Body",
    "Import",
    "Imports",
    "Order",
    "Report",
    "Services",
]
