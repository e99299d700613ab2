"""Settings: where values come from, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from postroad import config
from postroad.errors import ConfigError


def load(home: Path, text: str = "", *, environ: dict[str, str] | None = None, **given: object):
    """Load settings from a file with this text in this home."""
    home.mkdir(exist_ok=True)
    (home / "postroad.toml").write_text(text)
    return config.load(given, environ={"POSTROAD_HOME": str(home), **(environ or {})})


def test_everything_has_a_default(tmp_path: Path):
    """Without a file, variables or options every setting has a usable value."""
    settings = config.load(environ={"POSTROAD_HOME": str(tmp_path)})

    assert f"chdb://{tmp_path}/store" == settings.store
    assert f"sqlite:///{tmp_path}/state.db" == settings.state
    assert tmp_path / "postroad.sock" == settings.socket
    assert settings.retention_days == 30
    assert settings.address == ("127.0.0.1", 8025)
    assert settings.host
    assert settings.zone


def test_later_ones_win(tmp_path: Path):
    """The environment wins over the file, and the command line over both."""
    text = "retention_days = 40\nhost = 'file.example'\ntimezone = 'Asia/Tokyo'"
    environ = {"POSTROAD_RETENTION_DAYS": "50", "POSTROAD_HOST": "variable.example"}

    settings = load(tmp_path, text, environ=environ, host="option.example", timezone=None)

    assert settings.timezone == "Asia/Tokyo"
    assert settings.retention_days == 50
    assert settings.host == "option.example"


def test_sources_are_tables_of_the_file(tmp_path: Path):
    """Each `[[sources]]` table becomes a source, with defaults for what it leaves out."""
    text = "[[sources]]\npath = '/var/log/mail.log*'\nmta = 'postfix'\nhost = 'mx1.example'\n"

    (source,) = load(tmp_path, text).sources

    assert source.path == "/var/log/mail.log*"
    assert (source.mta, source.host, source.timezone) == ("postfix", "mx1.example", "")


def test_lists_may_be_written_with_commas(tmp_path: Path):
    """A list is a list in the file, and text with commas in the environment."""
    text = "user_owners = ['/a', '/b']"
    environ = {"POSTROAD_IMAP_DOMAINS": "example.com, example.net,"}

    settings = load(tmp_path, text, environ=environ)

    assert settings.user_owners == (Path("/a"), Path("/b"))
    assert settings.imap_domains == ("example.com", "example.net")


def test_named_file(tmp_path: Path):
    """`POSTROAD_CONFIG` names a settings file elsewhere."""
    elsewhere = tmp_path / "elsewhere.toml"
    elsewhere.write_text("retention_days = 7")

    assert load(tmp_path, environ={"POSTROAD_CONFIG": str(elsewhere)}).retention_days == 7


@pytest.mark.parametrize(
    ("text", "environ", "sentence"),
    [
        ("retention_day = 3", {}, "nearest known one is `retention_days`"),
        ("", {"POSTROAD_RETENTION": "3"}, "nearest known one is `retention_days`"),
        ("[[sources]]\npath='a'\ntime_zone='UTC'", {}, "nearest known one is `timezone`"),
        ("[[sources]]\nmta='exim'", {}, "path"),
        ("[[sources]]\npath='a'\ntimezone='Mars/X'", {}, "`timezone` of the source a"),
        ("timezone = 'Mars/X'", {}, "setting `timezone` names the zone 'Mars/X'"),
        ("", {"POSTROAD_TIMEZONE": "../passwd"}, "setting `timezone` names the zone"),
        ("retention_days = 0", {}, "setting `retention_days` cannot be 0"),
        ("retention_days = 'x'", {}, "setting `retention_days` cannot be 'x'"),
        ("listen = '8025'", {}, "setting `listen` cannot be '8025'"),
        ("listen = 'localhost:99999'", {}, "ports end at 65535"),
        ("server = 'ftp://x'", {}, "setting `server` cannot be 'ftp://x'"),
        ("imap = 'mail.example.com'", {}, "setting `imap` cannot be 'mail.example.com'"),
        ("imap = 'imaps://mail.example.com'", {}, "needs `imap_domains`"),
        ("imap = 'imaps://a:99999'\nimap_domains = ['a']", {}, "ports end at 65535"),
        ("socket = ''", {}, "setting `socket` cannot be ''"),
        ("home = '/x'", {}, "set POSTROAD_HOME in the environment"),
        ("x = ", {}, "is not valid TOML"),
        ("", {"POSTROAD_SOURCES": "a"}, "sources are listed in the settings file"),
        ("", {"POSTROAD_CONFIG": "/nowhere/x.toml"}, "/nowhere/x.toml"),
    ],
)
def test_wrong_settings_get_a_sentence(
    tmp_path: Path, text: str, environ: dict[str, str], sentence: str
):
    """A setting that cannot be used is refused with a sentence that names it."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, environ=environ)

    assert sentence in str(caught.value)


