"""One delivery in detail: what each viewer reads of it, of its lines and of its family."""

import msgspec
import pytest
from tests.queries import world as mail
from tests.store.rows import HOST, NOON, SECOND, attempt, batch, delivery, line

from postroad import queries
from postroad.model.delivery import Link
from postroad.model.event import LinkKind
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.model.status import Outcome, Status
from postroad.queries.masks import MASK

EVERYTHING = Scope.everything()


def everything_told(store, scope, row):
    """All text that a viewer gets about a delivery, by search and in detail."""
    detail = queries.detail(store, scope, row.id)
    found = queries.search(store, scope, Search(id=row.id)).deliveries
    return msgspec.json.encode([detail, found], enc_hook=str).decode().lower()


def texts(detail):
    """The log lines of a detail."""
    return [each.text for each in detail.log_lines]


@pytest.mark.parametrize("scope", [mail.NET, mail.BOB])
def test_a_blind_copy_stays_blind(world, scope):
    """The other recipient learns nothing of a blind copy: no address, no name, no host."""
    told = everything_told(world, scope, mail.OPEN_COPY)
    assert "bob@example.net" in told
    assert "anna@example.com" in told
    for secret in ("carol", "secret.test", "198.51.100.25"):
        assert secret not in told


@pytest.mark.parametrize("scope", [mail.COM, mail.ANNA, EVERYTHING])
def test_who_sent_it_sees_all_recipients(world, scope):
    """The proven submitter reads about every recipient of the message."""
    for row in (mail.OPEN_COPY, mail.BLIND_COPY):
        told = everything_told(world, scope, row)
        assert "bob@example.net" in told
        assert "carol@secret.test" in told
        assert "timed out" in told
        assert MASK not in told


def test_where_an_alias_of_others_leads_is_hidden(world):
    """Who sent to an alias of another tenant does not read which mailbox it leads to."""
    told = everything_told(world, mail.NET, mail.INNER_ALIAS)
    assert "team@example.com" in told
    assert "zoe" not in told
    assert "zoe" in everything_told(world, mail.COM, mail.INNER_ALIAS)


def test_an_alias_across_tenants(world):
    """Both the alias's and the mailbox's side read both addresses of their delivery."""
    for scope in (mail.COM, mail.NET):
        told = everything_told(world, scope, mail.ALIAS)
        assert "team@example.com" in told
        assert "bob@example.net" in told


def test_a_forged_sender_shows_nothing(world):
    """Whose address was forged sees nothing of the mail that claims to be theirs."""
    assert queries.detail(world, mail.COM, mail.FORGED.id) is None
    found = queries.search(world, mail.COM, Search(sender="anna@example.com")).deliveries
    assert mail.FORGED.id not in {row.id for row in found}
    assert queries.counts(world, mail.COM, Search(sender="anna@example.com")) == {
        Status.DELIVERED: 1,
        Status.FAILED: 1,
    }


def test_an_administrator_reads_what_stands_there(world):
    """Nothing is masked or left out for an administrator."""
    for row in mail.SHOWN:
        detail = queries.detail(world, EVERYTHING, row.id)
        assert detail.delivery == row
        assert MASK not in everything_told(world, EVERYTHING, row)
        assert len(texts(detail)) == (5 if row.queue_id == mail.OPEN_COPY.queue_id else 3)


def test_a_recipient_does_not_read_logins(store):
    """The login that submitted a message, where it is not the sender, is not for its recipient."""
    row = delivery(
        sender="office@example.com", origins=["office@example.com", "jdoe77"], user="jdoe77"
    )
    text = f"x {row.queue_id} <= office@example.com A=plain:jdoe77 for bob@example.net"
    store.write(batch(row, lines=[line(text)]))
    told = everything_told(store, mail.NET, row)
    assert "office@example.com" in told
    assert "jdoe77" not in told
    assert "jdoe77" in everything_told(store, Scope.of(logins={"jdoe77"}), row)


