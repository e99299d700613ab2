"""Content filters and milters: verdicts, scores and rules, and whose message they are about."""

from __future__ import annotations

import pytest
from tests.parsers.lines import AMAVIS, MID, SPAMD, described, read, said

from postroad.model.event import NOISE, Described, Ended, Linked, Noted
from postroad.model.status import Outcome
from postroad.parsers.neighbours import Memory


def test_spamd_tells_the_score_on_one_line_and_the_message_on_another() -> None:
    """The process joins them: the score has its decimals wherever it is told."""
    memory = Memory()
    begun = read(SPAMD[0], "spamd", memory)
    scored = described(SPAMD[1], "spamd", memory)
    result = described(SPAMD[2], "spamd", memory)

    assert isinstance(begun, Noted)
    assert {MID} == {begun.queue_id, scored.queue_id, result.queue_id}
    assert (0.9, 0.9) == (scored.spam_score, result.spam_score)
    assert (False, "clean message", ("HTML_MESSAGE", "SPF_PASS")) == (
        result.spam,
        result.spam_verdict,
        result.spam_rules,
    )


def test_spamd_without_the_beginning() -> None:
    """Where reading began later, the score still counts; alone, the result is what there is."""
    memory = Memory()
    assert NOISE is read(SPAMD[1], "spamd", memory)
    assert 0.9 == described(SPAMD[2], "spamd", memory).spam_score
    assert 0.0 == described(SPAMD[2], "spamd", memory).spam_score


def test_spamd_of_other_processes_is_kept_apart() -> None:
    """Two messages at once, in two processes."""
    memory = Memory()
    for pid, name in ((1, "<p1@s.example>"), (2, "<p2@s.example>")):
        read(f"spamd: checking message {name} for ann:1", "spamd", memory, pid)
    spam = "spamd: identified spam (12.5/5.0) for ann:1 in 1.0 seconds, 10 bytes."
    event = read(spam, "spamd", memory, 1)

    assert isinstance(event, Described)
    assert ("<p1@s.example>", 12.5, True) == (event.queue_id, event.spam_score, event.spam)


def test_spamd_writes_blanks_as_underscores() -> None:
    """A Message-ID with a blank and a comma is the same message on both lines."""
    memory = Memory()
    begun = read("spamd: processing message <a b,c@s.example> for ann:1", "spamd", memory)
    assert isinstance(begun, Noted)
    assert "<a_b_c@s.example>" == begun.queue_id


@pytest.mark.parametrize(
    "text",
    [
        "spamd: connection from localhost [::1]:33770 to port 783, fd 5",
        "spamd: processing message (unknown) for ann:1",
        "prefork: child states: II",
        "clean message (odd) for",
        "spamd: result: Y",
        "spamd: result: Y 12 - A,B scantime=1,size=2,user=x,uid=1,mid=(unknown),autolearn=no",
    ],
)
def test_other_lines_of_spamd_are_noise(text: str) -> None:
    """Connections, children, and messages without an id."""
    assert NOISE is read(text, "spamd")


RSPAMD = "<ab12cd>; proxy; rspamd_task_write_log: id: <{id}>, {fields}(default: {verdict}"


@pytest.mark.parametrize(
    ("action", "spam"),
    [
        ("no action", False),
        ("greylist", None),
        ("soft reject", None),
        ("add header", True),
        ("rewrite subject", True),
        ("reject", True),
        ("house rule", None),
    ],
)
def test_what_rspamd_advises(action: str, spam: object) -> None:
    """The action in its own words; greylisting is no judgement of the content."""
    verdict = f"F ({action}): [3.10/15.00] [A(1.00){{}},B(2.10){{x;y;}}]), len: 1"
    text = RSPAMD.format(id="a1@sender.example", fields="qid: <4ABBCC0011>, ", verdict=verdict)
    event = described(text, "rspamd")

    assert (action, spam, 3.1) == (event.spam_verdict, event.spam, event.spam_score)
    assert ("postfix", "4ABBCC0011", ("A", "B")) == (
        event.instance,
        event.queue_id,
        event.spam_rules,
    )


