"""Signing in at an OpenID provider: there, and back again."""

from __future__ import annotations

import asyncio
import base64
import binascii

from litestar import Response, get
from litestar.response import Redirect

from postroad.errors import AccessError
from postroad.web.cookies import FORM, OIDC, ended, oidc_cookie, session_cookie
from postroad.web.pages import Asked, Served, shown_error
from postroad.web.signing import own_address, sign_in_form


@get("/sign-in/oidc", include_in_schema=False)
async def go(request: Asked, services: Served) -> Response[str]:
    """Send the browser to the provider, with a cookie that only its answer fits."""
    there = own_address(request.query_params.get("next", ""))
    try:
        address, made = await asyncio.get_running_loop().run_in_executor(
            services.signing, services.accounts.begin_oidc
        )
    except AccessError as error:
        return sign_in_form(request, there, problem=shown_error(error), status=502)
    kept = f"{made}.{base64.urlsafe_b64encode(there.encode()).decode()}"
    cookies = [oidc_cookie(services.settings, kept)]
    return Redirect(address, status_code=303, cookies=cookies)


@get("/sign-in/oidc/back", include_in_schema=False)
async def back(request: Asked, services: Served) -> Response[str]:
    """Open a session for whom the provider sent back, or say why not."""
    made, _, kept = request.cookies.get(OIDC, "").partition(".")
    there = own_address(_read(kept))
    client = request.client.host if request.client else ""
    settings = services.settings
    try:
        session = await asyncio.get_running_loop().run_in_executor(
            services.signing,
            services.accounts.end_oidc,
            made,
            dict(request.query_params),
            client,
        )
    except AccessError as error:
        return sign_in_form(
            request,
            there,
            problem=shown_error(error),
            status=401,
            cookies=[ended(settings, OIDC)],
        )
    cookies = [session_cookie(settings, session), ended(settings, FORM), ended(settings, OIDC)]
    return Redirect(there, status_code=303, cookies=cookies)


def _read(kept: str) -> str:
    try:
        return base64.urlsafe_b64decode(kept.encode()).decode()
    except (binascii.Error, ValueError):
        return ""
