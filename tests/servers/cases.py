"""What is sent in the tests, and what becomes of it: the fate of every recipient is known.

`{here}` is the server's first hosted domain, `{other}` its second, `{host}` its host name. A
local part that a sink has to remember is used once only, so that its answers can be told apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from .names import CLIENTS
from .post import Way

BOTH = frozenset({"exim", "postfix"})
EXIM = frozenset({"exim"})
POSTFIX = frozenset({"postfix"})

PARTNER = Way(CLIENTS["out.partner.example"], "out.partner.example")
BIGMAIL = Way(CLIENTS["out.bigmail.example"], "out.bigmail.example")
NEWS = Way(CLIENTS["news.shop.example"], "news.shop.example")
SIX = Way(CLIENTS["mail.six.example"], "mail.six.example")
NAMELESS = Way(CLIENTS[""], "friend")
LISTED = Way(CLIENTS["spam.listed.example"], "spam.listed.example")


def login(name: str) -> Way:
    """Submission from home by one of our users."""
    user, _, _ = name.partition("@")
    return Way(CLIENTS["home.isp.example"], "laptop", login=name, password=f"{user}-secret")


@dataclass(frozen=True)
class Fate:
    """What becomes of one recipient's copy, at the very end."""

    recipient: str
    status: str
    #: Where it goes under another address.
    final: str = ""
    #: Which log names the recipient: every one, only one that lists recipients on arrival
    #: (`list`), or none (`never`).
    named: str = "always"


@dataclass(frozen=True)
class Case:
    """One message."""

    name: str
    way: Way | str
    sender: str
    fates: tuple[Fate, ...]
    subject: str = "Hello"
    kinds: frozenset[str] = BOTH
    #: Only on these instances; empty for all of these kinds.
    instances: frozenset[str] = frozenset()
    has_message_id: bool = True
    #: The score that a spam filter is to find (Exim with cPanel's lines).
    score: str = ""
    #: Recipients named to the server, where they are not those of the fates.
    envelope: tuple[str, ...] = ()
    body: str = "Just a few words.\r\n"
    #: Hand it in a second time, at the next tick.
    again: bool = False
    #: What an operator does right after: (tool, arguments…) with `{id}`.
    operator: tuple[tuple[str, ...], ...] = ()
    #: What an operator does at the second tick.
    operator_later: tuple[tuple[str, ...], ...] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """The envelope recipients, each once, in order."""
        return self.envelope or tuple(dict.fromkeys(fate.recipient for fate in self.fates))


def delivered(recipient: str, final: str = "") -> Fate:
    """Taken by a mailbox here or a server elsewhere."""
    return Fate(recipient, "delivered", final)


def failed(recipient: str, final: str = "") -> Fate:
    """Given up."""
    return Fate(recipient, "failed", final)


def rejected(recipient: str) -> Fate:
    """Never taken."""
    return Fate(recipient, "rejected")


def filtered(recipient: str, final: str = "", named: str = "always") -> Fate:
    """Taken and thrown away."""
    return Fate(recipient, "filtered", final, named=named)


_MADE: list[Case] = []


def _case(name: str, way: Way | str, sender: str, *fates: Fate, **more: object) -> None:
    _MADE.append(Case(name, way, sender, fates, **more))  # type: ignore[arg-type]


