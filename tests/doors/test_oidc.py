"""Signing in at an OpenID provider: a real one on loopback, honest in some tests and not in others."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from tests.doors.provider import CLIENT, SECRET, Provider, provider
from tests.web.served import Served, free_port, serving

from postroad import config
from postroad.accounts.provider import Provider as Asked
from postroad.errors import ConfigError


@pytest.fixture(scope="module")
def running():
    """The provider."""
    with provider() as it:
        yield it


@pytest.fixture(scope="module")
def site(running: Provider, tmp_path_factory: pytest.TempPathFactory):
    """A postroad that sends people to it."""
    listen = f"127.0.0.1:{free_port()}"
    running.back = f"http://{listen}/sign-in/oidc/back"
    home = tmp_path_factory.mktemp("oidc") / "home"
    with serving(
        home,
        listen=listen,
        public_url=f"http://{listen}",
        oidc_issuer=running.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        oidc_accounts=True,
        oidc_label="Example login",
    ) as served:
        yield served
        served.said = served.home.with_name("home.err").read_text()
        # What the provider did wrong is in the log, a line each.
        served.home.with_name("home.err").write_text("")


@pytest.fixture(autouse=True)
def honest(running: Provider):
    """An honest provider at the beginning of each test."""
    running.reset()


def there(client: httpx.Client, following: str = "/") -> httpx.Response:
    """Begin, and let the provider answer; what it sends back to us is not yet asked."""
    begun = client.get("/sign-in/oidc", params={"next": following})
    assert begun.status_code == 303, begun.text
    return client.get(begun.headers["location"])


def round_trip(client: httpx.Client, following: str = "/") -> httpx.Response:
    """All the way there and back."""
    return client.get(there(client, following).headers["location"])


def test_the_provider_signs_in(site: Served, running: Provider):
    """There and back opens a session of the account that the claim names, and goes on."""
    with site.visitor() as client:
        assert "Example login" in client.get("/sign-in").text
        answer = round_trip(client, "/?to=anna%40example.com")
        page = client.get("/preferences")
        status = client.get("/api/v1/status").json()

    assert answer.headers["location"] == "/?to=anna%40example.com"
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "postroad_oidc" not in client.cookies
    assert page.status_code == 200
    assert (status["account"], status["kind"]) == ("anna@example.com", "mailbox")
    with site.administrator() as administrator:
        trail = administrator.get("/audit", params={"account": "anna@example.com"}).json()["audit"]
    assert ("sign_in", "oidc") in {(each["action"], each["via"]) for each in trail}


def test_an_address_gets_a_mailbox_account(site: Served, running: Provider):
    """With the setting, a new address gets an account that sees itself."""
    running.claims = {"email": "Fresh@Example.com"}
    with site.visitor() as client:
        assert round_trip(client).headers["location"] == "/"
        status = client.get("/api/v1/status").json()

    assert (status["account"], status["kind"]) == ("fresh@example.com", "mailbox")


def test_the_address_to_go_to_asks_for_proof(site: Served):
    """State, nonce and challenge are long, and never the same."""
    asked = []
    with site.visitor() as client:
        for _ in range(2):
            location = client.get("/sign-in/oidc").headers["location"]
            asked.append(parse_qs(urlsplit(location).query))

    for name in ("state", "nonce", "code_challenge"):
        values = [each[name][0] for each in asked]
        assert min(map(len, values)) >= 43
        assert values[0] != values[1]


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example.com"},
        {"aud": "another client"},
        {"aud": []},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"exp": None},
        {"iat": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"email": None},
        {"email": ["anna@example.com"]},
        {"email": " "},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": "no address"},
        {"email": "x" * 400 + "@example.com"},
    ],
    ids=str,
)
def test_a_token_that_is_not_right_opens_nothing(site: Served, running: Provider, claims: dict):
    """For somebody else, of another time, of another sign-in, or about nobody: refused alike."""
    running.claims = claims
    with site.visitor() as client:
        answer = round_trip(client)
        assert client.get("/").status_code == 303

    assert answer.status_code == 401
    assert "postroad_session" not in client.cookies


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -3600), ("iat", 86400)])
def test_a_token_of_another_time_opens_nothing(
    site: Served, running: Provider, claim: str, seconds: int
):
    """Ended an hour ago, or made tomorrow."""
    running.claims = {claim: int(time.time()) + seconds}
    with site.visitor() as client:
        answer = round_trip(client)

    assert answer.status_code == 401
    assert "postroad_session" not in client.cookies


@pytest.mark.parametrize("way", ["signed_by_a_stranger", "signed_with_the_public_key", "unsigned"])
def test_a_token_that_the_provider_did_not_sign_opens_nothing(
    site: Served, running: Provider, way: str
):
    """Another key, a shared secret that is none, and no signature at all."""
    running.sign = getattr(running, way)
    with site.visitor() as client:
        assert round_trip(client).status_code == 401
        assert "postroad_session" not in client.cookies


def test_an_answer_counts_in_the_browser_that_asked(site: Served):
    """A link with somebody else's code signs nobody in, with or without a cookie of one's own."""
    with site.visitor() as thief, site.visitor() as victim:
        link = there(thief).headers["location"]
        without = victim.get(link)
        there(victim)
        own = victim.get(link)

        assert without.status_code == own.status_code == 401
        assert "postroad_session" not in victim.cookies
        assert thief.get(link).status_code == 303


def test_an_answer_counts_once(site: Served):
    """The provider gives a code's token once, and a second visit is refused."""
    with site.visitor() as client:
        link = there(client).headers["location"]
        assert client.get(link).status_code == 303
        assert client.get(link).status_code == 401


