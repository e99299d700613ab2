"""Reasons explained on a page each: what it means, what it comes from, who can do what.

Written for everyone whose mail it is; words of the trade are explained where they stand.
"""

from __future__ import annotations

from postroad.model.text import Text, say
from postroad.reasons.guide.address import ADDRESS
from postroad.reasons.guide.connection import CONNECTION
from postroad.reasons.guide.content import CONTENT
from postroad.reasons.guide.guide import Guide
from postroad.reasons.guide.rules import RULES
from postroad.reasons.guide.trust import TRUST
from postroad.reasons.reason import Reason

__all__ = ["CHECKED", "GUIDES", "THEMES", "Guide"]

#: Reasons under what they have in common, in the order of a table of contents.
THEMES: tuple[tuple[Text, dict[Reason, Guide]], ...] = (
    (say("The address"), ADDRESS),
    (say("Trust in the sender"), TRUST),
    (say("The message itself"), CONTENT),
    (say("The way to the other server"), CONNECTION),
    (say("Rules, limits and this server"), RULES),
)
GUIDES: dict[Reason, Guide] = {
    reason: guide for _, guides in THEMES for reason, guide in guides.items()
}
#: Reasons that a check of the sending domain's and server's records helps against.
CHECKED = frozenset(
    {
        Reason.RATE_LIMITED,
        Reason.SENDER_REPUTATION,
        Reason.BLOCKLISTED,
        Reason.AUTHENTICATION_FAILED,
        Reason.REVERSE_DNS,
        Reason.SPAM,
        Reason.POLICY,
    }
)
