"""People whom a reverse proxy vouches for, and those who only say that it does."""

from __future__ import annotations

import socket
from contextlib import closing

import httpx
import pytest
from tests.web.served import Served, form_key, serving

from postroad.accounts import CHEAPEST, Accounts, Draft, Hasher, Kind
from postroad.accounts.proxy import Proxy
from postroad.errors import AccessError
from postroad.state import State

HEADER = "X-Remote-User"
EVERYWHERE = ".".join("0000")


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory):
    """A running postroad that believes whoever connects from 127.0.0.1, and in nobody else.

    It listens on every address of the machine, so that others can try.
    """
    with serving(
        tmp_path_factory.mktemp("panel") / "home",
        listen=f"{EVERYWHERE}:{_free_port()}",
        public_url="https://postroad.example.com",
        proxy_header=HEADER,
        proxy_networks=["127.0.0.1", "192.0.2.0/24"],
        proxy_accounts=True,
        frame_sites=["https://panel.example.com"],
    ) as running:
        running.url = running.url.replace(EVERYWHERE, "127.0.0.1")
        yield running


def _free_port() -> int:
    with closing(socket.create_server((EVERYWHERE, 0))) as probe:
        return int(probe.getsockname()[1])


def through(served: Served, name: str, *, source: str = "127.0.0.1", **headers: str):
    """A client that comes through a proxy at this address, which says who it is."""
    transport = httpx.HTTPTransport(local_address=source)
    told = {HEADER: name, **headers} if name else headers
    return httpx.Client(transport=transport, base_url=served.url, headers=told, timeout=60)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("shop", "owner"), ("Anna@Example.com", "mailbox"), ("root", "administrator")],
)
def test_the_proxy_says_who_it_is(panel: Served, name: str, kind: str):
    """An account that the proxy names is signed in, in pages and in the API, without a password."""
    with through(panel, name) as client:
        page = client.get("/")
        status = client.get("/api/v1/status").json()

    assert page.status_code == 200
    assert name.lower() in page.text
    assert (status["account"], status["kind"]) == (name.lower(), kind)


def test_from_anywhere_else_the_header_is_refused(panel: Served):
    """A request that carries it from another peer is refused, and not answered without it."""
    with through(panel, "root", source="127.0.0.2") as client:
        page = client.get("/")
        api = client.get("/api/v1/users")
        public = client.get("/api/v1/health")
    with through(panel, "", source="127.0.0.2") as client:
        without = client.get("/sign-in")

    assert {page.status_code, api.status_code, public.status_code} == {403}
    assert "proxy" in page.text
    assert "Traceback" not in page.text
    assert without.status_code == 200


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP"])
def test_other_headers_do_not_move_the_peer(panel: Served, name: str):
    """Whatever a request says about where it comes from, the connection counts."""
    value = "for=127.0.0.1" if name == "Forwarded" else "127.0.0.1"
    with through(panel, "root", source="127.0.0.2", **{name: value}) as client:
        assert client.get("/api/v1/users").status_code == 403
    # The trusted proxy names its client, which then is no reason to doubt the proxy.
    with through(panel, "root", **{name: "203.0.113.9"}) as client:
        assert client.get("/api/v1/users").status_code == 200


def test_the_unix_socket_is_no_proxy(panel: Served):
    """Over the Unix socket the header is refused like from any other peer."""
    with panel.administrator() as client:
        assert client.get("/users", headers={HEADER: "shop"}).status_code == 403
        assert client.get("/users").status_code == 200


def test_a_name_that_is_sent_twice_is_refused(panel: Served):
    """A proxy that adds its header to one that the browser sent would let browsers choose."""
    with httpx.Client(base_url=panel.url) as client:
        answer = client.get("/", headers=[(HEADER, "root"), (HEADER, "anna@example.com")])
        joined = client.get("/", headers={HEADER: "root, anna@example.com"})

    assert (answer.status_code, joined.status_code) == (403, 403)


def test_an_address_gets_a_mailbox_account(panel: Served):
    """With the setting, an address that has no account gets one that sees itself."""
    with through(panel, "new@example.com") as client:
        assert client.get("/").status_code == 200
        assert client.get("/api/v1/status").json()["kind"] == "mailbox"
    with panel.administrator() as administrator:
        people = {each["name"]: each for each in administrator.get("/users").json()["users"]}

    assert people["new@example.com"]["addresses"] == ["new@example.com"]
    assert people["new@example.com"]["backend"] == "proxy"