@pytest.mark.parametrize(
    ("fields", "instance", "queue_id"),
    [
        ("qid: <1kX2aB-0003Ab-Cd>, ip: 192.0.2.1, ", "", "1kX2aB-0003Ab-Cd"),
        ("qid: <4jXCG46nlFz4G>, user: ann, b, ", "postfix", "4jXCG46nlFz4G"),
        ("ip: 192.0.2.1, from: <>, ", "rspamd", MID),
        ('from: <"x>, (default: F (no action): [0/1] []"@s.example>, ', "rspamd", MID),
        ("", "rspamd", MID),
    ],
)
def test_whose_message_rspamd_judged(fields: str, instance: str, queue_id: str) -> None:
    """By the mail server's queue id, or else by the Message-ID."""
    verdict = "T (reject): [19.00/15.00] [A,B(1.0)]), len: 1"
    text = RSPAMD.format(id="a1@sender.example", fields=fields, verdict=verdict)
    event = described(text, "rspamd")

    assert (instance, queue_id, "reject") == (event.instance, event.queue_id, event.spam_verdict)
    assert event.spam_rules == ("A", "B")


@pytest.mark.parametrize(
    "text",
    [
        "<ab12cd>; lua; spf.lua:186: skip SPF checks for local networks",
        RSPAMD.format(id="undef", fields="", verdict="F (no action): [0/1] []"),
        RSPAMD.format(id="a b@s.example", fields="", verdict="F (no action): [0/1] []"),
        "rspamd_task_write_log: something else",
    ],
)
def test_other_lines_of_rspamd_are_noise(text: str) -> None:
    """Modules' own lines, and mail that nothing names."""
    assert NOISE is read(text, "rspamd")


@pytest.mark.parametrize(
    ("category", "spam"),
    [("CLEAN", False), ("SPAMMY", True), ("SPAM", True), ("BAD-HEADER-7", None),
     ("UNCHECKED-ENCRYPTED", None), ("MTA-BLOCKED", None), ("OTHER", None)],
)  # fmt: skip
def test_what_amavis_found(category: str, spam: object) -> None:
    """Its verdict with what it did, the score, and the queue id it was handed."""
    line = AMAVIS.format(id=MID, hits="-1.9")
    event = described(f"(02279-04) Passed {category} {{RelayedInbound}}, {line}", "amavis")

    assert ("4AA091855DA0", "postfix", "amavis") == (
        event.queue_id,
        event.instance,
        event.scanner,
    )
    assert (f"Passed {category} {{RelayedInbound}}", spam, -1.9) == (
        event.spam_verdict,
        event.spam,
        event.spam_score,
    )
    assert "" == event.message_id


def test_a_message_id_does_not_speak_for_amavis() -> None:
    """Neither another queue id nor another score in it is believed."""
    forged = "<x>, mail_id: aaaaaaaaaaaa, Hits: -99, size: 1, Queue-ID: 4FFFFFFFFF, y>"
    event = described(f"(1-1) Passed CLEAN, {AMAVIS.format(id=forged, hits='7.5')}", "amavis")

    assert ("4AA091855DA0", 7.5) == (event.queue_id, event.spam_score)


def test_a_file_name_does_not_speak_for_amavis() -> None:
    """Names of files stand before the queue id: two queue ids, and none is believed."""
    forged = "x) {A}, [1] <a> -> <b>, Queue-ID: 4FFFFFFFFF, Message-ID: <q>, y"
    line = AMAVIS.format(id=MID, hits="-")
    blocked = f"(1-1) Blocked BANNED (.exe,{forged}) {{DiscardedInbound}}, {line}"

    assert NOISE is read(blocked, "amavis")
    event = described(f"(1-1) Blocked BANNED (.exe,x (1).exe) {{Discarded}}, {line}", "amavis")
    assert ("Blocked BANNED {Discarded}", ()) == (event.spam_verdict, event.spam_rules)


def test_amavis_before_it_named_the_queue_id() -> None:
    """The id under which the mail came back is as good."""
    text = "(1-1) Passed CLEAN, [192.0.2.1] <a@s.example> -> <b@example.com>, Message-ID: <m@s.example>, "
    event = described(
        f"{text}mail_id: 6aLEkMwQa8H2, Hits: 0.1, size: 1, queued_as: 776E41855DB2, 8 ms", "amavis"
    )

    assert "776E41855DB2" == event.queue_id
    assert NOISE is read(f"{text}mail_id: 6aLEkMwQa8H2, Hits: 0.1, 8 ms", "amavis")


@pytest.mark.parametrize(
    "text",
    [
        "starting. /usr/sbin/amavisd-new at mx1",
        "(1-1) Checking: abc [192.0.2.1] <a@s.example> -> <b@example.com>",
        "(1-1) ...continued, Hits: 9, 8 ms",
        "(1-1) Passed",
        "(1-1) Passed CLEAN, no parties",
    ],
)
def test_other_lines_of_amavis_are_noise(text: str) -> None:
    """What is of no message, or does not say of which."""
    assert NOISE is read(text, "amavis")


