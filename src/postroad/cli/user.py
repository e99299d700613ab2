"""`postroad user`: who may sign in, and whose mail they see."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from postroad.cli import context as cli
from postroad.cli import output, talk
from postroad.cli.output import Format
from postroad.errors import ConfigError

HELP = """List and change accounts: who may see whose mail.

An administrator sees all mail, a reseller that of the owners that belong to it, an owner every
mailbox of some domains, a mailbox user one or more addresses. Without a verb the accounts are
listed."""

EPILOG = talk.epilog(
    [
        ("postroad user add root --kind administrator", "asks for the password"),
        ("postroad user add shop --kind owner --domain shop.example", "a domain's owner"),
        ("postroad user add hoster --kind reseller", "owns owners"),
        ("postroad user change shop --reseller hoster", "and now this one"),
        ("postroad user add anna@shop.example --kind mailbox", "a mailbox user"),
        ("postroad user change shop --domain shop.example --domain shop.test", "other domains"),
        ("postroad user remove shop", "with its sessions and tokens"),
    ],
    talk.EXITS,
)

_COLUMNS = ("name", "kind", "reseller", "domains", "addresses", "logins", "backend", "disabled")

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Kind(StrEnum):
    """What an account may see."""

    #: All mail, and everything that can be set.
    ADMINISTRATOR = "administrator"
    #: What the owners that belong to it see.
    RESELLER = "reseller"
    #: Every mailbox of its domains.
    OWNER = "owner"
    #: Its addresses.
    MAILBOX = "mailbox"


_Name = Annotated[str, typer.Argument(metavar="NAME", help="What the person signs in with.")]
_Domains = Annotated[
    list[str] | None, typer.Option("--domain", metavar="D", help="Domain it owns; repeatable.")
]
_Addresses = Annotated[
    list[str] | None, typer.Option("--address", metavar="A", help="Address of its; repeatable.")
]
_Logins = Annotated[
    list[str] | None,
    typer.Option("--login", metavar="L", help="Login it sends mail with; repeatable."),
]
_Reseller = Annotated[
    str | None,
    typer.Option(metavar="R", help="Reseller account that an owner belongs to; '' for none."),
]
_FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
_NoPassword = Annotated[
    bool,
    typer.Option("--no-password", help="It signs in by mail password or through a proxy only."),
]
_Form = Annotated[Format | None, typer.Option("--format", help="table, json or csv.")]


@app.callback(invoke_without_command=True)
def accounts(context: typer.Context, form: _Form = None) -> None:
    """List the accounts where no verb follows."""
    if context.invoked_subcommand is None:
        list_accounts(context, form)


@app.command(
    "list",
    epilog=talk.epilog([("postroad user list --format json", "for programs")], talk.EXITS),
)
def list_accounts(context: typer.Context, form: _Form = None) -> None:
    """List the accounts."""
    with cli.asked(context) as asked:
        users = asked.users()
    output.rows_in(output.chosen(form), _COLUMNS, users)
    if not users:
        talk.say("There is no account yet: postroad user add NAME --kind administrator")


@app.command(
    epilog=talk.epilog(
        [
            ("postroad user add root --kind administrator", "asks for the password"),
            (
                "pwgen 20 1 | postroad user add a@b.example --kind mailbox --password-stdin",
                "no prompt",
            ),
        ],
        talk.EXITS,
    )
)
def add(
    context: typer.Context,
    name: _Name,
    kind: Annotated[Kind, typer.Option(help="What it may see.")],
    domain: _Domains = None,
    address: _Addresses = None,
    login: _Logins = None,
    reseller: _Reseller = None,
    password_stdin: _FromStdin = False,
    no_password: _NoPassword = False,
) -> None:
    """Create an account."""
    account: dict[str, Any] = {
        "name": name,
        "kind": kind.value,
        "domains": domain or [],
        "addresses": address or [],
        "logins": login or [],
        "reseller": reseller or "",
    }
    if kind is Kind.MAILBOX and not address and "@" in name:
        account["addresses"] = [name]
    if not no_password:
        account["password"] = _password(from_stdin=password_stdin)
    with cli.asked(context) as asked:
        asked.add_user(account)
    talk.say(f"The account {name} exists now.")


@app.command(
    epilog=talk.epilog(
        [
            ("postroad user change shop --password", "asks for a new password"),
            ("postroad user change shop --disable", "locks it out without removing it"),
        ],
        talk.EXITS,
    )
)
def change(
    context: typer.Context,
    name: _Name,
    domain: _Domains = None,
    address: _Addresses = None,
    login: _Logins = None,
    reseller: _Reseller = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for a new one.")] = False,
    password_stdin: _FromStdin = False,
    disable: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Whether it may sign in.")
    ] = None,
) -> None:
    """Change what is given of an account; lists replace what was there."""
    wanted = {
        "domains": domain,
        "addresses": address,
        "logins": login,
        "reseller": reseller,
        "disabled": disable,
    }
    changes: dict[str, Any] = {key: value for key, value in wanted.items() if value is not None}
    if password or password_stdin:
        changes["password"] = _password(from_stdin=password_stdin)
    if not changes:
        message = "Nothing to change was given; see postroad user change --help."
        raise ConfigError(message)
    with cli.asked(context) as asked:
        asked.change_user(name, changes)
    talk.say(f"The account {name} is changed.")


@app.command(
    epilog=talk.epilog([("postroad user remove shop", "at once, without asking")], talk.EXITS)
)
def remove(context: typer.Context, name: _Name) -> None:
    """Remove an account, with its sessions and tokens."""
    with cli.asked(context) as asked:
        asked.remove_user(name)
    talk.say(f"The account {name} is removed.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin or not sys.stdin.isatty():
        if password := sys.stdin.readline().rstrip("\r\n"):
            return password
        message = "The password was to come from standard input, which is empty."
        raise ConfigError(message)
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
