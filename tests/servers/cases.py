"""What is sent in the tests, and what becomes of it: the fate of every recipient is known.

`{here}` is the server's first hosted domain, `{other}` its second, `{host}` its host name. A
local part that a sink has to remember is used once only, so that its answers can be told apart.
"""

from __future__ import annotations

from collections.abc import Callable

from . import own_cases
from .fates import (
    BIGMAIL,
    EXIM,
    LISTED,
    MADE,
    NAMELESS,
    NEWS,
    PARTNER,
    POSTFIX,
    SIX,
    Case,
    Fate,
    case,
    delivered,
    failed,
    filtered,
    login,
    rejected,
    replace_hang_up,
)


def _inbound() -> None:
    """From other servers to mailboxes here."""
    lee = "lee@partner.example"
    case("inbound", PARTNER, lee, delivered("anna@{here}"))
    case("two mailboxes", PARTNER, lee, delivered("anna@{here}"), delivered("ben@{here}"))
    case("second domain", BIGMAIL, "max@bigmail.example", delivered("ida@{other}"))
    case("over IPv6", SIX, "six@six.example", delivered("omar@{here}"))
    case(
        "client without a name",
        NAMELESS,
        "nameless@partner.example",
        delivered("jon@{other}"),
    )
    case("upper case", PARTNER, lee, delivered("BEN@{here_upper}"))
    case("plus address", PARTNER, lee, delivered("anna+shop@{here}", "anna"), kinds=EXIM)
    case("plus address", PARTNER, lee, delivered("anna+shop@{here}"), kinds=POSTFIX)
    case("null sender", PARTNER, "", delivered("bounces@{here}"))
    case(
        "no message id", NEWS, "news-1@shop.example", delivered("anna@{here}"), has_message_id=False
    )
    case(
        "alias to two",
        PARTNER,
        lee,
        delivered("info@{here}", "anna@{here}"),
        delivered("info@{here}", "ben@{here}"),
    )
    case(
        "alias of aliases",
        PARTNER,
        lee,
        delivered("everyone@{here}", "anna@{here}"),
        delivered("everyone@{here}", "ben@{here}"),
        delivered("everyone@{here}", "clara@{here}"),
        delivered("everyone@{here}", "ida@{other}"),
        kinds=EXIM,
    )
    case(
        "alias here and elsewhere",
        PARTNER,
        "alias-1@partner.example",
        delivered("sales@{here}", "anna@{here}"),
        delivered("sales@{here}", "agency@partner.example"),
    )
    case(
        "forward",
        PARTNER,
        "forward-1@partner.example",
        delivered("dora@{here}", "dora.private@bigmail.example"),
    )
    case(
        "forward that is refused",
        PARTNER,
        "forward-2@partner.example",
        failed("lost@{here}", "nobody@strict.example"),
    )
    case("known and unknown", PARTNER, lee, delivered("anna@{here}"), rejected("who@{here}"))
    case("unknown", PARTNER, lee, rejected("nobody-here@{here}"))
    case("relay", NAMELESS, "spam@partner.example", rejected("someone@elsewhere.example"))
    case("listed", LISTED, "win@listed.example", rejected("anna@{here}"))
    case(
        "fake sender",
        NAMELESS,
        "fake-1@partner.example",
        Fate("anna@{here}", "rejected", named="never"),
        kinds=EXIM,
    )
    case("fake sender", NAMELESS, "fake-1@partner.example", rejected("anna@{here}"), kinds=POSTFIX)
    case("spam", NAMELESS, "pills@partner.example", rejected("ben@{here}"), subject="cheap pills")
    case("patience", PARTNER, "patient-1@partner.example", rejected("omar@{here}"), again=True)
    case(
        "discarded unread",
        NAMELESS,
        "unread-1@partner.example",
        filtered("anna@{here}"),
        kinds=POSTFIX,
    )
    case(
        "discarded unread",
        NAMELESS,
        "unread-1@partner.example",
        filtered("anna@{here}"),
        # What is left of the message itself has no recipient.
        filtered(""),
        envelope=("anna@{here}",),
        kinds=EXIM,
    )
    case(
        "thrown away",
        NEWS,
        "news-2@shop.example",
        filtered("ben@{here}", named="list"),
        subject="Throw me away",
    )
    case(
        "in the middle of DATA the client is gone",
        replace_hang_up(PARTNER, "DATA"),
        "gone-1@partner.example",
        envelope=("anna@{here}",),
        body="x" * 4000 + "\r\n",
    )


