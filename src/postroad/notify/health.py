"""Whether letters leave: how, what waits for the mail server, and what did not arrive lately."""

from __future__ import annotations

from collections.abc import Iterator

from postroad.config import Settings
from postroad.doctor import Finding, Level
from postroad.model.when import DAY, HOUR
from postroad.notify.program import find
from postroad.state import State, settled
from postroad.state.outbox import FAILED, UNCLEAR, WAITING

#: A letter that was tried and still waits after this long is worth a look.
_LONG = HOUR
#: So far back letters are looked at that failed.
_LATELY = 7 * DAY


def findings(settings: Settings, state: State, *, now: int) -> Iterator[Finding]:
    """What to know about sending letters. `now` is in microseconds UTC."""
    yield _way(settings)
    waiting = settled.troubled(state, WAITING, since=0, until=now - _LONG)
    if waiting.number:
        yield Finding(
            level=Level.WARN,
            title=f"Letters by e-mail wait and were tried before: {waiting.number}",
            detail=f"The last answer was: {waiting.said} They are tried for three days.",
        )
    for status, words in ((FAILED, "could not be sent"), (UNCLEAR, "may or may not have left")):
        found = settled.troubled(state, status, since=now - _LATELY, until=now)
        if found.number:
            yield Finding(
                level=Level.WARN,
                title=f"Letters by e-mail of the last seven days that {words}: {found.number}",
                detail=f"The last answer was: {found.said} Each can be sent again on the page "
                "/letters of its account.",
            )


def _way(settings: Settings) -> Finding:
    if settings.mail_submission:
        title = f"Letters by e-mail leave through {settings.mail_submission}"
        return Finding(level=Level.OK, title=title, detail=f"From {settings.letters_from}.")
    if program := find(settings.sendmail_path):
        title = f"Letters by e-mail leave by {program}"
        return Finding(level=Level.OK, title=title, detail=f"From {settings.letters_from}.")
    return Finding(
        level=Level.WARN,
        title="Letters by e-mail cannot be sent: there is no sendmail program here",
        detail="Name a submission server in the setting mail_submission, or the program in "
        "sendmail_path. Pages and webhooks do without.",
    )
