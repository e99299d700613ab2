"""Who has a mailbox, what their Sieve script does, and where a message to them is to end.

One table is the truth for the accounts, the scripts and the fates.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """One mailbox of a domain."""

    name: str
    #: Their script; "" for none.
    sieve: str = ""
    #: Status of mail to them, by its public name.
    status: str = "delivered"
    #: Folders that a copy is in afterwards, by their names as people read them.
    folders: tuple[str, ...] = ("INBOX",)
    #: The one of these that is shown.
    shown: str = "INBOX"
    #: Octets that fit into the mailbox; 0 for no limit.
    quota: int = 0
    exists: bool = True
    #: The places that have them.
    at: tuple[str, ...] = ("postfix", "exim")


PEOPLE = (
    Person("inbox"),
    Person(
        "junk",
        'require ["fileinto", "mailbox"]; fileinto :create "Junk";',
        status="filtered",
        folders=("Junk",),
        shown="Junk",
    ),
    Person(
        "lists",
        'require ["fileinto", "mailbox"]; fileinto :create "Lists/Zürich & Żory";',
        folders=("Lists/Zürich & Żory",),
        shown="Lists/Zürich & Żory",
    ),
    Person(
        "twice",
        'require ["fileinto", "mailbox", "copy"]; fileinto :copy :create "Archive";',
        folders=("Archive", "INBOX"),
        shown="INBOX",
    ),
    Person("away", 'require ["vacation"]; vacation :days 1 :subject "Away" "I am away.";'),
    Person("bin", "discard;", status="filtered", folders=(), shown=""),
    Person(
        "no",
        'require ["reject"]; reject "I do not want this.";',
        status="failed",
        folders=(),
        shown="",
    ),
    # A script that cannot be understood leaves everything in the inbox.
    Person("puzzled", "this is no Sieve"),
    Person("moved", 'redirect "inbox@{domain}";', folders=(), shown=""),
    Person("full", status="failed", folders=(), shown="", quota=1),
    Person("broken", 'require ["fileinto"]; fileinto "Not//There";'),
    # Their mail does not come over LMTP but through the delivery agent.
    Person("agent", at=("postfix",)),
    Person("agent.bin", "discard;", status="filtered", folders=(), shown="", at=("postfix",)),
    Person("nobody", status="failed", folders=(), shown="", exists=False),
)
