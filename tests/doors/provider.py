"""A small OpenID provider over real HTTP, with real keys: it signs in whoever the test says.

Every endpoint checks what a provider has to check (client, redirect address, PKCE, codes used
once), so that a client that leaves something out is not let in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "postroad:1", "a secret/with+marks"


class Provider:
    """What the provider says; tests change it."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.back = ""
        self.reset()

    def reset(self) -> None:
        """Be an honest provider again."""
        #: Claims of the next ID token, over the usual ones; None takes one away.
        self.claims: dict[str, Any] = {}
        #: Signs with another key or way: a function from claims to a token.
        self.sign = self.signed
        #: What the discovery document says besides.
        self.about: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.refuses = False

    def signed(self, claims: dict[str, Any]) -> str:
        """The token as it should be."""
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)

    def signed_by_a_stranger(self, claims: dict[str, Any]) -> str:
        """A token that names the provider's key, and is not made with it."""
        stranger = RSAKey.generate_key(2048)
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, stranger)

    def signed_with_the_public_key(self, claims: dict[str, Any]) -> str:
        """A token with a shared secret that everybody knows: the public key."""
        public = OctKey.import_key(self.key.as_pem(private=False))
        return jwt.encode({"alg": "HS256", "kid": "one"}, claims, public, algorithms=["HS256"])

    def unsigned(self, claims: dict[str, Any]) -> str:
        """A token that says it needs no signature."""
        parts = ({"alg": "none"}, claims)
        octets = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts]
        return b".".join([*(each.rstrip(b"=") for each in octets), b""]).decode()

    def answer(self, path: str, asked: dict[str, str]) -> Any:
        """A GET: JSON to show, or an address to go to."""
        match path:
            case "/.well-known/openid-configuration":
                return {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/keys",
                    **self.about,
                }
            case "/keys":
                odd = [{"kty": "oct", "k": "AAAA", "kid": "one"}, {"kty": "?"}, 7]
                return {"keys": [*odd, self.key.as_dict(private=False)]}
            case "/authorize":
                return self._authorize(asked)
        return None

    def _authorize(self, asked: dict[str, str]) -> str:
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["redirect_uri"] == self.back
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        if self.refuses:
            back = {"error": "access_denied", "state": asked["state"]}
        else:
            code = secrets.token_urlsafe()
            self.codes[code] = asked
            back = {"code": code, "state": asked["state"], "iss": self.issuer}
        return f"{self.back}?{urlencode(back)}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """A token for a code, or None for who may not have it."""
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        verified = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        is_client = [unquote(part) for part in given.split(":", 1)] == [CLIENT, SECRET]
        if (
            asked is None
            or not is_client
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != self.back
            or verified != asked["code_challenge"]
        ):
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "1",
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "email": "anna@example.com",
            "email_verified": True,
            **self.claims,
        }
        token = self.sign({name: value for name, value in claims.items() if value is not None})
        return {"access_token": "x", "token_type": "Bearer", "id_token": token}


@contextmanager
def provider() -> Iterator[Provider]:
    """Run it on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        """Answers over HTTP what the provider says."""

        def do_GET(self) -> None:
            """Where browsers go, and what is public."""
            parts = urlsplit(self.path)
            found = running.answer(parts.path, dict(parse_qsl(parts.query)))
            if isinstance(found, str):
                self.send_response(302)
                self.send_header("Location", found)
                self.end_headers()
                return
            self._json(200 if found else 404, found)

        def do_POST(self) -> None:
            """Where codes become tokens."""
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found = running.token(dict(parse_qsl(body)), self.headers.get("Authorization", ""))
            self._json(200 if found else 400, found or {"error": "invalid_grant"})

        def _json(self, status: int, found: Any) -> None:
            octets = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_: object) -> None:
            """Say nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = Provider(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