def test_attempts_are_masked(store):
    """Addresses and replies of attempts follow the same rules, whatever the reply repeats."""
    row = delivery("list@example.net", to="bob@inner.test", origins=["anna@example.com"])
    tries = [
        attempt(row, address="bob@inner.test", reply="550 <bob@inner.test> bob unknown"),
        attempt(row, at=NOON, outcome=Outcome.DEFERRED, address="list@example.net", reply="later"),
    ]
    store.write(batch(row, attempts=tries))
    shown = queries.detail(store, mail.ANNA, row.id).attempts
    assert [(each.address, each.reply) for each in shown] == [
        ("list@example.net", "later"),
        (MASK, f"550 <{MASK}> ••• unknown"),
    ]
    assert [each.address for each in queries.detail(store, mail.NET, row.id).attempts] == [
        "list@example.net",
        "bob@inner.test",
    ]


@pytest.mark.parametrize(
    "wrong", ["", "x", "0" * 24, "g" * 24, "' OR 1=1 -- 12345678901", "\0" * 24]
)
def test_ids_that_are_none(world, wrong):
    """What is not the id of a delivery finds none."""
    assert queries.detail(world, EVERYTHING, wrong) is None


def test_id_in_capitals(world):
    """An id is found however it is written."""
    assert queries.detail(world, EVERYTHING, mail.INBOUND.id.upper()).delivery == mail.INBOUND


def test_lines_in_reading_order(store):
    """Lines of one second stand as they were written: arrival first, the end last."""
    row = delivery(queue_id="4ABC")
    said = [
        "mx postfix/qmgr[1]: 4ABC: removed",
        "mx postfix/smtp[1]: 4ABC: to=<bob@example.net>, status=sent",
        "mx postfix/cleanup[1]: 4ABC: message-id=<x>",
        "mx postfix/smtpd[9]: 4ABC: client=x[192.0.2.1]",
    ]
    store.write(batch(row, lines=[line(text, queue_id="4ABC") for text in said]))
    shown = texts(queries.detail(store, EVERYTHING, row.id))
    assert shown[0] == said[3]
    assert shown[-1] == said[0]


def test_lines_of_another_life_are_not_shown(store):
    """Where a queue id came round again, each delivery has the lines of its own life."""
    first = delivery(queue_id="4ABC", at=NOON)
    second = delivery(
        "carol@example.org",
        queue_id="4ABC",
        at=NOON + 3 * SECOND,
        id="c" * 24,
        message_key="c" * 16,
    )
    lines = [
        line("a 4ABC: client=x", queue_id="4ABC", at=NOON),
        line("b 4ABC: removed", queue_id="4ABC", at=NOON + 2 * SECOND),
        line("c 4ABC: client=y", queue_id="4ABC", at=NOON + 3 * SECOND),
        line("d 4ABC: removed", queue_id="4ABC", at=NOON + 5 * SECOND),
    ]
    store.write(batch(first, second, lines=lines))
    assert [text[0] for text in texts(queries.detail(store, EVERYTHING, first.id))] == ["a", "b"]
    assert [text[0] for text in texts(queries.detail(store, EVERYTHING, second.id))] == ["c", "d"]


def test_session_lines_before_the_arrival(store):
    """A line of the session that names no queue id is shown though it is a little older."""
    row = delivery(queue_id="4ABC")
    lines = [line("TLS connection established", queue_id="4ABC", at=NOON - SECOND)]
    store.write(batch(row, lines=lines))
    assert texts(queries.detail(store, EVERYTHING, row.id)) == ["TLS connection established"]


def test_a_refusal_without_a_queue_id(store):
    """A refusal before any queue id was given has its own line, and no one else's."""
    one = delivery(queue_id="", message_key="a" * 16, id="a" * 24, status=Status.REJECTED)
    two = delivery(queue_id="", message_key="b" * 16, id="b" * 24, status=Status.REJECTED)
    lines = [line("one", queue_id="a" * 16), line("two", queue_id="b" * 16)]
    store.write(batch(one, two, lines=lines))
    assert texts(queries.detail(store, EVERYTHING, one.id)) == ["one"]
    assert texts(queries.detail(store, EVERYTHING, two.id)) == ["two"]