def test_unknown_option(tmp_path: Path):
    """A wrong name given by a program is refused like one in the file."""
    with pytest.raises(ConfigError, match="`host`"):
        load(tmp_path, hosts="x")


def test_passwords_are_not_shown(tmp_path: Path):
    """A store address that cannot be used may hold a password, so the message does not repeat it."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "store = ['clickhouse://user:secret@host/db']")

    assert "secret" not in str(caught.value)


def test_variables_invented_by_container_software(tmp_path: Path):
    """Variables that Kubernetes makes for a service named postroad are not taken for settings."""
    environ = {"POSTROAD_PORT": "tcp://192.0.2.1:80", "POSTROAD_SERVICE_HOST": "192.0.2.1"}

    assert load(tmp_path, environ=environ).listen == "127.0.0.1:8025"


def test_system_zone(tmp_path: Path):
    """The zone of the machine is where /etc/localtime leads, else what /etc/timezone says, else UTC."""
    etc = tmp_path / "etc"
    etc.mkdir()
    assert config.system_zone(tmp_path) == "UTC"

    (etc / "timezone").write_text("America/New_York\n")
    assert config.system_zone(tmp_path) == "America/New_York"

    zones = tmp_path / "usr/share/zoneinfo/Europe"
    zones.mkdir(parents=True)
    (zones / "Berlin").touch()
    (etc / "localtime").symlink_to(zones / "Berlin")
    assert config.system_zone(tmp_path) == "Europe/Berlin"


def test_home_is_made_closed_to_others(tmp_path: Path):
    """The home directory is created on request, and only its owner may look into it."""
    settings = config.load(environ={"POSTROAD_HOME": str(tmp_path / "new" / "home")})

    home = config.make_home(settings)

    assert home.stat().st_mode & 0o777 == 0o700


def test_home_that_cannot_be_made(tmp_path: Path):
    """A home that cannot be created is told with the variable that moves it."""
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match="POSTROAD_HOME"):
        config.make_home(config.load(environ={"POSTROAD_HOME": str(tmp_path / "file" / "home")}))


def test_table_describes_every_setting():
    """The table has one row with help and type for every setting, in order."""
    rows = config.table()

    assert config.Settings.__struct_fields__ == tuple(row.name for row in rows)
    assert all(row.help and row.type for row in rows)
    assert {"retention_days": "30"}.items() <= {row.name: row.default for row in rows}.items()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("syslog_listen = ['udp://127.0.0.1:514']", "syslog_peers"),
        ("syslog_listen = ['udp://127.0.0.1']\nsyslog_peers = ['192.0.2.1']", "udp://ADDRESS:PORT"),
        ("syslog_listen = ['udp://[::1]:70000']\nsyslog_peers = ['192.0.2.1']", "ADDRESS:PORT"),
        ("syslog_listen = ['tls://[::1]:6514']\nsyslog_peers = ['192.0.2.1']", "certificate"),
        ("syslog_peers = ['mx1']", "no network"),
        ("[[sources]]\nname = 'x'", "The source x names nothing to read"),
        ("[[sources]]\nmta = 'exim'", "A source names nothing to read"),
        ("[[sources]]\npath = '/x'\npeers = ['192.0.2.1']", "several things"),
        ("[[sources]]\npeers = ['mx1']", "no network"),
        ("[[sources]]\njournal = ['postfix']", "FIELD=value"),
        ("[[sources]]\njournal = ['--file=/etc/passwd']", "FIELD=value"),
    ],
)
def test_sources_that_cannot_be(tmp_path: Path, text: str, said: str):
    """What is to be received from nobody, or read from nowhere, is refused with a sentence."""
    with pytest.raises(ConfigError, match=said):
        load(tmp_path, text)


def test_what_sources_are_called(tmp_path: Path):
    """A source without a name is called after what it reads."""
    text = """
        syslog_listen = ["udp://127.0.0.1:514", "tls://[::1]:6514"]
        syslog_certificate = "/etc/c.pem"
        [[sources]]
        path = "/var/log/mail.log"
        [[sources]]
        journal = ["_SYSTEMD_UNIT=a.service", "+", "SYSLOG_FACILITY=2"]
        path = "/var/log/journal/remote"
        [[sources]]
        peers = ["192.0.2.1", "2001:db8::/64"]
    """
    assert [source.label for source in load(tmp_path, text).sources] == [
        "/var/log/mail.log",
        "journal _SYSTEMD_UNIT=a.service + SYSLOG_FACILITY=2",
        "syslog 192.0.2.1 2001:db8::/64",
    ]