def test_what_mailscanner_found() -> None:
    """The verdict stands last: a sender may hold the same words."""
    event = described(
        "Message 4BA2876290.A1B2C from 192.0.2.25 (x is not spam@sender.example) to example.com is "
        "spam, SBL, SpamAssassin (cached, score=7.181, required 4, BAYES_40 -0.20)",
        "MailScanner",
    )

    assert (True, 7.181, "spam, SBL", ("BAYES_40",)) == (
        event.spam,
        event.spam_score,
        event.spam_verdict,
        event.spam_rules,
    )


def test_how_mailscanner_passes_mail_on() -> None:
    """Under another queue id; or not at all, if its actions are to keep or delete only."""
    linked = read("Requeue: 4BA2876290.A1B2C to 5CA2876291", "MailScanner")
    assert isinstance(linked, Linked)
    actions = "Spam Actions: message 4BA2876290.A1B2C actions are {}"
    assert isinstance(read(actions.format("store,deliver"), "MailScanner"), Noted)
    assert isinstance(read(actions.format("delete"), "MailScanner"), Ended)
    assert isinstance(read("Message 4BA2876290 from x", "MailScanner"), Noted)
    assert NOISE is read("New Batch: Scanning 1 messages, 900 bytes", "MailScanner")


def test_what_the_gateways_filter_did() -> None:
    """Its own id joins the lines; the message is told by its Message-ID."""
    memory = Memory()
    own = "20A9560092030F3374: "
    tag = "pmg-smtp-filter"
    assert NOISE is read(f"{own}SA score=1/5 time=1.0 hits=A(1)", tag, memory)
    assert isinstance(read(f"{own}new mail message-id={MID}", tag, memory), Noted)
    score = described(
        f"{own}SA score=7/5 time=2.1 bayes=0.9 autolearn=no hits=A(1.2),B(5.8)", tag, memory
    )
    kept = said(
        f"{own}moved mail for <ann@example.com> to spam quarantine - 612405EAAD648755DD (rule: x)",
        tag,
        memory,
    )

    assert (MID, True, 7.0, ("A", "B")) == (
        score.queue_id,
        score.spam,
        score.spam_score,
        score.spam_rules,
    )
    assert (Outcome.DISCARDED, "quarantine", MID, "ann@example.com") == (
        kept.outcome,
        kept.transport,
        kept.queue_id,
        kept.address,
    )
    assert isinstance(read(f"{own}processing time: 2.3 seconds", tag, memory), Noted)
    assert NOISE is read("starting server", tag, memory)
    assert NOISE is read("ABCDEF0123456789AB: new mail message-id=", tag, memory)


def test_milters_name_the_message() -> None:
    """The queue ids of several mail servers, a scanner's sentence, a filter's record."""
    assert isinstance(read("4AA091855D: sender.example pass", "opendmarc"), Noted)
    assert isinstance(read("MDLOG,u1IJTVKD001591,spam,1,2", "mimedefang.pl"), Noted)
    assert NOISE is read("MDLOG,NOQUEUE,x", "mimedefang.pl")
    assert isinstance(read("u1IJTVKD001591: x", "mimedefang"), Noted)
    clean = described(
        "Clean message 4AA091855D from <a@b.example> to <c@d.example>", "clamav-milter"
    )
    assert ("clean", ()) == (clean.spam_verdict, clean.spam_rules)
    assert NOISE is read("ignoring header field", "opendkim")
    assert isinstance(read("4AA091855D: x", "some-milter"), Noted)


def test_a_score_of_many_digits_is_none() -> None:
    """A number that no filter writes."""
    score = "9" * 30
    verdict = f"F (no action): [{score}/15.00] [A(1.00){{}}]), len: 1"
    text = RSPAMD.format(id="a1@sender.example", fields="qid: <4ABBCC0011>, ", verdict=verdict)

    assert described(text, "rspamd").spam_score is None


def test_what_rspamd_did_not_look_at() -> None:
    """Skipped is no ham; an action that was forced is a verdict all the same."""
    text = RSPAMD.format(
        id="a1@sender.example", fields="qid: <4ABBCC0011>, ", verdict="S ({}): [0/15] []"
    )

    assert described(text.format("no action"), "rspamd").spam is None
    assert described(text.format("reject"), "rspamd").spam is True
