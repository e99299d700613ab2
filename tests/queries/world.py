"""Mail of two tenants, example.com and example.net, and of strangers; who may see which of it."""

from tests.store.rows import DAY, HOST, NOON, SECOND, attempt, batch, delivery, line

from postroad.model import address
from postroad.model.delivery import Link
from postroad.model.event import LinkKind
from postroad.model.scope import Scope
from postroad.model.status import Direction, Outcome, Status

EVERYTHING = Scope.everything()
COM = Scope.of(domains={"example.com"})
NET = Scope.of(domains={"example.net"})
BOTH = Scope.of(domains={"example.com", "example.net"})
ANNA = Scope.of(addresses={"Anna@Example.com"})
BOB = Scope.of(addresses={"bob@example.net"})
SHOP = Scope.of(logins={"shop"})
NOBODY = Scope()


def mail(number, recipient, **fields):
    """A delivery of the message with this number, which arrived so many minutes after noon."""
    fields = {
        "origins": [],
        "message_id": f"m{number}@id.test",
        "subject": f"Message {number}",
    } | fields
    user = next(iter(fields["origins"]), "")
    return delivery(
        recipient,
        queue_id=f"1q{number:04d}-01",
        at=NOON + number * 60 * SECOND,
        user=user,
        domain=address.domain(user),
        **fields,
    )


STRANGER = "eve@outside.test"

#: From a stranger to a mailbox of example.com, in another case.
INBOUND = mail(1, "ANNA@EXAMPLE.COM", sender=STRANGER, direction=Direction.INBOUND)
#: From a stranger who claims to be example.com, to example.net.
FORGED = mail(2, "bob@example.net", sender="anna@example.com", direction=Direction.INBOUND)
#: From example.com to example.net, with a blind copy to a third party.
OPEN_COPY = mail(
    3,
    "bob@example.net",
    origins=["anna@example.com"],
    direction=Direction.OUTBOUND,
    remote_host="mx.example.net",
    remote_ip="192.0.2.25",
)
BLIND_COPY = mail(
    3,
    "carol@secret.test",
    origins=["anna@example.com"],
    direction=Direction.OUTBOUND,
    status=Status.FAILED,
    remote_host="mx.secret.test",
    remote_ip="198.51.100.25",
    result="550 5.1.1 <carol@secret.test>: User carol unknown",
)
#: From a stranger to an alias of example.com that leads to example.net.
ALIAS = mail(4, "team@example.com", to="bob@example.net", sender=STRANGER)
#: From example.net to an alias of example.com that leads on within example.com.
INNER_ALIAS = mail(
    5,
    "team@example.com",
    to="zoe@example.com",
    sender="bob@example.net",
    origins=["bob@example.net"],
    result="250 2.0.0 <zoe@example.com> saved for zoe",
)
#: Sent by a program of a hosting account.
SHOPPING = mail(6, "eve@outside.test", sender="www@host.test", origins=["shop"])
#: Submitted by a hosting account of somebody else's, in other people's names, to example.com.
ON_BEHALF = mail(
    15,
    "anna@example.com",
    sender="news@lists.test",
    origins=["shop"],
    direction=Direction.INTERNAL,
    client_host="vpn.shop.test",
    client_ip="203.0.113.9",
    router="virtual",
    transport="lmtp",
    size=900,
)
#: Submitted by example.net as a list, to example.com.
AS_A_LIST = mail(
    16,
    "anna@example.com",
    sender="list@lists.test",
    origins=["bob@example.net"],
    direction=Direction.INTERNAL,
    client_ip="2001:db8::9",
    size=5,
    spam_score=-1.5,
)
#: From a stranger to example.com, where it goes to a mailbox that is no address.
INTO_A_FILE = mail(
    17,
    "anna@example.com",
    to="annasfile",
    sender="bob@example.net",
    origins=["bob@example.net"],
    status=Status.FILTERED,
    reason="spam",
    spam_score=7.25,
)
#: Domains that only look like example.com.
LOOKALIKES = [
    mail(7, "anna@sub.example.com", sender=STRANGER),
    mail(8, "anna@example.com.evil.test", sender=STRANGER),
    mail(9, "anna@notexample.com", sender=STRANGER),
    mail(10, '"anna@example.com"@evil.test', sender=STRANGER),
    mail(11, "eve@outside.test", sender="anna@example.com@evil.test"),
]
#: Refused when it was offered.
REFUSED = mail(
    12, "bob@example.net", sender=STRANGER, status=Status.REJECTED, direction=Direction.INBOUND
)
#: Not shown to anybody: a hop of a delivery, and one withdrawn.
HOP = mail(13, "anna@example.com", sender=STRANGER, folded=True)
WITHDRAWN = mail(14, "anna@example.com", sender=STRANGER, version=9)

