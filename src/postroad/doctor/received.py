"""What is received instead of read: the systemd journal and syslog; and where lines are missing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

from postroad import queries
from postroad.config import Settings, Source
from postroad.doctor.finding import Finding, Level
from postroad.doctor.home import user_name_of_this_process
from postroad.model import when
from postroad.model.scope import Scope
from postroad.store import Store

#: Seconds that journalctl has to show an entry.
_PATIENCE = 10
#: How far back gaps are told, how many of one source, and of how many sources.
_BACK, _MOST, _SOURCES = 7 * when.DAY, 5, 20


def of_journal(source: Source) -> Iterator[Finding]:
    """Whether the journal can be read, and holds an entry that matches."""
    program = shutil.which("journalctl")
    if program is None:
        yield Finding(
            level=Level.ERROR,
            title=f"{source.label} cannot be read: journalctl is not on this machine",
        )
        return
    command = [program, "--lines=1", "--output=cat", "--quiet", "--no-pager"]
    if source.path:
        command.append(f"--directory={source.path}")
    try:
        done = subprocess.run(  # noqa: S603 - arguments as a list, matches of the settings
            [*command, *source.journal], capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Finding(level=Level.ERROR, title=f"{source.label} cannot be read ({error})")
        return
    if done.stdout:
        yield Finding(level=Level.OK, title=f"{source.label} can be read")
        return
    said = done.stderr.decode("utf-8", "backslashreplace").strip()
    yield Finding(
        level=Level.ERROR if done.returncode else Level.WARN,
        title=f"{source.label}: there is no such entry, or it may not be read"
        + (f" ({said[:200]})" if said else ""),
        detail="journalctl -o verbose shows the fields of entries.\n"
        f"adduser {user_name_of_this_process()} systemd-journal, and start postroad again, if it "
        "may not read them",
    )


def of_syslog(settings: Settings) -> Iterator[Finding]:
    """Whether what is to be received is listened for."""
    if settings.syslog_listen:
        where = ", ".join(settings.syslog_listen)
        yield Finding(level=Level.OK, title=f"Syslog messages are received on {where}")
        if not settings.syslog_ca and any(
            each.startswith("tls:") for each in settings.syslog_listen
        ):
            yield Finding(
                level=Level.WARN,
                title="Senders at tls:// are not asked for certificates",
                detail="Set `syslog_ca`, so that a sender is known by more than its address.",
            )
        return
    for source in settings.sources:
        if source.peers:
            yield Finding(
                level=Level.ERROR,
                title=f"{source.label} is not received: nothing listens",
                detail="Set `syslog_listen`, as in udp://192.0.2.1:514.",
            )


def of_gaps(settings: Settings, store: Store, scope: Scope, *, now: int) -> Iterator[Finding]:
    """Where lines are missing, source by source."""
    followed = {source.label for source in settings.sources}
    found: dict[str, list[str]] = {}
    for gap in queries.gaps(store, scope, since=now - _BACK, until=0, alive=followed, now=now):
        found.setdefault(gap.source, []).append(str(queries.in_words(gap, gap.source)))
    for source, sentences in list(found.items())[:_SOURCES]:
        more = f"\nand {len(sentences) - _MOST} more" if len(sentences) > _MOST else ""
        count = "a gap" if len(sentences) == 1 else f"{len(sentences)} gaps"
        yield Finding(
            level=Level.WARN,
            title=f"The log of {source} has {count} in the last seven days",
            detail="\n".join(sentences[:_MOST]) + more,
        )
