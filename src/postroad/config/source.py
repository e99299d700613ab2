"""Source: one `[[sources]]` table of the settings file."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[sources]]` table of the settings file: logs to follow, a journal, or syslog peers."""

    path: Annotated[
        str,
        Meta(
            description="File, directory or pattern (`*`, `?`, `[...]`). With `journal`: directory "
            "of the journal, this machine's unless set."
        ),
    ] = ""
    journal: Annotated[
        tuple[str, ...],
        Meta(
            description="Entries of the systemd journal to read, as matches of journalctl(1): "
            '`["_SYSTEMD_UNIT=postfix@-.service"]`, `["SYSLOG_FACILITY=2"]`. The same field twice '
            "means either, different fields mean both, and `+` between them means either."
        ),
    ] = ()
    peers: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses and networks whose syslog messages are this source; see "
            "`syslog_listen`."
        ),
    ] = ()
    name: Annotated[
        str,
        Meta(description="What reports call it; the path, matches or peers unless set."),
    ] = ""
    mta: Annotated[str, Meta(description="`exim`, `postfix`, or `auto` to look at the lines.")] = (
        "auto"
    )
    host: Annotated[
        str,
        Meta(
            description="Host for lines that name none; the `host` setting unless set. With "
            "`journal` or `peers`: host for all lines; the one that they name unless set."
        ),
    ] = ""
    timezone: Annotated[
        str,
        Meta(description="Zone of dates that name none; the `timezone` setting unless set."),
    ] = ""
    retry: Annotated[
        str,
        Meta(
            description="This server's retry rules, as in the `retry` setting, for mail of `host`; "
            "where one source alone has rules, for all mail."
        ),
    ] = ""

    @property
    def label(self) -> str:
        """What it is called: its name, or what it reads."""
        return self.name or (
            f"journal {' '.join(self.journal)}"
            if self.journal
            else f"syslog {' '.join(self.peers)}"
            if self.peers
            else self.path
        )
