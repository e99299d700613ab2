"""Signing in at an OpenID provider: authorization code flow with PKCE, and a verified ID token.

`begin` gives the address to send a browser to and a secret for its cookie; `finish` takes what the
provider sent the browser back with, and that secret, and gives the name of an account. State, nonce
and PKCE's verifier are made from the secret and a key of this installation, so that nothing has to
be remembered, and an answer counts in the browser that asked only.

OpenID Connect Core 1.0 (sections 3.1 and 5.1) and Discovery 1.0, RFC 7636 (PKCE, S256), RFC 9207
(`iss`).

Limits: ID tokens are signed with asymmetric keys; the user-info endpoint is not asked, so the claim
that names the account has to be in the ID token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import time
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import msgspec

from postroad.accounts import secret
from postroad.accounts.provider import Provider
from postroad.errors import AccessError
from postroad.model.text import say

_log = logging.getLogger(__name__)

#: Seconds that clocks may differ.
_LEEWAY = 60
#: Where the provider sends browsers back to.
BACK = "/sign-in/oidc/back"


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider knows us as, and what we take from it."""

    id: str
    secret: str
    #: The address of `BACK` as browsers see it.
    back: str
    #: The claim of the ID token that names an account.
    claim: str
    #: Further scopes to ask for, besides `openid`.
    scopes: str
    #: Whether a mailbox account is made for an address that has none.
    makes: bool


class Oidc:
    """One provider, and this client of it."""

    def __init__(self, provider: Provider, client: Client) -> None:
        self._provider = provider
        self._client = client
        self.makes = client.makes

    def begin(self, key: str) -> tuple[str, str]:
        """Where to send the browser, and the secret for its cookie.

        `key` is this installation's. Raises `AccessError` where the provider does not answer.
        """
        made = secret.make()
        query = {
            "response_type": "code",
            "client_id": self._client.id,
            "redirect_uri": self._client.back,
            "scope": f"openid {self._client.scopes}".strip(),
            "state": _derived(key, made, "state"),
            "nonce": _derived(key, made, "nonce"),
            "code_challenge": _challenge(_derived(key, made, "verifier")),
            "code_challenge_method": "S256",
        }
        with self._told():
            address = self._provider.endpoint("authorization_endpoint")
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}", made

    def finish(self, key: str, made: str, answer: dict[str, str]) -> str:
        """The name that the provider vouches for, lower case.

        `made` is the secret out of the cookie, `answer` the query that the browser came back with.
        Raises `AccessError`.
        """
        state = answer.get("state", "")
        if not made or not secret.same(state, _derived(key, made, "state")):
            raise AccessError(say("This sign-in was not begun in this browser. Begin again."))
        if answer.get("iss", self._provider.issuer) != self._provider.issuer:
            raise AccessError(say("The answer comes from another provider. Begin again."))
        if "error" in answer or not answer.get("code"):
            raise AccessError(say("The provider did not sign you in. Begin again."))
        with self._told():
            token = self._exchange(answer["code"], _derived(key, made, "verifier"))
            claims = self._provider.verified(token)
            self._check(claims, _derived(key, made, "nonce"))
            return self._name(claims)

    def _exchange(self, code: str, verifier: str) -> str:
        """The ID token for this code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.back,
            "code_verifier": verifier,
            "client_id": self._client.id,
        }
        basic = None
        if self._client.secret and self._provider.takes("client_secret_basic"):
            # RFC 6749 section 2.3.1: both are form-encoded first.
            basic = (quote(self._client.id, safe=""), quote(self._client.secret, safe=""))
        elif self._client.secret:
            form["client_secret"] = self._client.secret
        return self._provider.token(form, basic)

    def _check(self, claims: dict[str, Any], nonce: str) -> None:
        """Core 1.0 section 3.1.3.7. Raises `ValueError` with the reason."""
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        now = time.time()
        wrong = {
            "iss": claims.get("iss") != self._provider.issuer,
            "aud": self._client.id not in audiences,
            "azp": claims.get("azp", self._client.id) != self._client.id,
            "exp": not now - _LEEWAY < _number(claims, "exp"),
            "iat": not 0 < _number(claims, "iat") < now + _LEEWAY,
            "nonce": not secret.same(str(claims.get("nonce", "")), nonce),
            "sub": not claims.get("sub"),
        }
        if any(wrong.values()):
            names = ", ".join(name for name, is_wrong in wrong.items() if is_wrong)
            message = f"its ID token is not for us or not for now ({names})"
            raise ValueError(message)

    def _name(self, claims: dict[str, Any]) -> str:
        name = claims.get(self._client.claim)
        if not isinstance(name, str) or not name.strip():
            message = f"its ID token has no claim {self._client.claim!r} (setting `oidc_claim`)"
            raise ValueError(message)
        if self._client.claim == "email" and claims.get("email_verified") is not True:
            message = "its ID token does not say that the address is verified (`email_verified`)"
            raise ValueError(message)
        return name.strip().lower()

    def _told(self) -> _Told:
        return _Told(self._provider.issuer)


class _Told:
    """Turns what went wrong at the provider into a line of the log and one sentence."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, httpx.HTTPError | httpx.InvalidURL | ValueError | KeyError):
            said = "".join(c if c.isprintable() else " " for c in str(error))[:300]
            _log.warning(
                "Signing in at the OpenID provider %s failed: %s.",
                self._issuer,
                said.strip().rstrip(".") or type(error).__name__,
            )
            raise AccessError(
                say("Signing in there did not work. Ask who looks after this server.")
            ) from error


def _derived(key: str, made: str, what: str) -> str:
    """A value of 256 bits that only this installation can make of a cookie's secret."""
    message = f"oidc {what} {made}".encode("utf-8", "replace")
    return _base64(hmac.new(key.encode(), message, "sha256").digest())


def _challenge(verifier: str) -> str:
    return _base64(hashlib.sha256(verifier.encode()).digest())


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
