"""Settings to services to an application: everything is opened here, and closed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from litestar import Litestar, Request, Response, Router
from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from postroad import api
from postroad.accounts import Accounts, Hasher
from postroad.api import errors as api_errors
from postroad.app.guard import Identify, headers
from postroad.app.work import background
from postroad.config import Settings, make_home
from postroad.ingest import Follower, Pipeline, supplying
from postroad.model.text import Text
from postroad.services import Imports, Services
from postroad.services.round import wire
from postroad.state import State
from postroad.store import Store

#: Octets of a request's body that are read, except for an import.
_LARGEST_BODY = 1 << 20


def create(settings: Settings, *, pages: bool = True) -> Litestar:
    """The application: the API, and the pages unless they are not wanted.

    Before it is asked anything, `state.services` must be what `opened` gives.

    They come apart because what keeps a store from opening is told best before there is a loop.
    """
    is_https = settings.public_url.startswith("https://")
    return Litestar(
        route_handlers=[api.router(), *(_pages() if pages else ())],
        middleware=[Identify()],
        before_send=[_adding(headers(is_https=is_https, frames=settings.frame_sites))],
        exception_handlers={Exception: _failed},
        openapi_config=api.openapi(),
        request_max_body_size=_LARGEST_BODY,
        logging_config=None,
        # Programs are given sentences in English, as plain text.
        type_encoders={Text: str},
        debug=False,
    )


@contextmanager
def opened(
    settings: Settings, *, follow: bool = True, hasher: Hasher | None = None
) -> Iterator[Services]:
    """Everything a request may need, at work; closed when the block ends.

    With `follow` the configured sources are read meanwhile. `hasher` makes the hashes of
    passwords; the strong one unless given. Raises what cannot be opened.
    """
    make_home(settings)
    with (
        State.open(settings.state) as state,
        Store.open(settings.store, retention_days=settings.retention_days) as store,
        Pipeline(store, state) as pipeline,
        _followed(settings, store, state, pipeline, follow=follow) as follower,
    ):
        services = Services(
            settings=settings,
            store=store,
            state=state,
            accounts=Accounts.of(state, settings, hasher=hasher),
            imports=Imports(settings, store, state, pipeline),
            follower=follower,
        )
        wire(services)
        try:
            with background(services, tells=follow):
                yield services
        finally:
            services.close()


@contextmanager
def _followed(
    settings: Settings, store: Store, state: State, pipeline: Pipeline, *, follow: bool
) -> Iterator[Follower | None]:
    """What reads the sources; what they are received with is at work while the block lasts."""
    if not follow:
        yield None
        return
    with supplying(settings) as (suppliers, left):
        if not (settings.sources or suppliers or left):
            yield None
            return
        yield Follower(
            store,
            state,
            settings.sources,
            host=settings.host,
            zone=settings.zone,
            pipeline=pipeline,
            suppliers=suppliers,
            left=left,
        )


def _pages() -> list[Router]:
    # A command that asks the API alone does without them, and without the time they take to load.
    from postroad import web

    return web.routes()


def _adding(headers: dict[str, str]) -> Callable[[Message, Scope], Any]:
    async def add(message: Message, _: Scope) -> None:
        if message["type"] == "http.response.start":
            found = MutableScopeHeaders(message)
            for name, value in headers.items():
                # A page behind a secret address tells other sites even less.
                if found.get(name) != "no-referrer":
                    found[name] = value
            found.setdefault("Cache-Control", "no-store")

    return add


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """An answer for whatever was raised: JSON below `/api/`, a page elsewhere."""
    if request.scope["path"].startswith("/api/"):
        return api_errors.answer(request, error)

    from postroad import web

    return web.failed(request, error)
