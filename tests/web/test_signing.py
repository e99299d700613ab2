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
@pytest.mark.parametrize(
    "path", ["/sign-out", "/sign-out/everywhere", "/preferences", "/preferences/password"]
)
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


def made(served: Served, name: str) -> None:
    """A mailbox account for one test."""
    with served.administrator() as administrator:
        account = {"name": name, "kind": "mailbox", "password": PASSWORD}
        assert administrator.post("/users", json=account).status_code == 201


def posted(client: httpx.Client, path: str, page: str = "/preferences", **form: str):
    """Send a form with the key of a page."""
    key = form_key(client.get(page).text)
    return client.post(path, data={"form_key": key, **form})


def change(client: httpx.Client, current: str, new: str, again: str | None = None):
    """Fill in the form of the password and send it."""
    again = new if again is None else again
    return posted(client, "/preferences/password", current=current, new=new, again=again)


def test_signing_out_everywhere_ends_all_sessions(served: Served):
    """The list shows where one is signed in, and one button ends it all; others stay."""
    made(served, "everywhere@example.com")
    with (
        served.reader("everywhere@example.com") as one,
        served.reader("everywhere@example.com") as other,
        served.reader("shop") as shop,
    ):
        page = one.get("/preferences").text
        assert page.count("this browser") == 1
        assert page.count("127.0.0.1") == 2

        answer = posted(one, "/sign-out/everywhere")

        assert answer.headers["location"] == "/sign-in"
        assert one.get("/").status_code == other.get("/").status_code == 303
        assert shop.get("/").status_code == 200


def test_a_password_is_changed_by_its_owner(served: Served):
    """The new password counts at once; other browsers are signed out, this one is not."""
    made(served, "change@example.com")
    with (
        served.reader("change@example.com") as one,
        served.reader("change@example.com") as other,
        served.visitor() as visitor,
    ):
        answer = change(one, PASSWORD, "another password")

        assert answer.headers["location"] == "/preferences?done=password"
        assert "password is changed" in one.get(answer.headers["location"]).text
        assert other.get("/").status_code == 303
        assert sign_in(visitor, "change@example.com").status_code == 401
        assert sign_in(visitor, "change@example.com", "another password").status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "again", "status", "about"),
    [
        ("not the password", "another password", None, 403, "current password is not right"),
        (PASSWORD, "another password", "a third password", 422, "not the same"),
        (PASSWORD, "short", None, 422, "8 to 1024 characters"),
        (PASSWORD, "x" * 2000, None, 422, "8 to 1024 characters"),
    ],
)
def test_a_password_that_cannot_be_changed(
    served: Served, current: str, new: str, again: str | None, status: int, about: str
):
    """What is wrong is said on the page, and everything stays as it was."""
    with served.reader("sales@example.com") as client, served.visitor() as visitor:
        answer = change(client, current, new, again)

        assert answer.status_code == status
        assert about in answer.text
        assert new not in answer.text
        assert client.get("/").status_code == 200
        assert sign_in(visitor, "sales@example.com").status_code == 303


def test_guessing_the_password_from_within_is_slowed_down(served: Served):
    """Somebody who found an open browser cannot try passwords for long."""
    made(served, "open@example.com")
    with served.reader("open@example.com") as client:
        said = [change(client, "not the password", "another password") for _ in range(6)]

    assert [each.status_code for each in said] == [403] * 5 + [429]
    assert said[-1].headers["retry-after"]


@pytest.mark.parametrize("path", ["/sign-out/everywhere", "/preferences/password"])
def test_own_affairs_need_somebody_signed_in(served: Served, path: str):
    """Nobody's sessions and nobody's password cannot be changed."""
    with served.visitor() as client:
        key = form_key(client.get("/sign-in").text)
        answer = client.post(path, data={"form_key": key})

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in"


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
