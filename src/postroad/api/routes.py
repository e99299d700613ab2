"""The API's routes and its description."""

from __future__ import annotations

from litestar import Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

import postroad
from postroad.api import about, deliveries, imports, people
from postroad.api.asking import DEPENDENCIES, only_documented
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
            about.health,
            about.status,
            about.sources,
            about.coverage,
            about.unknown,
            about.examine,
            imports.start,
            imports.latest,
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
        before_request=only_documented,
        exception_handlers={Exception: answer},
        security=[{"token": []}, {"session": []}],
    )


def openapi() -> OpenAPIConfig:
    """How the API describes itself, at `/api/v1/openapi.json`."""
    return OpenAPIConfig(
        title="postroad",
        version=postroad.__version__,
        description="What happened to that email?",
        path=PATH,
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