SHOWN = [
    INBOUND, FORGED, OPEN_COPY, BLIND_COPY, ALIAS, INNER_ALIAS, SHOPPING, *LOOKALIKES, REFUSED,
    ON_BEHALF, AS_A_LIST, INTO_A_FILE,
]  # fmt: skip

#: What each viewer may see.
SEEN = {
    "everything": (EVERYTHING, SHOWN),
    "com": (
        COM,
        [
            INBOUND,
            OPEN_COPY,
            BLIND_COPY,
            ALIAS,
            INNER_ALIAS,
            ON_BEHALF,
            AS_A_LIST,
            INTO_A_FILE,
        ],
    ),
    "net": (NET, [FORGED, OPEN_COPY, ALIAS, INNER_ALIAS, REFUSED, AS_A_LIST, INTO_A_FILE]),
    "both": (
        BOTH,
        [
            INBOUND,
            FORGED,
            OPEN_COPY,
            BLIND_COPY,
            ALIAS,
            INNER_ALIAS,
            REFUSED,
            ON_BEHALF,
            AS_A_LIST,
            INTO_A_FILE,
        ],
    ),
    "anna": (ANNA, [INBOUND, OPEN_COPY, BLIND_COPY, ON_BEHALF, AS_A_LIST, INTO_A_FILE]),
    "bob": (BOB, [FORGED, OPEN_COPY, ALIAS, INNER_ALIAS, REFUSED, AS_A_LIST, INTO_A_FILE]),
    "shop": (SHOP, [SHOPPING, ON_BEHALF]),
    "nobody": (NOBODY, []),
}


def _lines():
    for row in (*SHOWN, HOP):
        arrow = "**" if row.status in (Status.FAILED, Status.REJECTED) else "=>"
        stamp = f"2026-03-02 10:00:00 {row.queue_id}"
        local = (row.delivered_to or row.recipient).rpartition("@")[0]
        final = row.delivered_to or local
        host = f" H={row.remote_host} [{row.remote_ip}]" if row.remote_host else ""
        texts = [
            f'{stamp} {arrow} {final} <{row.recipient}> R=r T=t{host} C="{row.result}"',
            f"{stamp} Completed",
        ]
        if row is not BLIND_COPY:
            others = "carol@secret.test " if row is OPEN_COPY else ""
            texts.append(f"{stamp} <= {row.sender} H=x P=esmtps for {others}{row.recipient}")
        if row is BLIND_COPY:
            texts.append(f"{stamp} H=mx.secret.test [198.51.100.25] Connection timed out")
        for text in texts:
            yield line(text, queue_id=row.queue_id, at=row.first_at)


WORLD = batch(
    *SHOWN,
    HOP,
    WITHDRAWN,
    lines=_lines(),
    attempts=[
        attempt(
            row,
            at=row.first_at,
            outcome=Outcome.FAILED if row.status is Status.FAILED else Outcome.DELIVERED,
            address=row.delivered_to or row.recipient,
            reply=row.result,
        )
        for row in SHOWN
    ],
    links=[
        Link(
            host=HOST,
            instance="",
            kind=LinkKind.BOUNCED_AS,
            queue_id=OPEN_COPY.queue_id,
            other=INNER_ALIAS.queue_id,
            at=OPEN_COPY.first_at,
        )
    ],
)
LATER = batch(
    delivery(
        id=WITHDRAWN.id,
        queue_id=WITHDRAWN.queue_id,
        at=WITHDRAWN.first_at,
        deleted=True,
        version=10,
    )
)


def fill(store):
    """Write the world, and withdraw what is withdrawn."""
    store.write(WORLD)
    store.write(LATER)


__all__ = ["DAY", "HOST", "NOON", "SECOND"]
