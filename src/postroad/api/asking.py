"""Who asks, and what: the dependencies that API handlers name as arguments."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import Parameter, QueryParameter

from postroad.accounts import Viewer
from postroad.api.errors import NotSignedIn
from postroad.config import zone as zone_named
from postroad.errors import AccessError, ConfigError, SearchError
from postroad.model import box, question
from postroad.model.when import shown
from postroad.services import Services

ADDRESS = (
    "An address, or `@example.com` for everyone at a domain; with `match` a part of one. "
    "Case does not matter."
)
TIME = (
    "RFC 3339, a date (`2026-01-31`), a local date and time (`2026-01-31T14:05`), `today`, "
    "`yesterday`, or how long ago (`30m`, `2h`, `7d`, `4w`)."
)

#: What handlers name as arguments: the services, who asks, the question's values, its zone.
Served = NamedDependency[Services]
Asking = NamedDependency[Viewer]
Values = NamedDependency[dict[str, str]]
Zone = NamedDependency[ZoneInfo]

_LONG = {"max_length": question.LONGEST}


def services(state: State) -> Services:
    """Everything that was set up for handlers."""
    found: Services = state.services
    return found


def viewer(connection: ASGIConnection[Any, Any, Any, Any]) -> Viewer:
    """Who asks. Raises `NotSignedIn`."""
    asking: Viewer | None = connection.user
    if asking is None:
        message = "Sign in first: send a token (Authorization: Bearer …) or a session cookie."
        raise NotSignedIn(message)
    return asking


def _provide_viewer(request: Request[Viewer | None, Any, Any]) -> Viewer:
    return viewer(request)


def known_people(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard: only whoever said who they are, before a word of the question is looked at.

    Routes with the option `open` are for everybody. Raises `NotSignedIn`.
    """
    if not handler.opt.get("open"):
        viewer(connection)


