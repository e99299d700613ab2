"""An OpenID provider: where its endpoints are, which keys it signs with, and what it says.

Comes in: the address of its issuer. Goes out: endpoints (Discovery 1.0), tokens for codes, and the
claims of tokens whose signature is right. Everything is fetched when first needed and again after
an hour; keys also when a token names one that is not known, once a minute at most.

Raises `httpx.HTTPError` where the provider does not answer, `ValueError` for what cannot be
believed.
"""

from __future__ import annotations

import ssl
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from postroad.errors import ConfigError

#: Signatures that only the provider can make; not those with a shared secret, and not none.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
_Key = RSAKey | ECKey | OKPKey
_KINDS: dict[str, type[RSAKey | ECKey | OKPKey]] = {
    "RSA": RSAKey,
    "EC": ECKey,
    "OKP": OKPKey,
}
#: Seconds.
_KEPT, _SOONEST, _PATIENCE = 3600, 60, 10
_LARGEST = 1 << 20


class Provider:
    """One issuer."""

    def __init__(self, issuer: str, ca: Path | None = None) -> None:
        """`ca` is a file of certificates to trust besides the system's. Raises `ConfigError`."""
        self.issuer = issuer
        self._context = ssl.create_default_context()
        if ca is not None:
            try:
                self._context.load_verify_locations(cafile=ca)
            except OSError as error:
                message = f"The setting `oidc_ca` names {ca}, which cannot be read: {error}."
                raise ConfigError(message) from error
        self._guard = threading.Lock()
        self._about: dict[str, Any] = {}
        self._about_at = self._keys_at = float("-inf")
        self._keys: list[_Key] = []

    def endpoint(self, name: str) -> str:
        """The address of this endpoint; over TLS if the issuer is."""
        found = self._described().get(name)
        if not isinstance(found, str) or not found.startswith(self.issuer.partition("//")[0]):
            message = f"it names no {name} that can be used"
            raise ValueError(message)
        return found

    def takes(self, way: str) -> bool:
        """Whether clients may prove themselves at the token endpoint in this way."""
        ways = self._described().get("token_endpoint_auth_methods_supported")
        return way in ways if isinstance(ways, list) else way == "client_secret_basic"

    def token(self, form: dict[str, str], basic: tuple[str, str] | None) -> str:
        """The ID token that the token endpoint gives for this form."""
        address = self.endpoint("token_endpoint")
        with self._http() as http:
            auth = basic or httpx.USE_CLIENT_DEFAULT
            answer = _checked(http.post(address, data=form, auth=auth))
        token = answer.get("id_token")
        if not isinstance(token, str):
            message = "it gave no ID token"
            raise ValueError(message)  # noqa: TRY004 - what it said is wrong, not what we gave
        return token

    def verified(self, token: str) -> dict[str, Any]:
        """The claims of a token that this provider signed."""
        try:
            key_id = jws.extract_compact(token.encode()).headers().get("kid")
        except (JoseError, ValueError) as error:
            message = "its ID token cannot be read"
            raise ValueError(message) from error
        for is_fresh in (False, True):
            for key in self._signing(fresh=is_fresh):
                if key_id in (None, key.kid):
                    try:
                        return jwt.decode(token, key, algorithms=_ALGORITHMS).claims
                    except (JoseError, ValueError):
                        continue
        message = "its ID token is not signed with a key of its own"
        raise ValueError(message)

    def _described(self) -> dict[str, Any]:
        with self._guard:
            if time.monotonic() - self._about_at > _KEPT:
                address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
                about = self._fetched(address)
                if about.get("issuer") != self.issuer:
                    message = "it calls itself by another name than the setting `oidc_issuer`"
                    raise ValueError(message)
                self._about, self._about_at = about, time.monotonic()
            return self._about

    def _signing(self, *, fresh: bool) -> list[_Key]:
        """The keys that it signs with."""
        address = self.endpoint("jwks_uri")
        with self._guard:
            if time.monotonic() - self._keys_at > (_SOONEST if fresh else _KEPT):
                found = self._fetched(address).get("keys")
                self._keys = (
                    [key for each in found if (key := _key(each))]
                    if isinstance(found, list)
                    else []
                )
                self._keys_at = time.monotonic()
            return self._keys

    def _fetched(self, address: str) -> dict[str, Any]:
        with self._http() as http:
            return _checked(http.get(address))

    def _http(self) -> httpx.Client:
        return httpx.Client(verify=self._context, timeout=_PATIENCE, follow_redirects=False)


def _key(given: Any) -> _Key | None:
    """A key to check signatures with; None for one of another kind or use."""
    if not isinstance(given, dict) or given.get("use", "sig") != "sig":
        return None
    kind = _KINDS.get(str(given.get("kty")))
    try:
        return kind.import_key(given) if kind else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _checked(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object that it answered."""
    where = answer.request.url.copy_with(query=None)
    if answer.status_code != httpx.codes.OK or len(answer.content) > _LARGEST:
        message = f"{where} answered {answer.status_code}"
        raise ValueError(message)
    found = answer.json()
    if not isinstance(found, dict):
        message = f"{where} answered no object"
        raise ValueError(message)  # noqa: TRY004 - what it said is wrong, not what we gave
    return found
