"""How true is what postroad says? Writes `docs/accuracy.md`.

    python -m bench.accuracy [--lines 1000000] [--check]

Three questions. For each set of logs: how many lines are understood, and how many deliveries are as
they really were; and of real bounce messages: how many have the reason that others found in them.
The second is asked where the truth is known: of generated logs (`bench.logs`),
read in from rotated and packed files through the store and out again by a search; of the golden
stories, worked out by hand; and of the logs that Exim tests itself with, beside which the mail that
was really delivered lies. Sets that do not stand beside the repository are named as absent.

`--check` writes nothing and ends with status 1 unless every promise holds.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
if not __package__:
    sys.path.insert(0, str(ROOT))

from bench import bounces, logs
from bench.bounces import Bounces
from bench.eximtests import Proof, prove
from bench.foreign import Set, foreign_sets
from postroad import parsers, queries
from postroad.ingest import Importer, Result
from postroad.model.delivery import Delivery
from postroad.model.event import NOISE
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.state import State
from postroad.store import Store

CORPORA = ROOT.parent / "shared" / "corpora"
DOCUMENT = ROOT / "docs" / "accuracy.md"
#: Share of the generated recipients that must be exactly right.
PROMISE = 0.9999
#: Share of the bounce messages that must have the reason that others found.
BOUNCES = 0.9
_FIELDS = ("status", "sender", "subject", "attempts", "mailbox")

_Key = tuple[str, str, str, int]
_Facts = tuple[Any, ...]
_ALL = 1 << 31
#: So many disagreements of a log are shown.
_EXAMPLES = 12


class Lines(NamedTuple):
    """What became of the lines of a set."""

    name: str
    lines: int
    understood: int
    noise: int
    unknown: int
    #: Unknown lines that bear a message's id.
    lost: int = 0


class Agreement(NamedTuple):
    """How the rows of a generated log compare with the truth."""

    kind: str
    recipients: int
    exact: int
    missing: int
    invented: int
    #: By field, how many rows differ in it.
    wrong: Counter[str]
    examples: list[str]

    @property
    def share(self) -> float:
        """Share of the recipients that are exactly right."""
        return self.exact / self.recipients


def main() -> None:
    """Measure, and write it down."""
    parser = argparse.ArgumentParser(description="Measure how true postroad's rows are.")
    parser.add_argument("--lines", type=int, default=1_000_000, help="of each generated log")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if untrue")
    asked = parser.parse_args()
    counted: list[Lines] = []
    agreements: list[Agreement] = []
    for kind in logs.KINDS:
        lines, agreement = _generated(kind, asked.lines, asked.seed)
        counted.append(lines)
        agreements.append(agreement)
        _talk(f"{kind}: {agreement.share:.5%} of {agreement.recipients} recipients exactly right")
        for example in agreement.examples:
            _talk(f"  {example}")
    stories, right = _golden()
    counted += stories
    proof = prove(CORPORA / "exim-testsuite") if CORPORA.is_dir() else None
    returned = bounces.compare(CORPORA / "sisimai") if CORPORA.is_dir() else None
    for each in foreign_sets(CORPORA):
        counted.append(count(each))
        _talk(" ".join(map(str, counted[-1])))
    text = "\n".join(_document(asked.lines, counted, agreements, right, proof, returned))
    if asked.check:
        is_true = all(each.share >= PROMISE for each in agreements)
        if proof is not None:
            is_true = is_true and not proof.missed and not proof.invented
        if returned is not None:
            is_true = is_true and returned.share >= BOUNCES
        raise SystemExit(not is_true)
    DOCUMENT.write_text(text + "\n", encoding="utf-8")
    _talk(f"wrote {DOCUMENT}")


def _generated(kind: str, lines: int, seed: int) -> tuple[Lines, Agreement]:
    """Write a log, import it, ask for everything, and compare."""
    with tempfile.TemporaryDirectory(prefix="postroad-accuracy-") as name:
        folder = Path(name)
        logs.write(kind, lines, folder / "logs", seed=seed, rotate=True)
        truth = list(logs.truths(folder / "logs"))
        (folder / "logs" / "truth.jsonl").unlink()
        store = Store.open(f"chdb://{folder / 'store'}", retention_days=36_500)
        state = State.open(folder / "state.db")
        try:
            result = _import(store, state, folder / "logs", kind)
            rows = chain(queries.iterate(store, Scope.everything(), Search()), _knocks(store))
            agreement = compare(kind, truth, rows)
        finally:
            state.close()
            store.close()
    name = f"generated: {kind}"
    counts = Lines(name, result.lines, result.understood, result.noise, result.unknown)
    return counts, agreement


def _knocks(store: Store) -> Iterator[Delivery]:
    """Refusals that a message which was let in later speaks for: they were told, too."""
    return (row for row in store.refused("greylisted", since=0, limit=_ALL) if row.folded)


def _import(store: Store, state: State, folder: Path, kind: str) -> Result:
    importer = Importer(store, state, host="mx1", zone=ZoneInfo(logs.ZONE))
    result = importer.run([str(folder)])
    for problem in (*result.problems, *result.notes):
        _talk(f"  {kind}: {problem}")
    return result


def compare(kind: str, truth: list[dict[str, Any]], rows: Iterable[Delivery]) -> Agreement:
    """Pair rows with truths by queue id, addresses and second of arrival."""
    told: dict[_Key, list[_Facts]] = defaultdict(list)
    for each in truth:
        told[_key_of_truth(each)].append(tuple(each[name] for name in _FIELDS))
    seen: dict[_Key, list[_Facts]] = defaultdict(list)
    for row in rows:
        key = (row.queue_id, row.recipient.lower(), row.delivered_to.lower())
        facts = (row.status.word, row.sender, row.subject, row.attempts, row.mailbox)
        seen[*key, _nearest(told, key, row.sent_at // 1_000_000)].append(facts)
    result = Agreement(kind, len(truth), 0, 0, 0, Counter(), [])
    exact = missing = invented = 0
    for key in told.keys() | seen.keys():
        expected, got = Counter(told.get(key)), Counter(seen.get(key))
        exact += (expected & got).total()
        left, extra = list((expected - got).elements()), list((got - expected).elements())
        for want, have in zip(left, extra, strict=False):
            result.wrong.update(
                name for name, a, b in zip(_FIELDS, want, have, strict=True) if a != b
            )
        missing += max(0, len(left) - len(extra))
        invented += max(0, len(extra) - len(left))
        if (left or extra) and len(result.examples) < _EXAMPLES:
            result.examples.append(f"{key}: truth {left}, postroad {extra}")
    return result._replace(exact=exact, missing=missing, invented=invented)


def _nearest(told: dict[_Key, list[_Facts]], key: tuple[str, str, str], second: int) -> int:
    """The second that the truth names, which may be the one beside the row's."""
    return next((each for each in (second, second - 1, second + 1) if (*key, each) in told), second)