def test_lines_of_hops(store):
    """The lines of the queue ids that carried a copy on are part of its story."""
    row = delivery(queue_id="4A", hops=["4B"])
    before = delivery(queue_id="4B", at=NOON - 900 * SECOND, id="d" * 24, message_key="d" * 16)
    hop = delivery(queue_id="4B", at=NOON + SECOND, folded=True, instance="postfix-out")
    lines = [
        line("4A: to=<bob@example.net>", queue_id="4A"),
        line("4B: sent", queue_id="4B", at=NOON + 2 * SECOND, instance="postfix-out"),
        line("4B: other", queue_id="4B", at=NOON - 900 * SECOND),
    ]
    store.write(batch(row, hop, before, lines=lines))
    assert texts(queries.detail(store, EVERYTHING, row.id)) == [
        "4A: to=<bob@example.net>",
        "4B: sent",
    ]


def test_family(store):
    """A bounce is found from what bounced, and what bounced from its bounce."""
    failed = delivery(
        "gone@example.org", origins=["anna@example.com"], queue_id="4F", bounced_as="4B",
        status=Status.FAILED,
    )  # fmt: skip
    bounce = delivery(
        "anna@example.com", sender="", queue_id="4B", bounce_of="4F", at=NOON + SECOND
    )
    sibling = delivery("bob@example.net", origins=["anna@example.com"], queue_id="4F")
    link = Link(
        host=HOST, instance="", kind=LinkKind.BOUNCED_AS, queue_id="4F", other="4B", at=NOON
    )
    store.write(batch(failed, bounce, sibling, links=[link]))
    for scope in (EVERYTHING, mail.ANNA):
        family = queries.detail(store, scope, failed.id).family
        assert [(each["relation"], each["id"]) for each in family] == [
            ("same_message", sibling.id),
            ("bounce", bounce.id),
        ]
        family = queries.detail(store, scope, bounce.id).family
        assert [(each["relation"], each["id"]) for each in family] == [("bounce_of", failed.id)]
    assert queries.detail(store, mail.NET, sibling.id).family == []


def test_a_domain_owner_reads_all_of_their_recipients(store):
    """An owner of several recipients of a message reads about each of them, of no others."""
    rows = [delivery(name) for name in ("bob@example.net", "dan@example.net", "eve@example.org")]
    said = [f"x 1aBcDe-01 => {row.recipient} R=r" for row in rows]
    store.write(batch(*rows, lines=[line(text) for text in said]))
    shown = texts(queries.detail(store, mail.NET, rows[0].id))
    assert shown == said[:2]
    family = queries.detail(store, mail.NET, rows[0].id).family
    assert [each["recipient"] for each in family] == ["dan@example.net"]


@pytest.fixture
def stored_copies(store):
    """A message of anna's to ann and joann here; where the mailbox server put both copies."""
    asides = [f"{HOST} dovecot <1@id>", f"{HOST} spamassassin <1@id>"]
    rows = [
        delivery(
            f"{name}@example.net",
            asides=asides,
            mailbox="Private.Plans",
            message_id="1@id",
            origins=["anna@example.com"],
        )
        for name in ("ann", "joann")
    ]
    lines = [
        line(
            f"dovecot: lmtp({name})<1><S>: msgid=<1@id>: saved mail to Private.Plans",
            queue_id="<1@id>",
            instance="dovecot",
        )
        for name in ("ann@example.net", "joann@example.net", "joann")
    ]
    spam = "spamd: result: . 1 - RULE mid=<1@id>"
    lines.append(line(spam, queue_id="<1@id>", instance="spamassassin"))
    steps = []
    for row in rows:
        step = attempt(row, reply="saved mail to Private.Plans", address=row.recipient)
        step.queue_id = "<1@id>"
        steps.append(step)
    store.write(batch(*rows, lines=lines, attempts=steps))
    return rows


