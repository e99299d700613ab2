"""Signing in and out, and what keeps others from doing it for you."""

from __future__ import annotations

import re
import uuid

import httpx
import pytest
from tests.web.served import PASSWORD, Served, form_key, serving


def sign_in(client: httpx.Client, name: str, password: str = PASSWORD, **more: str):
    """Fill in the form and send it."""
    key = form_key(client.get("/sign-in").text)
    form = {"name": name, "password": password, "form_key": key, **more}
    return client.post("/sign-in", data=form)


def cookie(response: httpx.Response, name: str) -> str:
    """The line that sets this cookie."""
    [line] = [
        each for each in response.headers.get_list("set-cookie") if each.startswith(f"{name}=")
    ]
    return line


@pytest.mark.parametrize("path", ["/", "/message/abc", "/preferences"])
def test_pages_need_somebody_signed_in(served: Served, path: str):
    """Whoever is not signed in is sent to do it, and nothing is shown."""
    with served.visitor() as client:
        answer = client.get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    assert answer.text == ""


@pytest.mark.parametrize("name", ["anna@example.com", "ANNA@EXAMPLE.COM", "shop"])
def test_signing_in_with_address_or_name(served: Served, name: str):
    """A full address, in any case, or a name, and the password open the report."""
    with served.visitor() as client:
        answer = sign_in(client, name)
        page = client.get(answer.headers["location"])

    assert answer.status_code == 303
    assert page.status_code == 200
    assert "Delivery report" in page.text


def test_what_is_wrong_is_not_told(served: Served):
    """A wrong password and an account that does not exist get the same page and status."""
    with served.visitor() as client:
        wrong = sign_in(client, "anna@example.com", "not the password")
        missing = sign_in(client, "nana@example.com", "not the password")

    assert wrong.status_code == missing.status_code == 401
    assert wrong.text.replace("anna@", "nana@") == missing.text
    assert "do not belong together" in wrong.text


def test_guessing_is_slowed_down(served: Served):
    """After five wrong passwords the next try has to wait, and is told how long."""
    name = f"{uuid.uuid4().hex}@example.com"
    with served.visitor() as client:
        statuses = [sign_in(client, name, "not the password").status_code for _ in range(5)]
        refused = sign_in(client, name, "not the password")

    assert statuses == [401] * 5
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert "Try again in" in refused.text


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(served: Served):
    """The cookie is HttpOnly and SameSite=Lax, for the whole site, as long as the session."""
    with served.visitor() as client:
        line = cookie(sign_in(client, "shop"), "postroad_session").lower()

    assert {"httponly", "samesite=lax", "path=/", "max-age=43200"} <= set(line.split("; "))
    assert "secure" not in line.split("; ")


def test_signing_in_makes_a_new_session(served: Served):
    """A session id that somebody slipped in before is not the one that is signed in."""
    with served.visitor() as client:
        client.cookies.set("postroad_session", "planted", domain="127.0.0.1")
        sign_in(client, "shop")
        values = {each.value for each in client.cookies.jar if each.name == "postroad_session"}

    assert values - {"planted"}
    with served.visitor() as other:
        other.cookies.set("postroad_session", "planted")
        assert other.get("/").status_code == 303


def test_signing_out_ends_the_session(served: Served):
    """After signing out the cookie is gone, and its value worth nothing."""
    with served.reader("shop") as client:
        held = client.cookies["postroad_session"]
        answer = client.post("/sign-out", data={"form_key": form_key(client.get("/").text)})
        assert answer.status_code == 303
        assert "postroad_session" not in client.cookies
        client.cookies.set("postroad_session", held)
        assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    "key", ["", "0" * 64, "somebody else's"], ids=["missing", "wrong", "of another session"]
)
@pytest.mark.parametrize("path", ["/sign-out", "/preferences"])
def test_forms_need_their_key(served: Served, path: str, key: str):
    """A form that another site made the browser send does nothing."""
    if key == "somebody else's":
        with served.reader("shop") as other:
            key = form_key(other.get("/").text)
    with served.reader("shop") as client:
        answer = client.post(path, data={"form_key": key, "zone": "Asia/Tokyo"})
        assert answer.status_code == 403
        assert "postroad_zone" not in client.cookies
        assert client.get("/").status_code == 200


def test_signing_in_needs_the_key_of_its_page(served: Served):
    """Nobody can be signed in to an account of somebody else's by another site."""
    with served.visitor() as client:
        answer = client.post("/sign-in", data={"name": "shop", "password": PASSWORD})

    assert answer.status_code == 403
    assert "postroad_session" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize(
    "there",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test/",
        "\\\\evil.test",
        "javascript:alert(1)",
        "/%0d%0aSet-Cookie:x=1\r\nX: y",
        "evil.test",
        "/\t/evil.test",
        "/sign-in?next=/",
    ],
)
def test_signing_in_leads_nowhere_else(served: Served, there: str):
    """Whatever `next` says, one stays on this site."""
    with served.visitor() as client:
        shown = client.get("/sign-in", params={"next": there})
        answer = sign_in(client, "shop", next=there)

    assert answer.headers["location"] == "/"
    assert "x" not in answer.cookies
    assert re.search('name="next" value="/"', shown.text)


def test_signing_in_goes_on_to_what_was_asked_for(served: Served):
    """A link to a report is where one is after signing in."""
    asked = "/?to=mara%40mail.example.org&period=7d"
    with served.visitor() as client:
        there = client.get(client.get(asked).headers["location"])
        offered = re.search('name="next" value="([^"]*)"', there.text)
        assert offered is not None
        answer = sign_in(client, "shop", next=offered[1].replace("&amp;", "&"))

    assert answer.headers["location"] == asked


def test_behind_https_cookies_are_secure(tmp_path):
    """Where people reach it over HTTPS, cookies are sent over nothing else."""
    with (
        serving(tmp_path / "home", public_url="https://mail.example.com") as running,
        running.visitor() as client,
    ):
        page = client.get("/sign-in")
        line = cookie(page, "postroad_form").lower()

    assert "secure" in line.split("; ")
    assert page.headers["strict-transport-security"].startswith("max-age=")