def _key_of_truth(truth: dict[str, Any]) -> _Key:
    return (
        str(truth["queue_id"]),
        str(truth["recipient"]).lower(),
        str(truth["delivered_to"]).lower(),
        int(float(str(truth["sent_at"]))),
    )


def _golden() -> tuple[list[Lines], tuple[int, int]]:
    """Count the golden stories' lines by server, and the deliveries that are as worked out."""
    from tests.golden.story import kind_of, load, mismatch

    counts: dict[str, Counter[str]] = {server: Counter() for server in parsers.SERVERS}
    right = total = 0
    for story in load():
        events = story.read(story.lines)
        found = counts.setdefault(story.server, Counter())
        found.update(_column(kind_of(event)) for event in events)
        expected = [each for each in story.deliveries if "optional" not in each]
        total += len(expected)
        problem = mismatch(story.deliveries, story.fold(story.lines).rows())
        right += len(expected) - problem.count("expected but missing")
    lines = [_lines(f"golden stories: {server}", found) for server, found in counts.items()]
    return lines, (right, total)


def count(logs: Set) -> Lines:
    """Read a set with the parser of its server, each log with a reader of its own."""
    counts: Counter[str] = Counter()
    for log in logs.logs:
        reader = parsers.reader(
            logs.server, host="mx1", zone=ZoneInfo("UTC"), newest=4_000_000_000_000_000
        )
        for line in log:
            event = reader.read(line)
            if event is None:
                counts["unknown"] += 1
                counts["lost"] += bool(_bears_an_id(logs.server, line))
            else:
                counts["noise" if event is NOISE else "understood"] += 1
    return _lines(logs.name, counts)


