"""The mailboxes, aliases and logins of the hosted domains."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Accounts:
    """Who has mail on one server."""

    mailboxes: tuple[str, ...]
    #: Addresses that Postfix must know although they have no folder.
    transported: tuple[str, ...]
    passwords: dict[str, str]
    #: Address to targets, understood by Exim and Postfix alike.
    aliases: dict[str, tuple[str, ...]]
    #: Targets in the words of one server only.
    exim_aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)


def hosted(domain: str, other: str) -> Accounts:
    """The people of one hosted domain, and a few of a second one on the same server."""
    people = ("anna", "ben", "clara", "nora", "full", "omar", "bounces", "archive")
    # Known addresses that a transport of their own takes care of (Postfix).
    others = ("devnull", "tickets")
    mailboxes = (*(f"{name}@{domain}" for name in people), f"ida@{other}", f"jon@{other}")
    logins = ("anna", "ben", "clara", "omar")
    return Accounts(
        mailboxes=mailboxes,
        transported=tuple(f"{name}@{domain}" for name in others),
        passwords={f"{name}@{domain}": f"{name}-secret" for name in logins}
        | {f"ida@{other}": "ida-secret"},
        aliases={
            f"info@{domain}": (f"anna@{domain}", f"ben@{domain}"),
            f"sales@{domain}": (f"anna@{domain}", "agency@partner.example"),
            f"dora@{domain}": ("dora.private@bigmail.example",),
            f"lost@{domain}": ("nobody@strict.example",),
            f"everyone@{domain}": (f"info@{domain}", f"clara@{domain}", f"ida@{other}"),
        },
        exim_aliases={
            f"devnull@{domain}": (":blackhole:",),
            f"null@{domain}": ("/dev/null",),
            f"clerk@{domain}": ("clerk.away@partner.example",),
            f"closed@{domain}": (":fail: this mailbox was closed",),
            f"moving@{domain}": (":defer: this mailbox is being moved",),
            f"tickets@{domain}": ('"|/bin/cat -"',),
            f"broken@{domain}": ('"|/bin/false a b"',),
        },
    )
