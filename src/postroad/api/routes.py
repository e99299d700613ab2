"""The API's routes and its description."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request, Router
from litestar.handlers import BaseRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import BaseRoute
from litestar.types import ControllerRouterHandler

import postroad
from postroad.api import (
    about,
    deliverability,
    deliveries,
    evidence,
    exports,
    imports,
    pasted,
    people,
    probe,
    receipts,
    reports,
    subscriptions,
    trace,
    webhooks,
)
from postroad.api.asking import DEPENDENCIES, known_people, only_documented
from postroad.api.errors import answer

PATH = "/api/v1"


def router() -> Router:
    """Everything below `/api/v1`."""
    return Router(
        PATH,
        route_handlers=[
            deliveries.search,
            deliveries.detail,
            deliveries.counts,
            exports.export,
            evidence.make,
            evidence.key,
            reports.report,
            reports.report_pdf,
            reports.report_text,
            pasted.ask,
            about.health,
            about.status,
            about.sources,
            about.coverage,
            about.unknown,
            about.examine,
            deliverability.deliverability,
            probe.probe,
            trace.trace,
            imports.start,
            imports.latest,
            receipts.keep,
            *webhooks.HANDLERS,
            subscriptions.subscriptions,
            subscriptions.subscribe,
            subscriptions.unsubscribe,
            people.users,
            people.add_user,
            people.change_user,
            people.remove_user,
            people.tokens,
            people.add_token,
            people.revoke_token,
            people.audit,
        ],
        dependencies=DEPENDENCIES,
        guards=[known_people],
        before_request=only_documented,
        exception_handlers={Exception: answer},
        security=[{"token": []}, {"session": []}],
    )


class _Plain(Router):
    """Serves the description and nothing else: no pages, no answers to what is not there."""

    def register(self, value: ControllerRouterHandler) -> list[BaseRoute]:
        """Take every route but the one that answers whatever has no other."""
        if isinstance(value, BaseRouteHandler) and any("{" in path for path in value.paths):
            return []
        return super().register(value)


def description(app: Litestar) -> dict[str, Any]:
    """The API's own description, an OpenAPI document, as it is served."""
    return _true(app.openapi_schema.to_schema())


class _Described(JsonRenderPlugin):
    """Serves the description, which is made when it is asked for first."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Give what `description` gives."""
        return super().render(request, _true(openapi_schema))


def _true(described: dict[str, Any]) -> dict[str, Any]:
    """Take out what the framework puts in and never happens.

    What is malformed is answered with 422 here, not with 400.
    """
    for operations in described["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("400", None)
    return described


def openapi() -> OpenAPIConfig:
    """How the API describes itself, at `/api/v1/openapi.json`."""
    return OpenAPIConfig(
        title="postroad",
        version=postroad.__version__,
        description="What happened to that email?",
        openapi_router=_Plain(PATH, route_handlers=[], include_in_schema=False),
        render_plugins=[_Described(path="/openapi.json")],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "token": SecurityScheme(type="http", scheme="bearer"),
                "session": SecurityScheme(
                    type="apiKey", name="postroad_session", security_scheme_in="cookie"
                ),
            }
        ),
    )