def _bears_an_id(server: str, line: str) -> bool:
    """Whether a line belongs to a message, as far as its form tells."""
    form = _BEARS_AN_ID.get(server)
    return bool(form and form.search(line))


#: How a line that belongs to a message begins, behind its stamp.
_BEARS_AN_ID = {
    "exim": re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* (?:\[\d+\] )?\w{6}-\w{6,11}-\w{2,4} "),
    "postfix": re.compile(r" postfix\S*\[\d+\]: (?:\w+: )?(?:[0-9A-F]{6,}|\w{10,}z\w+): "),
    "qmail": re.compile(
        r"(?:^|: |\d )(?:new msg|info msg|starting delivery|delivery|bounce msg|end msg) \d+"
    ),
    "sendmail": re.compile(
        r" (?:sendmail|sm-\w+|send-mail)\S*\[\d+\]: [0-9A-Za-z]{14,18}: (?:from|to|\w+=|SYSERR)"
    ),
    "opensmtpd": re.compile(r" smtpd\[\d+\]: [0-9a-f]{16} (?:smtp|mta|mda|bounce) "),
    "dovecot": re.compile(r"\bmsgid=<[^<>\s]+>"),
    "rspamd": re.compile(r"\bqid: <[0-9A-Za-z-]+>"),
    "spamassassin": re.compile(r"\bresult: .*\bmid=<[^<>\s]+>"),
    "amavis": re.compile(r"\([\w-]+\) (?:Passed|Blocked) "),
    "mailscanner": re.compile(r" MailScanner\[\d+\]: (?:Message|Requeue:) "),
}


def _column(kind: str) -> str:
    return kind if kind in ("noise", "unknown") else "understood"


def _lines(name: str, counts: Counter[str]) -> Lines:
    understood, noise, unknown = (counts[each] for each in ("understood", "noise", "unknown"))
    return Lines(name, understood + noise + unknown, understood, noise, unknown, counts["lost"])


