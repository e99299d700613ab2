"""The API's routes and its description."""

from __future__ import annotations

from litestar import Router
from litestar.handlers import BaseRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, OpenAPI, SecurityScheme
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


def make_true(description: OpenAPI) -> None:
    """Take out of the application's description what its framework puts in and never happens.

    What is malformed is answered with 422 here, not with 400.
    """
    for path in (description.paths or {}).values():
        for method in ("get", "post", "patch", "delete"):
            operation = getattr(path, method)
            if operation and operation.responses:
                operation.responses.pop("400", None)


def openapi() -> OpenAPIConfig:
    """How the API describes itself, at `/api/v1/openapi.json`."""
    return OpenAPIConfig(
        title="postroad",
        version=postroad.__version__,
        description="What happened to that email?",
        openapi_router=_Plain(PATH, route_handlers=[], include_in_schema=False),
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
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
