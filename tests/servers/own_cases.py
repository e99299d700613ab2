"""What is sent to servers of one kind only, and what becomes of it."""

from __future__ import annotations

from .fates import (
    EXIM,
    NAMELESS,
    PARTNER,
    POSTFIX,
    Fate,
    case,
    delivered,
    failed,
    filtered,
    login,
    rejected,
    replace_hang_up,
)


def exim() -> None:
    """What only Exim does."""
    lee = "lee@partner.example"
    only: dict[str, object] = {"kinds": EXIM}
    case("blackhole", PARTNER, lee, filtered("devnull@{here}", ":blackhole:"), **only)
    case("to /dev/null", PARTNER, lee, filtered("null@{here}", "/dev/null"), **only)
    case("closed", PARTNER, lee, rejected("closed@{here}"), **only)
    case("being moved", PARTNER, lee, rejected("moving@{here}"), **only)
    case("pipe", PARTNER, lee, delivered("tickets@{here}", "|/bin/cat -"), **only)
    case(
        "broken pipe",
        PARTNER,
        "pipe-1@partner.example",
        failed("broken@{here}", "|/bin/false a b"),
        **only,
    )
    case(
        "full mailbox",
        PARTNER,
        "full-1@partner.example",
        failed("full@{here}"),
        body="x" * 3000 + "\r\n",
        **only,
    )
    case(
        "vacation",
        PARTNER,
        "vacant-1@partner.example",
        delivered("nora@{here}"),
        delivered("nora@{here}", ">vacant-1@partner.example"),
        **only,
    )
    case(
        "scanner away",
        PARTNER,
        "scan-1@partner.example",
        rejected("anna@{here}"),
        subject="scanner is away",
        **only,
    )
    case("fake reject", PARTNER, "decoy-1@partner.example", delivered("anna@{here}"), **only)
    case(
        "cut through",
        PARTNER,
        "cut-1@partner.example",
        delivered("clerk@{here}", "clerk.away@partner.example"),
        **only,
    )
    case(
        "failed by filter",
        PARTNER,
        "filter-1@partner.example",
        Fate("anna@{here}", "failed", named="list"),
        subject="Fail me",
        **only,
    )
    case(
        "frozen on arrival",
        PARTNER,
        "ice-1@partner.example",
        Fate("anna@{here}", "failed", named="list"),
        subject="freeze me",
        **only,
    )
    case(
        "over the limit",
        login("anna@{here}"),
        "limited-1@{here}",
        Fate("zoran@partner.example", "blocked"),
        kinds=EXIM,
        instances=frozenset({"exim-cpanel"}),
    )
    case(
        "invoice",
        PARTNER,
        "bill-1@partner.example",
        delivered("anna@{here}"),
        subject="Your invoice",
        **only,
    )
    case(
        "prize",
        NAMELESS,
        "prize-1@partner.example",
        delivered("anna@{here}"),
        subject="You have won",
        **only,
    )
    case(
        "script refused",
        "shop",
        "",
        Fate("anna@{here}", "blocked"),
        subject="forbidden script",
        **only,
    )
    case(
        "to the other server",
        login("anna@{here}"),
        "anna@{here}",
        delivered("ben@school.example"),
        **only,
    )


def postfix() -> None:
    """What only Postfix does."""
    lee = "lee@partner.example"
    only: dict[str, object] = {"kinds": POSTFIX}
    case("discard transport", PARTNER, lee, filtered("devnull@{here}"), **only)
    case("closed", PARTNER, lee, rejected("closed@{here}"), **only)
    case("being moved", PARTNER, lee, rejected("moving@{here}"), **only)
    case("pipe", PARTNER, lee, delivered("tickets@{here}"), **only)
    case(
        "held by access",
        PARTNER,
        "held-1@partner.example",
        Fate("anna@{here}", "in_progress"),
        **only,
    )
    case(
        "held by header",
        PARTNER,
        lee,
        Fate("ben@{here}", "in_progress"),
        subject="Hold this one",
        **only,
    )
    case(
        "redirected",
        PARTNER,
        "aside-1@partner.example",
        delivered("anna@{here}", "omar@{here}"),
        **only,
    )
    case(
        "redirected by header",
        PARTNER,
        lee,
        delivered("anna@{here}", "ben@{here}"),
        subject="Send me elsewhere",
        **only,
    )
    case("watched", PARTNER, "warned-1@partner.example", delivered("anna@{here}"), **only)
    case(
        "blind copy to archive",
        PARTNER,
        lee,
        delivered("clara@{here}"),
        delivered("archive@{here}"),
        envelope=("clara@{here}",),
        **only,
    )
    case("content filter", PARTNER, "through-1@partner.example", delivered("anna@{here}"), **only)
    case(
        "content filter and alias",
        PARTNER,
        "through-2@partner.example",
        delivered("info@{here}", "anna@{here}"),
        delivered("info@{here}", "ben@{here}"),
        delivered("omar@{here}"),
        **only,
    )
    case(
        "content filter and forward",
        PARTNER,
        "through-3@partner.example",
        delivered("dora@{here}", "dora.private@bigmail.example"),
        **only,
    )
    case(
        "content filter refuses",
        PARTNER,
        "through-4@partner.example",
        failed("anna@{here}"),
        body="refuse in the filter\r\n",
        **only,
    )
    case(
        "milter refuses",
        PARTNER,
        "mil-1@partner.example",
        rejected("anna@{here}"),
        subject="milter says no",
        **only,
    )
    case(
        "milter puts off",
        PARTNER,
        "mil-2@partner.example",
        rejected("anna@{here}"),
        subject="milter says later",
        **only,
    )
    case(
        "milter discards",
        PARTNER,
        "mil-3@partner.example",
        filtered("anna@{here}"),
        subject="milter swallows",
        **only,
    )
    case("local alias to file", "carol", "", filtered("blackhole@{host}"), **only)
    case("local alias to command", "carol", "", delivered("machine@{host}"), **only)
    case("local alias to broken command", "carol", "", failed("faulty@{host}"), **only)
    case(
        "local alias here and elsewhere",
        "carol",
        "",
        delivered("newsdesk@{host}", "dave@{host}"),
        delivered("newsdesk@{host}", "editor@partner.example"),
        **only,
    )
    case(
        "to the other server",
        login("anna@{here}"),
        "anna@{here}",
        delivered("ben@customer.example"),
        **only,
    )
    case(
        "gone before DATA",
        replace_hang_up(PARTNER, "RCPT"),
        "gone-2@partner.example",
        envelope=("anna@{here}",),
        **only,
    )
