"""Pages: templates and what all of them are given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from markupsafe import Markup, escape

import postroad
from postroad.accounts import Viewer, secret
from postroad.model import when, words
from postroad.model.delivery import Delivery
from postroad.services import Services
from postroad.web import statics
from postroad.web.cookies import FORM, SESSION, ZONE, form_cookie

Asked = Request[Viewer | None, Any, Any]
#: What handlers name as arguments: the services, and who asks.
Served = NamedDependency[Services]
Asking = NamedDependency[Viewer]

#: Control characters, and marks that change the direction of what follows (Unicode TR 9, TR 36).
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)

#: A domain longer than this may be broken too.
_SHORT_DOMAIN = 15
#: Codes that stand among the first so many characters need not be said again.
_CODES = 16
_MANY_DAYS = 3 * 365


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
    zone = zone_of(request)
    held = request.cookies.get(SESSION if request.user else FORM, "")
    cookies = list(cookies or ())
    if not held and not (request.user and request.user.via != "session"):
        held = secret.make()
        cookies.append(form_cookie(services.settings, held))
    html = _TEMPLATES.get_template(name).render(
        viewer=request.user,
        zone=zone,
        zone_label=when.named(zone, services.now()),
        kept_for=kept_for(services.settings.retention_days),
        form_key_value=secret.form_key(held) if held else "",
        **values,
    )
    return Response(
        html, status_code=status, media_type="text/html", cookies=cookies, headers=headers
    )


def zone_of(request: Asked) -> ZoneInfo:
    """The zone that this reader chose, or the server's."""
    services: Services = request.app.state.services
    chosen = request.cookies.get(ZONE, "").strip('"')
    try:
        return ZoneInfo(chosen) if chosen else services.settings.zone
    except (OSError, ValueError, KeyError):
        return services.settings.zone


def visible(value: object) -> object:
    r"""Text with its invisible characters written out, as `\x1b`; anything else as it is."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _INVISIBLE.sub(lambda found: found[0].encode("unicode_escape").decode(), value)


def breakable(address: str) -> Markup:
    """An address or host name that breaks, where it has to, before its `@` or a dot."""
    _, at, domain = address.rpartition("@")
    marks = "[@]" if at and len(domain) <= _SHORT_DOMAIN else "[@.]"
    text = str(escape(visible(address)))
    return Markup(re.sub(rf"(?<=\w)(?={marks})", "<wbr>", text))  # noqa: S704 - escaped above


def codes(delivery: Delivery) -> str:
    """The reply code and the enhanced status code; empty where none is known."""
    known = [str(delivery.smtp_code)] if delivery.smtp_code else []
    known += [delivery.enhanced_code] if delivery.enhanced_code else []
    return " ".join(known)


def result(delivery: Delivery) -> str:
    """The codes, where the words do not begin with them, and the receiving server's own words."""
    begins = all(code in delivery.result[:_CODES] for code in codes(delivery).split())
    return delivery.result if begins else f"{codes(delivery)} {delivery.result}".strip()


def kept_for(days: int) -> str:
    """How long mail is kept, in days, or in years where it is many."""
    if days == 1:
        return "one day"
    return f"{days} days" if days < _MANY_DAYS else f"{days // 365} years"


def in_zone(text: str, zone: ZoneInfo) -> str:
    """A sentence with its RFC 3339 times as the zone's clock shows them."""

    def local(found: re.Match[str]) -> str:
        return when.local(when.read(found[0], now=0, zone=zone), zone)

    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", local, text)


def number(value: int) -> str:
    """A number with its thousands apart, by a thin space that does not break."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


_TEMPLATES = Environment(
    loader=PackageLoader("postroad.web"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=visible,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals.update(
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
    breakable=breakable,
    codes=codes,
    number=number,
)
