"""`postroad serve` and `postroad follow`: run until told to stop."""

from __future__ import annotations

from typing import Annotated

import typer

from postroad import client, config
from postroad.cli import context as cli
from postroad.cli import talk
from postroad.config import Settings
from postroad.errors import ConfigError, StoreInUse

SERVE_HELP = """Read the configured logs; serve the pages and the API.

Runs until it is interrupted (Ctrl-C) or terminated. Meanwhile every other command asks it over its
Unix socket."""

SERVE_EPILOG = talk.epilog(
    [
        ("postroad serve", "as the settings say"),
        ("postroad serve --listen 127.0.0.1:8080", "on another port"),
        ("postroad --set retention_days=60 serve", "with another setting"),
    ],
    talk.EXITS | {0: "ended as it was told to"},
)

FOLLOW_HELP = """Read logs as they grow, without web pages.

Follows the [[sources]] of the settings file, or the PATHs given here: files, directories or
patterns, also such that appear later. Rotation is followed by rename and by copy-and-truncate. It
goes on where it stopped the last time. `postroad serve` does the same beside its pages."""

FOLLOW_EPILOG = talk.epilog(
    [
        ("postroad follow", "the configured sources"),
        ("postroad follow /var/log/exim4/mainlog", "one log"),
        ("postroad follow --mta postfix --host mx1 '/srv/logs/mx1/*.log'", "another host's logs"),
    ],
    talk.EXITS | {0: "ended as it was told to"},
)


def command(
    context: typer.Context,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Instead of the setting `listen`.")
    ] = None,
) -> None:
    """Serve everything."""
    settings = cli.given(context).settings(listen=listen)
    _run(settings, pages=True)


def follow(
    context: typer.Context,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH", help="Instead of the sources.")
    ] = None,
    mta: Annotated[str, typer.Option(help="exim or postfix; auto looks at the lines.")] = "auto",
    host: Annotated[str, typer.Option(help="Host for lines that name none.")] = "",
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="Zone of dates that name none.")
    ] = "",
) -> None:
    """Follow the sources only."""
    sources = [
        {"path": path, "mta": mta, "host": host, "timezone": timezone} for path in paths or ()
    ]
    settings = cli.given(context).settings(sources=sources or None)
    if not settings.follows:
        message = (
            "There is nothing to follow: name a log, or list [[sources]] in "
            f"{settings.home / 'postroad.toml'}."
        )
        raise ConfigError(message)
    _run(settings, pages=False)


def _run(settings: Settings, *, pages: bool) -> None:
    from postroad.app import serve

    config.make_home(settings)
    if client.is_running(settings):
        message = f"Another postroad already runs with the home {settings.home}."
        raise StoreInUse(message)

    def ready() -> None:
        for source in settings.sources:
            talk.say(f"Following {source.label}")
        for listen in settings.syslog_listen:
            talk.say(f"Receiving syslog on {listen}")
        if not settings.follows:
            talk.say(
                "No [[sources]] are configured, so no log is followed. "
                "`postroad doctor` names the logs of this machine."
            )
        if pages:
            talk.say(f"Serving {settings.public_url or f'http://{settings.listen}'}")
        talk.say("Ctrl-C stops it.")

    serve(settings, pages=pages, ready=ready)
    talk.say("Stopped.")
