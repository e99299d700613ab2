"""How fast is postroad, and how large? Writes `docs/performance.md`.

    python -m bench.run [import] [follow] [search] [--lines 250000] [--rounds 3] ...

Import of every kind of log, end to end into the embedded store, beside `grep -F`, and of one kind
beside `exigrep`, reading the same file in the same run; the processor time of each kind per line,
beside that of Postfix; memory while importing, for a small log and for a large one, and when idle;
the time from a line in a followed log to a row that a search finds; the time of searches in a store
with many deliveries (`bench.search`). Numbers are medians over the rounds; what is compared with no
other program is imported once. Parts that are not asked for are as they were measured last
(`.cache/bench.json`).

`exigrep` is Debian's (package `exim4-base`): what is on the path, or out of the packages that the
tests keep unpacked. It knows the ids of Exim up to 4.96 only, so that log is the one to compare.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
if not __package__:
    sys.path.insert(0, str(ROOT))

from bench import logs

DOCUMENT = ROOT / "docs" / "performance.md"
KEPT = ROOT / ".cache" / "bench.json"
#: Nothing that stands in any log.
_NOWHERE = "no-such-address@nowhere.invalid"
_MB = 1_000_000
_MIB = 1 << 20


class Run(msgspec.Struct, frozen=True):
    """One process that was measured."""

    seconds: float
    #: Processor time, all threads together.
    cpu: float
    #: Highest memory of its own (anonymous pages), and with what it has mapped of files; bytes.
    own: int
    whole: int
    told: dict[str, Any]


class Import(msgspec.Struct, frozen=True):
    """One log and what reads it."""

    kind: str
    lines: int
    bytes: int
    runs: list[Run]
    #: Processor seconds up to each stage, from `bench.child stages`.
    stages: dict[str, float]
    #: Seconds of other programs that read the same file.
    exigrep: float | None
    grep: float

    @property
    def seconds(self) -> float:
        """The whole process, from its start to its end."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def cpu(self) -> float:
        """Processor seconds of the whole process, all threads together."""
        return statistics.median(run.cpu for run in self.runs)

    @property
    def deliveries(self) -> int:
        """How many versions of deliveries were written."""
        return int(self.runs[0].told["deliveries"])

    @property
    def rate(self) -> float:
        """Bytes per second, of the import itself."""
        return self.bytes / statistics.median(run.told["seconds"] for run in self.runs)


class Measures(msgspec.Struct):
    """Everything that was measured."""

    imports: list[Import] = []
    #: Processor seconds of an import of nothing.
    start: float = 0.0
    #: The import of the largest log.
    largest: Run | None = None
    idle: Run | None = None
    follow: Run | None = None
    #: Lines of Markdown, and budgets with what was measured.
    search: list[str] = []
    search_budgets: list[tuple[str, str, bool]] = []
    #: How busy the machine was when measuring began, by part.
    load: dict[str, float] = {}


PARTS = ("import", "follow", "search")


