"""Checks of sending domains that people ask for: who may, how often, and what is known before."""

from __future__ import annotations

import time
from collections.abc import Sequence

from postroad.accounts import Audit, Viewer
from postroad.config import Settings
from postroad.errors import AccessError, SearchError
from postroad.model.check import DomainCheck
from postroad.model.text import say
from postroad.model.when import shown
from postroad.services.access import only_for_owners
from postroad.services.limits import Limits, Rule
from postroad.services.signs import seen
from postroad.store import Store
from postroad.trace import deliverability
from postroad.trace.lookup import Lookup, a_label
from postroad.trace.safety import Fence, is_public

_PER_PERSON = Rule(30, 600)
#: Seconds for all of it, and the longest name of a domain (RFC 1035 section 2.3.4).
_SECONDS, _LONGEST = 10.0, 253
#: Selectors that may be given, and characters of one (RFC 6376 section 3.1: labels of a name).
_MOST_SELECTORS, _LONGEST_SELECTOR = 10, 100


class Deliverability:
    """Makes checks of domains."""

    def __init__(self, settings: Settings, store: Store, audit: Audit, limits: Limits) -> None:
        self._settings = settings
        self._store = store
        self._audit = audit
        self._limits = limits

    def check(self, viewer: Viewer, domain: str, selectors: Sequence[str] = ()) -> DomainCheck:
        """How a domain stands that this viewer has; of an administrator any domain.

        Raises `SearchError` for what is no domain or selector, `AccessError` for who may not,
        `TooManyTries`.
        """
        only_for_owners(viewer)
        name = _domain(domain)
        scope = viewer.scope
        if not scope.is_everything and not any(
            name == each or name.endswith(f".{each}") for each in scope.domains
        ):
            message = say("{domain} is not one of your domains.", domain=name)
            raise AccessError(message)
        given = tuple(_selector(each) for each in list(selectors)[:_MOST_SELECTORS])
        person = f"domains {viewer.account_id or viewer.name}"
        self._limits.enter(person, _PER_PERSON, say("Checks of domains"))
        self._audit.write(viewer, "deliverability", name, about=(name,))
        settings = self._settings
        signs = seen(self._store, scope, name, now=time.time_ns() // 1000)
        lookup = Lookup(settings.resolver, seconds=_SECONDS)
        order = deliverability.Order(
            domain=name,
            sending=self._sending(lookup, signs.addresses),
            selectors=given or signs.selectors,
            blocklists=settings.blocklists,
            host=settings.host,
        )
        fence = Fence(settings.check_networks)
        return deliverability.check(order, lookup=lookup, fence=fence, seconds=_SECONDS)

    def _sending(self, lookup: Lookup, logged: Sequence[str]) -> tuple[str, ...]:
        """The addresses that are set; else public ones of our logs; else what DNS knows of us."""
        if self._settings.sending_addresses:
            return self._settings.sending_addresses
        if public := tuple(each for each in logged if is_public(each)):
            return public
        if "." not in self._settings.host:
            return ()
        found, _, _ = lookup.addresses(self._settings.host)
        return tuple(each for each in found if is_public(each))


def _domain(text: str) -> str:
    try:
        name = a_label(text.strip().removeprefix("@"))
    except ValueError:
        name = ""
    if "." not in name or len(name) > _LONGEST:
        message = say("{text} is not a domain. Write it like example.com.", text=shown(text))
        raise SearchError(message, field="domain")
    return name


def _selector(text: str) -> str:
    try:
        name = a_label(text)
    except ValueError:
        name = ""
    if not name or len(name) > _LONGEST_SELECTOR:
        message = say("{text} is not a selector of a DKIM key.", text=shown(text))
        raise SearchError(message, field="selector")
    return name