@pytest.mark.parametrize("scope", [EVERYTHING, Scope.of(addresses={"ann@example.net"})])
def test_lines_of_mailbox_servers_are_of_one_copy(store, stored_copies, scope):
    """What a mailbox server did with one copy is told of that copy, and not of another's."""
    found = queries.detail(store, scope, stored_copies[0].id)

    assert found.delivery.mailbox == "Private.Plans"
    assert len(found.attempts) == 1
    assert [each.partition("<1>")[0] for each in texts(found)] == [
        "dovecot: lmtp(ann@example.net)",
        "spamd: result: . 1 - RULE mid=<1@id>",
    ]


def test_a_folder_is_its_owners_business(store, stored_copies):
    """Whoever sent a message does not learn in which folder it is."""
    scope = Scope.of(addresses={"anna@example.com"})
    for sort in ("mailbox", "-mailbox"):
        search = Search(sort=sort)
        assert {each.mailbox for each in queries.search(store, scope, search).deliveries} == {""}
    found = queries.detail(store, scope, stored_copies[0].id)
    assert "plans" not in everything_told(store, scope, stored_copies[0])
    assert found.attempts == found.log_lines == []


@pytest.mark.parametrize(
    "said",
    [
        "save failed to Private.Plans: Quota exceeded (mailbox for user is full)",
        "fileinto action: failed to store into mailbox 'Private: Plans': Quota exceeded",
        "save failed to Private.Plans",
    ],
)
def test_a_folder_that_is_full_is_its_owners_business_too(store, said):
    """Whoever sent a message reads why it was not stored, and not where it was to be."""
    row = delivery(
        "ann@example.net",
        asides=[f"{HOST} dovecot <1@id>"],
        status=Status.FAILED,
        result=said,
        origins=["anna@example.com"],
    )
    store.write(batch(row))
    scope = Scope.of(addresses={"anna@example.com"})
    [found] = queries.search(store, scope, Search()).deliveries

    assert "plans" not in everything_told(store, scope, row)
    assert "Plans" not in found.result
    assert ("Quota exceeded" in found.result) is ("Quota" in said)
    assert queries.detail(store, mail.NET, row.id).delivery.result == said


def test_a_folder_behind_an_alias(store):
    """Whose alias leads to another tenant's mailbox does not learn into which folder."""
    row = delivery(
        "info@example.com",
        to="ann@example.net",
        asides=[f"{HOST} dovecot <1@id>"],
        mailbox="Private.Plans",
        message_id="1@id",
    )
    told = line(
        "lmtp(ann@example.net)<1><S>: msgid=<1@id>: saved mail to Private.Plans info@example.com",
        queue_id="<1@id>",
        instance="dovecot",
    )
    store.write(batch(row, lines=[told]))
    alias = Scope.of(addresses={"info@example.com"})

    assert queries.detail(store, mail.NET, row.id).delivery.mailbox == "Private.Plans"
    for scope, shown in ((alias, ""), (mail.NET, "Private.Plans")):
        for sort in ("mailbox", "-mailbox"):
            [found] = queries.search(store, scope, Search(sort=sort)).deliveries
            assert found.mailbox == shown
    assert "plans" not in everything_told(store, alias, row)


def test_the_same_mail_on_other_servers(store):
    """What one server of ours handed to another is tied by the queue id it was told, both ways."""
    first = delivery(queue_id="4A", next_queue_id="4B", message_id="one@id.test")
    then = delivery(queue_id="4B", host="mx2.example.com", message_id="one@id.test")
    forged = delivery(
        "carol@secret.test", queue_id="4C", host="mx2.example.com", message_id="one@id.test"
    )
    long_ago = delivery(queue_id="4B", host="mx3.example.com", at=NOON - 30 * 86_400 * SECOND)
    store.write(batch(first, then, forged, long_ago))

    def related(row, scope=EVERYTHING):
        found = queries.detail(store, scope, row.id).family
        return {(each["relation"], each["host"], each["queue_id"]) for each in found}

    assert related(first) == {
        ("next_server", "mx2.example.com", "4B"),
        ("same_message_id", "mx2.example.com", "4C"),
    }
    assert ("previous_server", HOST, "4A") in related(then)
    assert related(first, mail.BOB) == {("next_server", "mx2.example.com", "4B")}