def _inbound() -> None:
    """From other servers to mailboxes here."""
    lee = "lee@partner.example"
    _case("inbound", PARTNER, lee, delivered("anna@{here}"))
    _case("two mailboxes", PARTNER, lee, delivered("anna@{here}"), delivered("ben@{here}"))
    _case("second domain", BIGMAIL, "max@bigmail.example", delivered("ida@{other}"))
    _case("over IPv6", SIX, "six@six.example", delivered("omar@{here}"))
    _case(
        "client without a name",
        NAMELESS,
        "nameless@partner.example",
        delivered("jon@{other}"),
    )
    _case("upper case", PARTNER, lee, delivered("BEN@{here_upper}"))
    _case("plus address", PARTNER, lee, delivered("anna+shop@{here}", "anna"), kinds=EXIM)
    _case("plus address", PARTNER, lee, delivered("anna+shop@{here}"), kinds=POSTFIX)
    _case("null sender", PARTNER, "", delivered("bounces@{here}"))
    _case(
        "no message id", NEWS, "news-1@shop.example", delivered("anna@{here}"), has_message_id=False
    )
    _case(
        "alias to two",
        PARTNER,
        lee,
        delivered("info@{here}", "anna@{here}"),
        delivered("info@{here}", "ben@{here}"),
    )
    _case(
        "alias of aliases",
        PARTNER,
        lee,
        delivered("everyone@{here}", "anna@{here}"),
        delivered("everyone@{here}", "ben@{here}"),
        delivered("everyone@{here}", "clara@{here}"),
        delivered("everyone@{here}", "ida@{other}"),
        kinds=EXIM,
    )
    _case(
        "alias here and elsewhere",
        PARTNER,
        "alias-1@partner.example",
        delivered("sales@{here}", "anna@{here}"),
        delivered("sales@{here}", "agency@partner.example"),
    )
    _case(
        "forward",
        PARTNER,
        "forward-1@partner.example",
        delivered("dora@{here}", "dora.private@bigmail.example"),
    )
    _case(
        "forward that is refused",
        PARTNER,
        "forward-2@partner.example",
        failed("lost@{here}", "nobody@strict.example"),
    )
    _case("known and unknown", PARTNER, lee, delivered("anna@{here}"), rejected("who@{here}"))
    _case("unknown", PARTNER, lee, rejected("nobody-here@{here}"))
    _case("relay", NAMELESS, "spam@partner.example", rejected("someone@elsewhere.example"))
    _case("listed", LISTED, "win@listed.example", rejected("anna@{here}"))
    _case(
        "fake sender",
        NAMELESS,
        "fake-1@partner.example",
        Fate("anna@{here}", "rejected", named="never"),
        kinds=EXIM,
    )
    _case("fake sender", NAMELESS, "fake-1@partner.example", rejected("anna@{here}"), kinds=POSTFIX)
    _case("spam", NAMELESS, "pills@partner.example", rejected("ben@{here}"), subject="cheap pills")
    _case("patience", PARTNER, "patient-1@partner.example", rejected("omar@{here}"), again=True)
    _case(
        "discarded unread",
        NAMELESS,
        "unread-1@partner.example",
        filtered("anna@{here}"),
        kinds=POSTFIX,
    )
    _case(
        "discarded unread",
        NAMELESS,
        "unread-1@partner.example",
        filtered("anna@{here}"),
        # What is left of the message itself has no recipient.
        filtered(""),
        envelope=("anna@{here}",),
        kinds=EXIM,
    )
    _case(
        "thrown away",
        NEWS,
        "news-2@shop.example",
        filtered("ben@{here}", named="list"),
        subject="Throw me away",
    )
    _case(
        "in the middle of DATA the client is gone",
        replace_hang_up(PARTNER, "DATA"),
        "gone-1@partner.example",
        envelope=("anna@{here}",),
        body="x" * 4000 + "\r\n",
    )