def test_who_is_refused_there_is_told(site: Served, running: Provider):
    """A person who does not agree comes back to the form with a sentence."""
    running.refuses = True
    with site.visitor() as client:
        answer = round_trip(client)

    assert answer.status_code == 401
    assert "did not sign you in" in answer.text


@pytest.mark.parametrize("next_", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_it_leads_nowhere_else(site: Served, next_: str):
    """Where one goes on afterwards is a page of ours, whatever the address or the cookie says."""
    with site.visitor() as client:
        assert round_trip(client, next_).headers["location"] == "/"


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x&code=x", "?error=%1b%5bx&state="])
def test_an_answer_out_of_nowhere(site: Served, query: str):
    """Who comes back without having gone is asked to begin again."""
    with site.visitor() as client:
        answer = client.get(f"/sign-in/oidc/back{query}")

    assert answer.status_code == 401
    assert "Begin again" in answer.text


def test_a_key_that_is_new_is_fetched(running: Provider):
    """A provider that changes its keys is understood without a restart, but not asked each time."""
    asked = Asked(running.issuer)
    claims = {"sub": "1"}
    assert asked.verified(running.signed(claims)) == claims

    old, running.key = running.key, RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
    try:
        token = jwt.encode({"alg": "RS256", "kid": "two"}, claims, running.key)
        with pytest.raises(ValueError, match="not signed with a key of its own"):
            asked.verified(token)
        asked._keys_at -= 61
        assert asked.verified(token) == claims
    finally:
        running.key = old


def test_a_provider_that_is_down_is_told(tmp_path):
    """Its page says that it did not work, the log says why, and passwords go on working."""
    listen = f"127.0.0.1:{free_port()}"
    home = tmp_path / "home"
    with serving(
        home,
        listen=listen,
        public_url=f"http://{listen}",
        oidc_issuer=f"http://127.0.0.1:{free_port()}",
        oidc_client_id=CLIENT,
    ) as served:
        with served.visitor() as client:
            answer = client.get("/sign-in/oidc")
            assert answer.status_code == 502
            assert "did not work" in answer.text
        with served.reader("shop") as shop:
            assert shop.get("/").status_code == 200
        complaints = home.with_name("home.err")
        assert "OpenID provider" in complaints.read_text()
        complaints.write_text("")


def test_without_a_provider_there_is_no_way(tmp_path):
    """The page offers none, and the address leads nowhere."""
    with serving(tmp_path / "home") as served, served.visitor() as client:
        assert "/sign-in/oidc" not in client.get("/sign-in").text
        assert client.get("/sign-in/oidc").status_code == 502
        assert client.get("/sign-in/oidc/back?code=x").status_code == 401


@pytest.mark.parametrize(
    ("given", "about"),
    [
        ({"oidc_issuer": "http://login.example.com"}, "oidc_issuer"),
        ({"oidc_issuer": "https://login.example.com"}, "oidc_client_id"),
        (
            {"oidc_issuer": "https://login.example.com", "oidc_client_id": "x"},
            "public_url",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path, given: dict, about: str):
    """A provider without TLS, or one that could not send anybody back."""
    with pytest.raises(ConfigError, match=about):
        config.load({"home": str(tmp_path), **given}, environ={})
