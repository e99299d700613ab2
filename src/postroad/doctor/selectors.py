"""What the mail server should log additionally, told from what it does log.

A sample of each server's newest deliveries shows whether subjects, recipients, TLS and fractions of
seconds are in its log. Settings: Exim's specification, chapter "Log files"; postconf(5);
header_checks(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from postroad import queries
from postroad.doctor.finding import Finding, Level
from postroad.model import when
from postroad.model.delivery import Delivery
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.model.status import Status
from postroad.store import Store

#: Deliveries looked at for each server, and of how many the log lines.
_SAMPLE = 200
_CLOSELY = 5
#: A sample smaller than this proves nothing.
_ENOUGH = 5
#: Postfix's short queue ids: hexadecimal digits only (postconf(5), enable_long_queue_ids).
_SHORT_ID = re.compile(r"[0-9A-F]{6,14}")


def findings(store: Store, scope: Scope) -> Iterator[Finding]:
    """Advice for each server whose mail is in the store."""
    for host in queries.hosts(store, scope):
        page = queries.search(store, scope, Search(host=host.host), limit=_SAMPLE)
        accepted = [each for each in page.deliveries if each.status is not Status.REJECTED]
        exim = [each for each in accepted if not each.instance]
        postfix = [each for each in accepted if each.instance]
        if len(exim) >= _ENOUGH:
            yield _advice(host.host, "Exim", list(_exim(store, scope, exim)))
        if len(postfix) >= _ENOUGH:
            yield _advice(host.host, "Postfix", list(_postfix(postfix)))


def _advice(host: str, server: str, wanted: Sequence[str]) -> Finding:
    if not wanted:
        return Finding(level=Level.OK, title=f"{server} on {host} logs all that helps")
    return Finding(
        level=Level.WARN, title=f"{server} on {host} could tell more", detail="\n".join(wanted)
    )


def _exim(store: Store, scope: Scope, sample: Sequence[Delivery]) -> Iterator[str]:
    missing = []
    if not any(each.subject for each in sample):
        missing.append(("+subject", "subjects"))
    if not _names_recipients(store, scope, sample):
        missing.append(("+received_recipients", "all recipients from the moment of arrival"))
    if _whole_seconds(sample):
        missing.append(("+millisec", "times finer than a second"))
    if missing:
        yield f"log_selector = {' '.join(name for name, _ in missing)}"
        yield f"It would show {', '.join(what for _, what in missing)}."


def _names_recipients(store: Store, scope: Scope, sample: Sequence[Delivery]) -> bool:
    """Whether an arrival line ends in the recipients; so too where no arrival was seen."""
    arrivals = [
        line.text
        for each in sample[:_CLOSELY]
        if (detail := queries.detail(store, scope, each.id))
        for line in detail.log_lines
        if " <= " in line.text
    ]
    return not arrivals or any(" for " in text for text in arrivals)


def _postfix(sample: Sequence[Delivery]) -> Iterator[str]:
    if not any(each.subject for each in sample):
        yield "header_checks = regexp:/etc/postfix/header_checks, with the line /^Subject:/ INFO"
        yield "It would show subjects."
    remote = [each for each in sample if each.remote_ip]
    if remote and not any(each.tls for each in remote):
        yield "smtp_tls_loglevel = 1"
        yield "It would show how the way to the next server was encrypted, if it was."
    if all(_SHORT_ID.fullmatch(each.queue_id) for each in sample):
        yield "enable_long_queue_ids = yes"
        yield "Short queue ids come round again; long ones do not, and hold the time."
    if _whole_seconds(sample):
        yield "Have the syslog service write RFC 3339 times (rsyslog: RSYSLOG_FileFormat)."
        yield "They hold the year, the zone and fractions of seconds."


def _whole_seconds(sample: Sequence[Delivery]) -> bool:
    times = [each.sent_at for each in sample if each.sent_at]
    return bool(times) and all(at % when.SECOND == 0 for at in times)