def _outbound() -> None:
    """From our users to other servers: one case for each manner of a sink."""
    anna = login("anna@{here}")
    for name, fate in (
        ("accept", delivered("zoe@partner.example")),
        ("wordy", delivered("wendy@bigmail.example")),
        ("greylist", delivered("gina@university.example")),
        ("defer", failed("dave@busy.example")),
        ("full for a while", delivered("frank@full.example")),
        ("over quota", failed("quentin@quota.example")),
        ("no such user", failed("nick@strict.example")),
        ("refused content", failed("gus@guard.example")),
        ("dropped in data", delivered("flo@flaky.example")),
        ("slow", delivered("sid@slow.example")),
        ("starttls", delivered("sam@secure.example")),
        ("refuses to talk", failed("carl@closed.example")),
        ("refuses the sender", failed("pia@picky.example")),
        ("later after data", delivered("lara@later.example")),
        ("vanishes after the dot", delivered("vera@vanish.example")),
        ("IPv6 sink", delivered("sina@six.example")),
        ("nobody listens", failed("doris@down.example")),
        ("no such domain", failed("gerd@gone.example")),
        ("takes no mail", failed("nils@nullmx.example")),
        ("MX without address", failed("noah@noaddress.example")),
        ("DNS fails", failed("bert@broken.example")),
    ):
        case(name, anna, "anna@{here}", fate, subject=f"About {name}")
    case(
        "three fates",
        login("ben@{here}"),
        "ben@{here}",
        delivered("zara@partner.example"),
        failed("rita@mixed.example"),
        delivered("doug@mixed.example"),
        delivered("mia@mixed.example"),
        delivered("omar@{here}"),
        Fate("not-here@{here}", "blocked"),
        kinds=POSTFIX,
    )
    case(
        "five fates",
        login("ben@{here}"),
        "ben@{here}",
        delivered("zara@partner.example"),
        failed("rita@mixed.example"),
        delivered("doug@mixed.example"),
        delivered("mia@mixed.example"),
        delivered("clara@{here}"),
        kinds=EXIM,
    )
    case(
        "many recipients",
        login("clara@{here}"),
        "clara@{here}",
        *(delivered(f"reader{number:02}@partner.example") for number in range(25)),
        subject="Newsletter",
    )
    case(
        "blind copy",
        login("omar@{here}"),
        "omar@{here}",
        delivered("open@partner.example"),
        delivered("blind@bigmail.example"),
    )
    case(
        "submission without message id",
        login("omar@{here}"),
        "omar@{here}",
        delivered("noid@partner.example"),
        has_message_id=False,
    )
    case(
        "quoted recipient",
        login("clara@{here}"),
        "clara@{here}",
        delivered('"odd name => x"@partner.example'),
    )
    case(
        "quoted sender",
        PARTNER,
        '"a b status=sent"@partner.example',
        delivered("archive@{here}"),
    )
    case(
        "another sender than the login",
        login("ida@{other}"),
        "boss@{here}",
        delivered("zelda@partner.example"),
    )
    _subjects()


def _subjects() -> None:
    """Subjects that would like to be something else."""
    clara = login("clara@{here}")
    for number, subject in enumerate(
        (
            'x" for evil@forged.example => forged@forged.example R=remote T=remote_smtp',
            "done, relay=none, dsn=2.0.0, status=sent (250 ok)",
            "Grüße aus Köln — 日本",
            "=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?utf-8?B?4oKs?=",
            "from=<forged@forged.example> to=<evil@forged.example> [203.0.113.1]; proto=SMTP",
            "\\\\ \\n \\101 \"quoted\" 'and' `ticks` %s {0} <b>bold</b>",
            "A" * 300,
        )
    ):
        recipient = f"subject{number}@partner.example"
        case(f"subject {number}", clara, "clara@{here}", delivered(recipient), subject=subject)


def _local() -> None:
    """Handed in on the host itself."""
    case("local to elsewhere", "carol", "", delivered("zack@partner.example"))
    case("local to local", "carol", "", delivered("dave@{host}"))
    case(
        "script with a sender",
        "shop",
        "orders@{here}",
        delivered("yves@partner.example"),
        kinds=POSTFIX,
    )


def _operators() -> None:
    """What an operator does to a message in the queue."""
    omar = login("omar@{here}")
    busy = "{name}@busy.example"
    case(
        "removed",
        omar,
        "omar@{here}",
        failed(busy.format(name="rem1")),
        delivered("rem2@partner.example"),
        operator=(("-Mrm", "{id}"),),
        kinds=EXIM,
    )
    case(
        "given up",
        omar,
        "omar@{here}",
        failed(busy.format(name="giv1")),
        operator=(("-Mg", "{id}"),),
        kinds=EXIM,
    )
    case(
        "frozen and thawed",
        omar,
        "omar@{here}",
        delivered("thaw@university.example"),
        operator=(("-Mf", "{id}"),),
        operator_later=(("-Mt", "{id}"), ("-M", "{id}")),
        kinds=EXIM,
    )
    case(
        "removed",
        omar,
        "omar@{here}",
        failed(busy.format(name="rem1")),
        delivered("rem2@partner.example"),
        operator=(("postsuper", "-d", "{id}"),),
        kinds=POSTFIX,
    )
    case(
        "expired by an operator",
        omar,
        "omar@{here}",
        failed(busy.format(name="exp1")),
        operator=(("postsuper", "-f", "{id}"),),
        kinds=POSTFIX,
    )
    case(
        "requeued",
        omar,
        "omar@{here}",
        delivered("requ@university.example"),
        operator=(("postsuper", "-r", "{id}"),),
        kinds=POSTFIX,
    )
    case(
        "held and released",
        omar,
        "omar@{here}",
        delivered("held@university.example"),
        operator=(("postsuper", "-h", "{id}"),),
        operator_later=(("postsuper", "-H", "{id}"),),
        kinds=POSTFIX,
    )


def cases() -> list[Case]:
    """Every message of the tests, in the order they are sent."""
    if not MADE:
        parts: tuple[Callable[[], None], ...] = (
            _inbound,
            _outbound,
            _local,
            _operators,
            own_cases.exim,
            own_cases.postfix,
        )
        for part in parts:
            part()
    return list(MADE)