def main() -> None:
    """Measure, and write it down."""
    parser = argparse.ArgumentParser(description="Measure how fast and how large postroad is.")
    parser.add_argument("parts", nargs="*", metavar="|".join(PARTS), help="all, unless named")
    parser.add_argument("--lines", type=int, default=250_000, help="of the large logs")
    parser.add_argument("--deliveries", type=int, default=10_000_000, help="to search among")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    if strange := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(strange)}")
    known = KEPT.read_bytes() if KEPT.is_file() else b"{}"
    measures = msgspec.json.decode(known, type=Measures)
    for part in asked.parts or PARTS:
        measures.load[part] = os.getloadavg()[0]
        with tempfile.TemporaryDirectory(prefix="postroad-bench-") as name:
            folder = Path(name)
            match part:
                case "import":
                    measures.imports = [
                        _imported(folder, kind, lines, rounds)
                        for kind in logs.KINDS
                        for lines, rounds in (
                            (asked.lines // 10, 1),
                            (asked.lines, asked.rounds if kind == _COMPARED else 1),
                        )
                    ]
                    measures.start = _started(folder)
                    measures.largest = _largest(folder, asked.lines * _TIMES)
                    kept = str(folder / "kept")
                    measures.idle = _measured([*_PYTHON, "bench.child", "idle", kept])
                case "follow":
                    measures.follow = _measured([*_PYTHON, "bench.child", "follow", name])
                case _:
                    told = _searched(asked.deliveries)
                    measures.search, measures.search_budgets = told["report"], told["budgets"]
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_bytes(msgspec.json.encode(measures))
        DOCUMENT.write_text("\n".join(_document(measures)) + "\n", encoding="utf-8")
        _talk(f"{part}: in {DOCUMENT}")


_PYTHON = [sys.executable, "-m"]
#: The kind of log that exigrep can read, and the kind that others are measured by.
_COMPARED, _USUAL = "exim-old", "postfix"
#: The kind that takes the most memory, imported once more from a log so many times as large.
_HEAVIEST, _TIMES = "sendmail", 4


def _imported(folder: Path, kind: str, lines: int, rounds: int) -> Import:
    """Write a log; import it so many times into fresh stores; read it with others."""
    source = folder / f"{kind}-{lines}"
    [path] = logs.write(kind, lines, source)
    home = folder / "home"
    runs, exigreps, greps = [], [], []
    exigrep = _exigrep() if kind == _COMPARED else None
    for _ in range(rounds):
        shutil.rmtree(home, ignore_errors=True)
        runs.append(_measured([*_PYTHON, "bench.child", "import", str(home), str(path)]))
        if exigrep:
            exigreps.append(_timed(["perl", str(exigrep), _NOWHERE, str(path)]))
        greps.append(_timed(["grep", "-cF", _NOWHERE, str(path)]))
    stages = _measured([*_PYTHON, "bench.child", "stages", kind, str(path)]).told
    size = path.stat().st_size
    shutil.rmtree(source)
    shutil.rmtree(folder / "kept", ignore_errors=True)
    home.rename(folder / "kept")
    result = Import(
        kind,
        runs[0].told["lines"],
        size,
        runs,
        stages,
        statistics.median(exigreps) if exigreps else None,
        statistics.median(greps),
    )
    _talk(f"{kind} {lines}: {result.rate / _MB:.1f} MB/s, {_mib(max(r.own for r in runs))}")
    return result


def _started(folder: Path) -> float:
    """Processor seconds of an import that has nothing to read."""
    empty = folder / "empty.log"
    empty.touch()
    return _measured([*_PYTHON, "bench.child", "import", str(folder / "empty"), str(empty)]).cpu


def _largest(folder: Path, lines: int) -> Run:
    """Import the largest log, for what it takes of memory."""
    source = folder / "largest"
    [path] = logs.write(_HEAVIEST, lines, source)
    home = str(folder / "largest-home")
    run = _measured([*_PYTHON, "bench.child", "import", home, str(path)])
    shutil.rmtree(source)
    shutil.rmtree(home)
    return run


def _measured(command: list[str]) -> Run:
    """Run a process that ends with one JSON object, and watch its memory."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    own = whole = 0
    while True:
        status = _status(process.pid)
        own = max(own, status.get("RssAnon", 0))
        whole = max(whole, status.get("VmRSS", 0))
        ended, code, used = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        time.sleep(0.02)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(code)
    assert process.stdout is not None
    told = process.stdout.read()
    process.stdout.close()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")
    return Run(seconds, used.ru_utime + used.ru_stime, own, whole, json.loads(told))


def _status(pid: int) -> dict[str, int]:
    """Memory of a process, in bytes, as the kernel tells it (proc_pid_status(5))."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return {}
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if value.endswith(" kB"):
            found[name] = int(value[:-3]) * 1024
    return found


def _timed(command: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return time.monotonic() - began


def _exigrep() -> Path | None:
    """Debian's exigrep, if it can be had."""
    if found := shutil.which("exigrep", path=f"{os.environ['PATH']}:/usr/sbin"):
        return Path(found)
    from tests.servers import packages

    try:
        return packages.unpacked() / "usr/sbin/exigrep"
    except (packages.PackagesMissing, subprocess.CalledProcessError) as error:
        _talk(f"exigrep is not to be had: {error}")
        return None


def _searched(deliveries: int) -> dict[str, Any]:
    """Times of searches, by `bench.search`, in a process of its own."""
    command = [*_PYTHON, "bench.search", "--deliveries", str(deliveries), "--json"]
    told = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(told.stdout)
    return result


def _document(measures: Measures) -> Iterator[str]:
    yield "# Performance"
    yield ""
    yield "Written by `make bench`; run it to see your own machine's numbers."
    yield ""
    yield f"Machine: {_machine()}."
    yield f"Python {platform.python_version()}, embedded store (chDB {_version('chdb')})."
    if busy := {part: load for part, load in measures.load.items() if load > 1}:
        loads = ", ".join(f"{load:.1f} ({part})" for part, load in busy.items())
        yield ""
        yield f"The machine had other work to do: its load when measuring began was {loads}."
        yield "Times are longer for that; ratios and processor times less so."
    yield ""
    yield from _imports_told(measures.imports)
    yield from _kinds_told(measures.imports, measures.start)
    yield from _others_told(measures)
    yield "## Budgets"
    yield ""
    yield "| budget | measured | met |"
    yield "|---|---|---|"
    for budget, measured, is_met in _budgets(measures):
        yield f"| {budget} | {measured} | {'yes' if is_met else '**no**'} |"


def _imports_told(imports: list[Import]) -> Iterator[str]:
    yield "## Import"
    yield ""
    yield "From the log file to rows that are written and committed, in one process. *Rate* is that"
    yield "of the import; *whole* and the times of other programs are of whole processes, start and"
    yield "end included; *CPU* is the processor time of all threads. *Own memory* is what a process"
    yield "has for itself: pages of files, which the kernel can drop, are in *resident* only. The"
    yield "logs are generated (`python -m bench.logs`). Debian's exigrep knows message ids up to"
    yield "Exim 4.96: *exim-old*."
    yield ""
    yield _row(
        "log",
        "lines",
        "MB",
        "rate, MB/s",
        "lines/s",
        "whole, s",
        "CPU, s",
        "grep -F, s",
        "exigrep, s",
        "own memory, MiB",
        "resident, MiB",
    )
    yield "|---|" + "---:|" * 10
    for each in imports:
        yield _row(
            each.kind,
            f"{each.lines:,}",
            f"{each.bytes / _MB:.0f}",
            f"{each.rate / _MB:.1f}",
            f"{each.lines / (each.bytes / each.rate):,.0f}",
            f"{each.seconds:.1f}",
            f"{each.cpu:.1f}",
            f"{each.grep:.2f}",
            "" if each.exigrep is None else f"{each.exigrep:.2f}",
            f"{max(run.own for run in each.runs) / _MIB:.0f}",
            f"{max(run.whole for run in each.runs) / _MIB:.0f}",
        )
    yield ""
    yield "Where the processor time goes, in seconds; *store* is the rest of the whole process:"
    yield ""
    yield _row("log", "lines", "read", "parse", "correlate", "store")
    yield "|---|" + "---:|" * 5
    for each in imports:
        read, parse, correlate = (each.stages[name] for name in ("read", "parse", "correlate"))
        rest = each.cpu - correlate
        yield _row(
            each.kind,
            f"{each.lines:,}",
            *(f"{part:.1f}" for part in (read, parse - read, correlate - parse, rest)),
        )
    yield ""


def _kinds_told(imports: list[Import], start: float) -> Iterator[str]:
    """What a line, and a delivery, of each kind costs, beside those of Postfix."""
    usual = next((each for each in imports[1::2] if each.kind == _USUAL), None)
    if usual is None:
        return
    yield "What a line costs, and a delivery, start and end of the process apart; in brackets"
    yield f"beside those of *{_USUAL}*. Where lines are rare for a delivery, each costs more:"
    yield ""
    yield _row("log", "lines", "deliveries", "CPU a line, µs", "CPU a delivery, µs")
    yield "|---|" + "---:|" * 4
    for each in imports[1::2]:
        cells = []
        for count, of_usual in (
            (each.lines, usual.lines),
            (each.deliveries, usual.deliveries),
        ):
            cost = (each.cpu - start) / count
            beside = cost / ((usual.cpu - start) / of_usual)
            cells.append(f"{cost * 1_000_000:.0f} ({beside:.2f})")
        yield _row(each.kind, f"{each.lines:,}", f"{each.deliveries:,}", *cells)
    yield ""


def _others_told(measures: Measures) -> Iterator[str]:
    if follow := measures.follow:
        told = follow.told
        yield "## Following"
        yield ""
        yield "From a line written to a followed log to a row that a search finds:"
        yield (
            f"{told['rows']} times, median {told['median']:.2f} s, 95th percentile "
            f"{told['p95']:.2f} s, longest {told['worst']:.2f} s."
        )
        yield ""
    if idle := measures.idle:
        yield "## Memory"
        yield ""
        yield "Idle, with the store of an import open and one page asked for:"
        yield f"{_mib(idle.own)} of its own, {_mib(idle.whole)} resident."
        yield ""
    if measures.search:
        yield "## Search"
        yield ""
        yield from measures.search
        yield ""


def _budgets(measures: Measures) -> Iterator[tuple[str, str, bool]]:
    for each in measures.imports:
        if each.exigrep is not None and len(each.runs) > 1:
            mine = statistics.median(run.told["seconds"] for run in each.runs)
            yield (
                "importing an Exim log takes no longer than exigrep needs to read it",
                f"{mine:.1f} s against {each.exigrep:.1f} s: {mine / each.exigrep:.1f} times",
                mine <= each.exigrep,
            )
    if measures.imports:
        most = max(run.own for each in measures.imports for run in each.runs)
        small = max(run.own for each in measures.imports[::2] for run in each.runs)
        yield (
            "own memory importing: 700 MB, whatever the file's size",
            f"{_mib(most)}; {_mib(small)} for logs of a tenth the size",
            most <= 700 * _MB,
        )
    if largest := measures.largest:
        yield (
            f"the same for a log of {largest.told['lines']:,} lines, *{_HEAVIEST}*",
            _mib(largest.own),
            largest.own <= 700 * _MB,
        )
    if idle := measures.idle:
        yield "own memory idle: 250 MB", _mib(idle.own), idle.own <= 250 * _MB
    if follow := measures.follow:
        p95 = follow.told["p95"]
        yield "from log line to visible row: 2 s", f"{p95:.2f} s (95th percentile)", p95 <= 2
    yield from measures.search_budgets


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _machine() -> str:
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return (
        f"{model}, {os.cpu_count()} cores, {total / (1 << 30):.0f} GiB of memory, "
        f"Linux {platform.release().partition('-')[0]}"
    )


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


def _mib(size: int) -> str:
    return f"{size / _MIB:.0f} MiB"


def _talk(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