@pytest.mark.parametrize("name", ["stranger", "@example.com", "a" * 400, "\u00e9\u202e", "a b"])
def test_a_name_without_an_account_is_refused(panel: Served, name: str):
    """What is no address gets no account, and no page."""
    with httpx.Client(base_url=panel.url) as client:
        answer = client.get("/", headers=[(HEADER.encode(), name.encode())])

    assert answer.status_code == 403


def test_an_empty_header_is_nobody(panel: Served):
    """Who is not signed in at the proxy is asked to sign in here."""
    with through(panel, "") as client:
        answer = client.get("/", headers={HEADER: ""})

    assert answer.headers["location"] == "/sign-in"


def test_forms_need_their_key_through_the_proxy_too(panel: Served):
    """Browsers pass the proxy whoever made the page: without the key nothing is changed."""
    with through(panel, "shop") as client, through(panel, "rival") as rival:
        own, others = (form_key(each.get("/preferences").text) for each in (client, rival))
        answers = [
            client.post("/preferences", data={"form_key": key, "zone": "Asia/Tokyo"})
            for key in ("", "x" * 64, others)
        ]
        assert {each.status_code for each in answers} == {403}
        assert "postroad_form" not in client.cookies

        ours = client.post("/preferences", data={"form_key": own, "zone": "Asia/Tokyo"})
        assert ours.status_code == 303

        made = {"label": "x"}
        assert client.post("/api/v1/tokens", json=made).status_code == 403
        with_key = client.post("/api/v1/tokens", json=made, headers={"X-Form-Key": own})
        assert with_key.status_code == 201


def test_the_key_outlives_a_restart(tmp_path):
    """A page that was shown before a restart can still be sent after it, by the same person."""
    keys = []
    for name in ("shop", "shop", "blog"):
        with State.open(tmp_path / "state.db") as state:
            accounts = Accounts(state, hasher=Hasher(CHEAPEST))
            if accounts.directory.find(name) is None:
                accounts.directory.add(Draft(name=name, kind=Kind.ADMINISTRATOR))
            keys.append(accounts.by_proxy(name, "").form_key)

    assert keys[0] == keys[1] != keys[2]
    assert all(len(key) == 64 for key in keys)


def test_what_a_person_did_says_that_the_proxy_vouched(panel: Served):
    """The audit trail tells these from those who showed a password."""
    with through(panel, "shop") as client:
        client.get("/", params={"to": "anna@example.com"})
    with panel.administrator() as administrator:
        trail = administrator.get("/audit", params={"account": "shop"}).json()["audit"]

    assert trail[0]["via"] == "proxy"


def test_a_disabled_account_stays_closed(panel: Served):
    """The proxy does not open what an administrator locked."""
    with panel.administrator() as administrator:
        administrator.patch("/users/carl@example.net", json={"disabled": True})
    with through(panel, "carl@example.net") as client:
        assert client.get("/").status_code == 403
    with panel.administrator() as administrator:
        administrator.patch("/users/carl@example.net", json={"disabled": False})


def test_pages_may_stand_in_the_panels_frame(panel: Served):
    """The sites of the setting, and no others, may frame the pages."""
    with through(panel, "shop") as client:
        headers = client.get("/").headers

    assert "frame-ancestors https://panel.example.com;" in headers["content-security-policy"] + ";"
    assert "x-frame-options" not in headers


def test_without_the_setting_the_header_is_nothing(tmp_path):
    """A postroad that knows of no proxy takes the header for any other."""
    with (
        serving(tmp_path / "home") as running,
        through(running, "root") as client,
    ):
        answer = client.get("/")

    assert answer.headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    ("network", "peer"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "::ffff:127.0.0.1"),
        ("2001:db8::/32", "2001:db8::1%eth0"),
        ("192.0.2.77/24", "192.0.2.1"),
    ],
)
def test_a_peer_in_the_network_is_believed(network: str, peer: str):
    """Addresses and networks of both kinds, and an IPv4 peer on an IPv6 socket."""
    assert Proxy(HEADER, [network], makes=False).named(["shop"], peer) == "shop"


@pytest.mark.parametrize("peer", ["127.0.0.10", "192.0.2.1", "2001:db9::1", "", "unix", "x" * 999])
def test_a_peer_outside_is_not_believed(peer: str):
    """Neither a neighbour nor what is no address at all."""
    with pytest.raises(AccessError):
        Proxy(HEADER, ["127.0.0.1", "10.0.0.0/8"], makes=False).named(["shop"], peer)