def _document(
    lines: int,
    counted: list[Lines],
    agreements: list[Agreement],
    golden: tuple[int, int],
    proof: Proof | None,
    returned: Bounces | None,
) -> Iterator[str]:
    yield "# Accuracy"
    yield ""
    yield "How much of a log postroad understands, and how much of what it says is true."
    yield "Written by `make accuracy`; run it to see the same."
    yield ""
    yield "## Lines"
    yield ""
    yield "A line is *understood* if it says something about a message or a refused one, *noise* if"
    yield "it is known and says nothing about any, and *unknown* otherwise. Unknown lines are kept"
    yield "and counted; `postroad doctor` shows them."
    yield ""
    yield "| logs | lines | understood | noise | unknown | of them with a message's id |"
    yield "|---|---:|---:|---:|---:|---:|"
    for each in counted:
        yield (
            f"| {each.name} | {each.lines:,} | {each.understood:,} | {each.noise:,} "
            f"| {each.unknown:,} | {each.lost:,} |"
        )
    yield ""
    if proof is None:
        yield "The logs of other projects did not stand beside the repository in this run."
    else:
        yield "The last rows are logs that other projects test their own programs with; they are no"
        yield "part of this repository. What is unknown in Exim's test logs is free text that the"
        yield "tests have written into them (`logwrite`), and marks between servers."
    yield ""
    yield "## Deliveries of generated logs"
    yield ""
    yield f"Logs of {lines:,} lines each whose truth is known, made by `python -m bench.logs`: two"
    yield "weeks over New Year in Central European time, a file a day, older ones packed. They were"
    yield "imported and asked for again. A recipient is *exactly right* if status, sender, subject,"
    yield "number of attempts and folder are those of the truth, beside the queue id, the recipient"
    yield "as addressed, the final address and the second of arrival. *Invented* deliveries would"
    yield "be ones that never were."
    yield ""
    yield "Whoever wrote the generator also wrote the parsers' grammar down, so this measures what"
    yield "lies between a line and a row: interleaving, retries over days, aliases, hops, queue ids"
    yield "that come round, rotation, the store. That the grammar itself is right is measured"
    yield "below, and by the tests that run real servers."
    yield ""
    yield "| log | recipients | exactly right | share | missing | invented | wrong in |"
    yield "|---|---:|---:|---:|---:|---:|---|"
    for told in agreements:
        wrong = ", ".join(f"{name} {count}" for name, count in told.wrong.most_common()) or "-"
        yield (
            f"| {told.kind} | {told.recipients:,} | {told.exact:,} | {told.share:.4%} "
            f"| {told.missing} | {told.invented} | {wrong} |"
        )
    yield ""
    yield from _explained(agreements)
    yield "## Golden stories"
    yield ""
    yield f"{golden[0]} of {golden[1]} deliveries in the stories of `tests/golden`, worked out by"
    yield "hand from the grammar of the logs, come out as they should."
    if proof is not None:
        yield ""
        yield "## Exim's own test suite"
        yield ""
        yield "Beside these logs lies the mail that was really delivered in each test. Each copy"
        yield "names, in its topmost `Received:` header, the message id it was delivered under."
        yield ""
        yield "| | |"
        yield "|---|---:|"
        yield f"| logs, each a server of its own | {proof.logs} |"
        yield f"| copies of mail that prove a delivery | {proof.copies} |"
        yield f"| of them shown as delivered | {proof.shown} |"
        yield f"| not shown as delivered | {len(proof.missed)} |"
        yield f"| copies of messages that their log does not hold | {proof.unlogged} |"
        yield f"| deliveries shown as delivered in all | {proof.delivered} |"
        yield f"| of them without a delivery line in the log | {len(proof.invented)} |"

    if returned is not None:
        yield ""
        yield from _reasons(returned)


def _reasons(found: Bounces) -> Iterator[str]:
    yield "## Reasons"
    yield ""
    yield "Real bounce messages that another project (sisimai) tests itself with, compared with the"
    yield "reasons that it finds in them. The two lists of reasons are not the same:"
    yield "`bench/bounces.py` says which of ours mean the same as each of theirs."
    yield ""
    yield "| | |"
    yield "|---|---:|"
    yield f"| messages | {found.messages} |"
    yield f"| without a reason there | {found.undecided} |"
    yield f"| with the same reason here | {found.agreed} |"
    yield f"| share of those that have one | {found.share:.1%} |"
    yield ""
    yield "The rest:"
    yield ""
    yield "| message | theirs | ours | what we go by |"
    yield "|---|---|---|---|"
    for each in found.differences:
        yield f"| {each.name} | {each.theirs} | {each.ours} | {_cell(each.text)} |"


def _cell(text: str) -> str:
    """The beginning of a text as a cell of a table, without addresses and names of hosts."""
    words = " ".join(_IP.sub("…", _ADDRESS.sub("…@…", text[:1000])).split())
    shown = words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"
    return shown.replace("|", "\\|").replace("<", "&lt;")


_ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_IP = re.compile(r"\b\d+\.\d+\.\d+\.\d+\b|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|jp)\b")
_SHOWN = 120


def _explained(agreements: list[Agreement]) -> Iterator[str]:
    """Say what the rest is, if there is one."""
    if all(each.exact == each.recipients and not each.invented for each in agreements):
        return
    yield "The rest, as it came out (up to twelve a log):"
    yield ""
    for each in agreements:
        for example in each.examples:
            yield f"- {each.kind}: `{example}`"
    yield ""


def _talk(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
