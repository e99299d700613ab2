"""Settings of letters: what they mean, and what cannot be used."""

from __future__ import annotations

import pytest

from postroad import config
from postroad.errors import ConfigError
from postroad.notify.line import Server


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("smtp://mail.example.com", ("mail.example.com", 587, False)),
        ("smtps://mail.example.com/", ("mail.example.com", 465, True)),
        ("smtp://127.0.0.1:25", ("127.0.0.1", 25, False)),
        ("smtps://[2001:db8::1]:4650", ("2001:db8::1", 4650, True)),
    ],
)
def test_submission_servers(tmp_path, url, wanted):
    """Ports are the usual ones unless they are named."""
    settings = config.load({"home": str(tmp_path), "mail_submission": url}, environ={})
    server = Server.of(settings.mail_submission)

    assert wanted == (server.host, server.port, server.is_wrapped)


@pytest.mark.parametrize(
    "given",
    [
        {"mail_submission": "mail.example.com"},
        {"mail_submission": "http://mail.example.com"},
        {"mail_submission": "smtp://user:password@mail.example.com"},
        {"mail_submission": "smtp://mail.example.com:0"},
        {"mail_submission": "smtp://mail.example.com:99999"},
        {"mail_submission": "smtp://mail.example.com", "mail_login": "postroad"},
        {"mail_submission": "smtp://mail.example.com", "mail_password": "secret word"},
        {"mail_login": "postroad", "mail_password": "secret word"},
        {"mail_from": "postroad"},
        {"mail_from": "postroad@example.com\r\nBcc: victim@example.com"},
        {"sendmail_path": "sendmail -t"},
        {"webhook_networks": ["everywhere"]},
    ],
)
def test_what_cannot_be_used(tmp_path, given):
    """It is refused at the start, by name, and a password is not shown."""
    with pytest.raises(ConfigError, match=r"`(mail_|sendmail_path|webhook_networks)") as error:
        config.load({"home": str(tmp_path), **given}, environ={})
    assert "secret word" not in str(error.value)


def test_the_sender_is_postroad_unless_it_is_named(tmp_path):
    """Of this host."""
    given = {"home": str(tmp_path), "host": "mx.example.com"}

    assert "postroad@mx.example.com" == config.load(given, environ={}).letters_from
    named = given | {"mail_from": "news@example.com"}
    assert "news@example.com" == config.load(named, environ={}).letters_from