def replace_hang_up(way: Way, where: str) -> Way:
    """The same way, hanging up half-way."""
    return replace(way, hang_up=where)


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
        _case(name, anna, "anna@{here}", fate, subject=f"About {name}")
    _case(
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
    _case(
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
    _case(
        "many recipients",
        login("clara@{here}"),
        "clara@{here}",
        *(delivered(f"reader{number:02}@partner.example") for number in range(25)),
        subject="Newsletter",
    )
    _case(
        "blind copy",
        login("omar@{here}"),
        "omar@{here}",
        delivered("open@partner.example"),
        delivered("blind@bigmail.example"),
    )
    _case(
        "submission without message id",
        login("omar@{here}"),
        "omar@{here}",
        delivered("noid@partner.example"),
        has_message_id=False,
    )
    _case(
        "quoted recipient",
        login("clara@{here}"),
        "clara@{here}",
        delivered('"odd name => x"@partner.example'),
    )
    _case(
        "quoted sender",
        PARTNER,
        '"a b status=sent"@partner.example',
        delivered("archive@{here}"),
    )
    _case(
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
        _case(f"subject {number}", clara, "clara@{here}", delivered(recipient), subject=subject)


def _local() -> None:
    """Handed in on the host itself."""
    _case("local to elsewhere", "carol", "", delivered("zack@partner.example"))
    _case("local to local", "carol", "", delivered("dave@{host}"))
    _case(
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
    _case(
        "removed",
        omar,
        "omar@{here}",
        failed(busy.format(name="rem1")),
        delivered("rem2@partner.example"),
        operator=(("-Mrm", "{id}"),),
        kinds=EXIM,
    )
    _case(
        "given up",
        omar,
        "omar@{here}",
        failed(busy.format(name="giv1")),
        operator=(("-Mg", "{id}"),),
        kinds=EXIM,
    )
    _case(
        "frozen and thawed",
        omar,
        "omar@{here}",
        delivered("thaw@university.example"),
        operator=(("-Mf", "{id}"),),
        operator_later=(("-Mt", "{id}"), ("-M", "{id}")),
        kinds=EXIM,
    )
    _case(
        "removed",
        omar,
        "omar@{here}",
        failed(busy.format(name="rem1")),
        delivered("rem2@partner.example"),
        operator=(("postsuper", "-d", "{id}"),),
        kinds=POSTFIX,
    )
    _case(
        "expired by an operator",
        omar,
        "omar@{here}",
        failed(busy.format(name="exp1")),
        operator=(("postsuper", "-f", "{id}"),),
        kinds=POSTFIX,
    )
    _case(
        "requeued",
        omar,
        "omar@{here}",
        delivered("requ@university.example"),
        operator=(("postsuper", "-r", "{id}"),),
        kinds=POSTFIX,
    )
    _case(
        "held and released",
        omar,
        "omar@{here}",
        delivered("held@university.example"),
        operator=(("postsuper", "-h", "{id}"),),
        operator_later=(("postsuper", "-H", "{id}"),),
        kinds=POSTFIX,
    )


def _exim() -> None:
    """What only Exim does."""
    lee = "lee@partner.example"
    only: dict[str, object] = {"kinds": EXIM}
    _case("blackhole", PARTNER, lee, filtered("devnull@{here}", ":blackhole:"), **only)
    _case("to /dev/null", PARTNER, lee, filtered("null@{here}", "/dev/null"), **only)
    _case("closed", PARTNER, lee, rejected("closed@{here}"), **only)
    _case("being moved", PARTNER, lee, rejected("moving@{here}"), **only)
    _case("pipe", PARTNER, lee, delivered("tickets@{here}", "|/bin/cat -"), **only)
    _case(
        "broken pipe",
        PARTNER,
        "pipe-1@partner.example",
        failed("broken@{here}", "|/bin/false a b"),
        **only,
    )
    _case(
        "full mailbox",
        PARTNER,
        "full-1@partner.example",
        failed("full@{here}"),
        body="x" * 3000 + "\r\n",
        **only,
    )
    _case(
        "vacation",
        PARTNER,
        "vacant-1@partner.example",
        delivered("nora@{here}"),
        delivered("nora@{here}", ">vacant-1@partner.example"),
        **only,
    )
    _case(
        "scanner away",
        PARTNER,
        "scan-1@partner.example",
        rejected("anna@{here}"),
        subject="scanner is away",
        **only,
    )
    _case("fake reject", PARTNER, "decoy-1@partner.example", delivered("anna@{here}"), **only)
    _case(
        "cut through",
        PARTNER,
        "cut-1@partner.example",
        delivered("clerk@{here}", "clerk.away@partner.example"),
        **only,
    )
    _case(
        "failed by filter",
        PARTNER,
        "filter-1@partner.example",
        Fate("anna@{here}", "failed", named="list"),
        subject="Fail me",
        **only,
    )
    _case(
        "frozen on arrival",
        PARTNER,
        "ice-1@partner.example",
        Fate("anna@{here}", "failed", named="list"),
        subject="freeze me",
        **only,
    )
    _case(
        "over the limit",
        login("anna@{here}"),
        "limited-1@{here}",
        Fate("zoran@partner.example", "blocked"),
        kinds=EXIM,
        instances=frozenset({"exim-cpanel"}),
    )
    _case(
        "invoice",
        PARTNER,
        "bill-1@partner.example",
        delivered("anna@{here}"),
        subject="Your invoice",
        **only,
    )
    _case(
        "prize",
        NAMELESS,
        "prize-1@partner.example",
        delivered("anna@{here}"),
        subject="You have won",
        **only,
    )
    _case(
        "script refused",
        "shop",
        "",
        Fate("anna@{here}", "blocked"),
        subject="forbidden script",
        **only,
    )
    _case(
        "to the other server",
        login("anna@{here}"),
        "anna@{here}",
        delivered("ben@school.example"),
        **only,
    )


def _postfix() -> None:
    """What only Postfix does."""
    lee = "lee@partner.example"
    only: dict[str, object] = {"kinds": POSTFIX}
    _case("discard transport", PARTNER, lee, filtered("devnull@{here}"), **only)
    _case("closed", PARTNER, lee, rejected("closed@{here}"), **only)
    _case("being moved", PARTNER, lee, rejected("moving@{here}"), **only)
    _case("pipe", PARTNER, lee, delivered("tickets@{here}"), **only)
    _case(
        "held by access",
        PARTNER,
        "held-1@partner.example",
        Fate("anna@{here}", "in_progress"),
        **only,
    )
    _case(
        "held by header",
        PARTNER,
        lee,
        Fate("ben@{here}", "in_progress"),
        subject="Hold this one",
        **only,
    )
    _case(
        "redirected",
        PARTNER,
        "aside-1@partner.example",
        delivered("anna@{here}", "omar@{here}"),
        **only,
    )
    _case(
        "redirected by header",
        PARTNER,
        lee,
        delivered("anna@{here}", "ben@{here}"),
        subject="Send me elsewhere",
        **only,
    )
    _case("watched", PARTNER, "warned-1@partner.example", delivered("anna@{here}"), **only)
    _case(
        "blind copy to archive",
        PARTNER,
        lee,
        delivered("clara@{here}"),
        delivered("archive@{here}"),
        envelope=("clara@{here}",),
        **only,
    )
    _case("content filter", PARTNER, "through-1@partner.example", delivered("anna@{here}"), **only)
    _case(
        "content filter and alias",
        PARTNER,
        "through-2@partner.example",
        delivered("info@{here}", "anna@{here}"),
        delivered("info@{here}", "ben@{here}"),
        delivered("omar@{here}"),
        **only,
    )
    _case(
        "content filter and forward",
        PARTNER,
        "through-3@partner.example",
        delivered("dora@{here}", "dora.private@bigmail.example"),
        **only,
    )
    _case(
        "content filter refuses",
        PARTNER,
        "through-4@partner.example",
        failed("anna@{here}"),
        body="refuse in the filter\r\n",
        **only,
    )
    _case(
        "milter refuses",
        PARTNER,
        "mil-1@partner.example",
        rejected("anna@{here}"),
        subject="milter says no",
        **only,
    )
    _case(
        "milter puts off",
        PARTNER,
        "mil-2@partner.example",
        rejected("anna@{here}"),
        subject="milter says later",
        **only,
    )
    _case(
        "milter discards",
        PARTNER,
        "mil-3@partner.example",
        filtered("anna@{here}"),
        subject="milter swallows",
        **only,
    )
    _case("local alias to file", "carol", "", filtered("blackhole@{host}"), **only)
    _case("local alias to command", "carol", "", delivered("machine@{host}"), **only)
    _case("local alias to broken command", "carol", "", failed("faulty@{host}"), **only)
    _case(
        "local alias here and elsewhere",
        "carol",
        "",
        delivered("newsdesk@{host}", "dave@{host}"),
        delivered("newsdesk@{host}", "editor@partner.example"),
        **only,
    )
    _case(
        "to the other server",
        login("anna@{here}"),
        "anna@{here}",
        delivered("ben@customer.example"),
        **only,
    )
    _case(
        "gone before DATA",
        replace_hang_up(PARTNER, "RCPT"),
        "gone-2@partner.example",
        envelope=("anna@{here}",),
        **only,
    )


def cases() -> list[Case]:
    """Every message of the tests, in the order they are sent."""
    if not _MADE:
        parts: tuple[Callable[[], None], ...] = (
            _inbound,
            _outbound,
            _local,
            _operators,
            _exim,
            _postfix,
        )
        for part in parts:
            part()
    return list(_MADE)
