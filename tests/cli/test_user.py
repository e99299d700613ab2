"""Accounts and tokens on the command line, in this process and through a running `serve`."""

from __future__ import annotations

import json

import httpx

PASSWORD = "correct horse battery\n"


def rows(done) -> list[dict]:
    """JSON lines of a command that went well."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def add(run, *arguments: str):
    """Add an account with a password from standard input."""
    return run("user", "add", *arguments, "--password-stdin", stdin=PASSWORD)


def test_accounts_from_first_to_last(run, serving: str):
    """An account is added, listed, changed and removed; what cannot be done is said."""
    assert "no account yet" in run("user").stderr

    assert add(run, "shop", "--kind", "owner", "--domain", "shop.example").returncode == 0
    assert add(run, "anna@shop.example", "--kind", "mailbox").returncode == 0
    again = add(run, "shop", "--kind", "owner", "--domain", "shop.example")
    assert again.returncode == 1
    assert "shop" in again.stderr

    listed = {row["name"]: row for row in rows(run("user"))}
    assert listed["shop"]["domains"] == ["shop.example"]
    assert listed["anna@shop.example"]["addresses"] == ["anna@shop.example"]
    assert "password" not in run("user").stdout

    assert run("user", "change", "shop", "--domain", "b.example", "--disable").returncode == 0
    (shop,) = (row for row in rows(run("user")) if row["name"] == "shop")
    assert (shop["domains"], shop["disabled"]) == (["b.example"], True)

    assert run("user", "remove", "shop").returncode == 0
    assert "shop" not in {row["name"] for row in rows(run("user"))}
    gone = run("user", "remove", "shop")
    assert (gone.returncode, "shop" in gone.stderr) == (1, True)


def test_a_reseller_and_its_owner(run):
    """Owners are given to a reseller and taken back; accounts without a password can be made."""
    made = run("user", "add", "hoster", "--kind", "reseller", "--no-password")
    assert made.returncode == 0, made.stderr
    owner = ("shop", "--kind", "owner", "--domain", "shop.example")
    assert add(run, *owner, "--reseller", "hoster").returncode == 0
    wrong = add(run, "b", "--kind", "owner", "--domain", "b.example", "--reseller", "shop")
    assert (wrong.returncode, "no reseller account" in wrong.stderr) == (2, True)

    assert {row["name"]: row["reseller"] for row in rows(run("user"))} == {
        "hoster": "",
        "shop": "hoster",
    }
    assert run("user", "change", "shop", "--reseller", "").returncode == 0
    assert {row["reseller"] for row in rows(run("user"))} == {""}

    nothing = add(run, "c", "--kind", "owner")
    assert (nothing.returncode, "at least one domain" in nothing.stderr) == (2, True)


def test_formats_of_a_list(run):
    """A list is a table, CSV or JSON lines; a pipe gets JSON lines."""
    add(run, "root", "--kind", "administrator")

    assert run("user", "--format", "csv").stdout.startswith("name,kind,")
    assert run("user", "--format", "table").stdout.splitlines()[0].split() == [
        "Name",
        "Kind",
        "Backend",
        "Disabled",
    ]
    assert rows(run("user", "list"))[0]["kind"] == "administrator"


def test_token_opens_the_api_over_http(postroad, run, serving: str):
    """A token made over the socket of `serve` lets the command line ask over HTTP, until revoked."""
    add(run, "root", "--kind", "administrator")
    made = run("token", "add", "laptop", "--account", "root", "--days", "2")
    assert made.returncode == 0, made.stderr
    secret = made.stdout.strip()
    (token,) = rows(run("token"))
    assert token["label"] == "laptop"
    assert secret not in json.dumps(token)

    postroad.environ["POSTROAD_SERVER"] = serving
    refused = run("search")
    assert (refused.returncode, "Traceback" in refused.stderr) == (5, False)
    postroad.environ["POSTROAD_TOKEN"] = secret
    assert [row["name"] for row in rows(run("user"))] == ["root"]

    assert run("token", "remove", token["id"]).returncode == 0
    assert run("user").returncode == 5


def test_serve_answers_and_a_second_one_is_refused(run, serving: str):
    """`serve` answers on its port, and a second one in the same home ends with a sentence."""
    assert httpx.get(f"{serving}/api/v1/health").json()["status"] == "ok"

    second = run("serve", "--listen", "127.0.0.1:1")
    assert second.returncode == 4
    assert "already runs" in second.stderr


def test_server_that_is_no_postroad(postroad, serving: str):
    """An address where something else answers is told as such, not misread."""
    postroad.environ["POSTROAD_SERVER"] = f"{serving}/elsewhere"

    done = postroad.run("user")

    assert done.returncode == 6
    assert "not as a postroad" in done.stderr