def administrators(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard: only administrators. Raises `AccessError`, `NotSignedIn`."""
    if not viewer(connection).is_administrator:
        message = "Only an administrator may do this."
        raise AccessError(message)


def only_documented(request: Request[Any, Any, Any]) -> None:
    """Before a request: refuse query parameters that the route has not, or that come twice.

    A misspelt filter that is ignored gives a wrong answer without a sign of it. What a route has
    is what its description says. Raises `SearchError`.
    """
    given = [name for name, _ in request.query_params.multi_items()]
    if not given:
        return
    known = _parameters(request.app)[(request.scope["path_template"], request.method)]
    for name in given:
        if name not in known:
            message = f"There is no parameter {shown(name)} here. Known are: {', '.join(known)}."
            if not known:
                message = f"There is no parameter {shown(name)} here: this address takes none."
            raise SearchError(message, field=name)
        if given.count(name) > 1:
            message = f"The parameter `{name}` was given more than once."
            raise SearchError(message, field=name)


def _parameters(app: Litestar) -> dict[tuple[str, str], list[str]]:
    """Path and method to the names of query parameters, from the API's own description."""
    found: dict[tuple[str, str], list[str]] = app.state.setdefault("query_parameters", {})
    if not found:
        for path, item in app.openapi_schema.to_schema()["paths"].items():
            for method, operation in item.items():
                names = [
                    each["name"]
                    for each in operation.get("parameters", ())
                    if each["in"] == "query"
                ]
                found[(path, method.upper())] = names
    return found


def values(
    *,
    q: Annotated[
        str,
        Parameter(
            description="Whatever you have: an address, a domain, a queue id, a Message-ID, an IP "
            "address or network, a line of a log, or part of a subject. What was understood is "
            "said in `question`.",
            max_length=box.LONGEST,
        ),
    ] = "",
    address: Annotated[str, Parameter(description=f"Recipient or sender. {ADDRESS}", **_LONG)] = "",
    to: Annotated[str, Parameter(description=f"Recipient. {ADDRESS}", **_LONG)] = "",
    from_: Annotated[
        str,
        QueryParameter(name="from", description=f"Sender, or proven submitter. {ADDRESS}", **_LONG),
    ] = "",
    status: Annotated[
        str, Parameter(description="Statuses, separated by commas: `deferred,failed`.", **_LONG)
    ] = "",
    direction: Annotated[
        str,
        Parameter(
            description="Directions, separated by commas: `inbound,outbound,internal,relayed`.",
            **_LONG,
        ),
    ] = "",
    match: Annotated[
        str,
        Parameter(
            description="How `address`, `to` and `from` are compared: `exact` (unless given), "
            "`begins` or `contains`.",
            **_LONG,
        ),
    ] = "",
    side: Annotated[
        str,
        Parameter(
            description="`sent`: provably submitted by the viewer; `received`: for the viewer's "
            "mailboxes. For an administrator: from here, or to mailboxes here.",
            **_LONG,
        ),
    ] = "",
    place: Annotated[
        str,
        Parameter(
            description="Where it went or was to go: `remote` (another server) or `local` (a "
            "mailbox here).",
            **_LONG,
        ),
    ] = "",
    id: Annotated[  # noqa: A002 - the name that people write
        str, Parameter(description="A queue id, or the id of a delivery.", **_LONG)
    ] = "",
    message_id: Annotated[
        str, Parameter(description="A Message-ID, with or without angle brackets.", **_LONG)
    ] = "",
    subject: Annotated[str, Parameter(description="Part of the subject.", **_LONG)] = "",
    host: Annotated[str, Parameter(description="Name of the mail server.", **_LONG)] = "",
    ip: Annotated[
        str,
        Parameter(
            description="Address or network (`192.0.2.0/24`) of the client that gave us the "
            "message, or of the server that it was offered to.",
            **_LONG,
        ),
    ] = "",
    user: Annotated[str, Parameter(description="Proven login, whole.", **_LONG)] = "",
    domain: Annotated[
        str, Parameter(description="Domain of the proven submitter, whole.", **_LONG)
    ] = "",
    client_host: Annotated[
        str, Parameter(description="Name of the host that gave us the message, whole.", **_LONG)
    ] = "",
    remote_host: Annotated[
        str, Parameter(description="Name of the host of the last attempt, whole.", **_LONG)
    ] = "",
    transport: Annotated[
        str, Parameter(description="Transport of the last attempt, whole.", **_LONG)
    ] = "",
    router: Annotated[
        str, Parameter(description="Router of the last attempt, whole.", **_LONG)
    ] = "",
    reason: Annotated[
        str, Parameter(description="Why it failed or waits: `mailbox_full`, ...", **_LONG)
    ] = "",
    since: Annotated[str, Parameter(description=f"At or after this time. {TIME}", **_LONG)] = "",
    until: Annotated[str, Parameter(description=f"Before this time. {TIME}", **_LONG)] = "",
) -> dict[str, str]:
    """The named values of a question."""
    return {
        "q": q,
        "address": address,
        "to": to,
        "from": from_,
        "match": match,
        "status": status,
        "direction": direction,
        "side": side,
        "place": place,
        "id": id,
        "message_id": message_id,
        "subject": subject,
        "host": host,
        "ip": ip,
        "user": user,
        "domain": domain,
        "client_host": client_host,
        "remote_host": remote_host,
        "transport": transport,
        "router": router,
        "reason": reason,
        "since": since,
        "until": until,
    }


def zone(
    services: Served,
    timezone: Annotated[
        str,
        Parameter(
            description="Zone of dates and times that name none, as in `Europe/Berlin`; "
            "the server's unless given.",
            max_length=100,
        ),
    ] = "",
) -> ZoneInfo:
    """The zone that local times of a question are meant in. Raises `SearchError`."""
    if not timezone:
        return services.settings.zone
    try:
        return zone_named(timezone, "`timezone`")
    except ConfigError as error:
        message = f"There is no zone {shown(timezone)}. Zones are named as in Europe/Berlin."
        raise SearchError(message, field="timezone") from error


DEPENDENCIES = {
    "services": Provide(services, sync_to_thread=False),
    "viewer": Provide(_provide_viewer, sync_to_thread=False),
    "values": Provide(values, sync_to_thread=False),
    "zone": Provide(zone, sync_to_thread=False),
}
