"""Pages: templates and what all of them are given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency

import postroad
from postroad.accounts import Choices, Viewer, secret
from postroad.languages import catalogue, known, wanted
from postroad.model import when, words
from postroad.services import Services
from postroad.services.exports.columns import codes, result
from postroad.web import statics, texts
from postroad.web.cookies import LANGUAGE, ZONE, form_cookie, form_key

Asked = Request[Viewer | None, Any, Any]
#: What handlers name as arguments: the services, and who asks.
Served = NamedDependency[Services]
Asking = NamedDependency[Viewer]


def page(
    request: Asked,
    name: str,
    values: Mapping[str, Any],
    *,
    status: int = 200,
    cookies: list[Cookie] | None = None,
    headers: dict[str, str] | None = None,
) -> Response[str]:
    """A template filled in for whoever asks."""
    services: Services = request.app.state.services
    zone, language = zone_of(request), language_of(request)
    key = form_key(request)
    cookies = list(cookies or ())
    if not key and not request.user:
        held = secret.make()
        key = secret.form_key(held)
        cookies.append(form_cookie(services.settings, held))
    html = _TEMPLATES.get_template(name).render(
        viewer=request.user,
        here=request.url.path,
        catalogue=catalogue(language),
        language=language,
        zone=zone,
        zone_label=when.named(zone, services.now()),
        kept_for=texts.kept_for(services.settings.retention_days),
        form_key_value=key,
        **values,
    )
    return Response(
        html, status_code=status, media_type="text/html", cookies=cookies, headers=headers
    )


def choices_of(request: Asked) -> Choices:
    """What this reader chose, read once for a request; the defaults for whoever is a stranger."""
    services: Services = request.app.state.services
    held: Choices | None = request.state.get("choices")
    if held is None:
        held = services.accounts.choices.get(request.user) if request.user else Choices()
        request.state.choices = held
    return held


def zone_of(request: Asked) -> ZoneInfo:
    """The zone that this reader chose, also before they signed in, or the server's."""
    services: Services = request.app.state.services
    chosen = choices_of(request).zone or request.cookies.get(ZONE, "").strip('"')
    try:
        return ZoneInfo(chosen) if chosen else services.settings.zone
    except (OSError, ValueError, KeyError):
        return services.settings.zone


def language_of(request: Asked) -> str:
    """The language that this reader chose, or that their browser asks for."""
    chosen = choices_of(request).language or request.cookies.get(LANGUAGE, "").strip('"')
    return chosen if chosen in known() else wanted(request.headers.get("accept-language", ""))


def shown_error(error: Exception) -> str:
    """What an error says to people, to be put out in their language."""
    return error.args[0] if error.args and isinstance(error.args[0], str) else str(error)


class _Dense(Extension):
    """Leaves the indentation of templates out of pages: a long page has kilobytes of it."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template without it."""
        del name, filename
        return re.sub(r"^[ \t]+", "", source, flags=re.MULTILINE)


_TEMPLATES = Environment(
    loader=PackageLoader("postroad.web"),
    extensions=[_Dense],
    autoescape=True,
    undefined=StrictUndefined,
    finalize=texts.put_out,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals.update(
    _=texts.message,
    n_=texts.messages,
    note=texts.note,
    static=statics.address,
    version=postroad.__version__,
    label=words.label,
    meaning=words.meaning,
    direction=words.direction,
    outcome=words.outcome,
    outcome_status=words.outcome_status,
    local=when.local,
    rfc3339=when.rfc3339,
    result=result,
    breakable=texts.breakable,
    codes=codes,
    number=texts.number,
)
