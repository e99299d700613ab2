"""The cookies: the session, the key of forms before signing in, the reader's zone and language."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from postroad.accounts import Viewer, secret
from postroad.config import Settings

SESSION = "postroad_session"
FORM = "postroad_form"
OIDC = "postroad_oidc"
ZONE = "postroad_zone"
LANGUAGE = "postroad_language"

_YEAR = 365 * 24 * 3600
_TEN_MINUTES = 600


def session_cookie(settings: Settings, value: str) -> Cookie:
    """The session, for as long as it lasts."""
    return _cookie(settings, SESSION, value, settings.session_hours * 3600)


def form_cookie(settings: Settings, value: str) -> Cookie:
    """What the forms of somebody not signed in are bound to."""
    return _cookie(settings, FORM, value, None)


def zone_cookie(settings: Settings, value: str) -> Cookie:
    """The zone that times are shown in."""
    return _cookie(settings, ZONE, value, _YEAR if value else 0)


def language_cookie(settings: Settings, value: str) -> Cookie:
    """The language of the pages."""
    return _cookie(settings, LANGUAGE, value, _YEAR if value else 0)


def form_key(request: Request[Viewer | None, Any, Any]) -> str:
    """What the forms of this reader's pages carry; empty where nothing was given to them yet."""
    if request.user:
        return request.user.form_key
    held = request.cookies.get(FORM, "")
    return secret.form_key(held) if held else ""


def oidc_cookie(settings: Settings, value: str) -> Cookie:
    """What the answer of an OpenID provider is bound to, while somebody signs in there."""
    return _cookie(settings, OIDC, value, _TEN_MINUTES)


def ended(settings: Settings, name: str) -> Cookie:
    """Takes a cookie away."""
    return _cookie(settings, name, "", 0)


def _cookie(settings: Settings, name: str, value: str, seconds: int | None) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        path="/",
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=settings.public_url.startswith("https://"),
    )
