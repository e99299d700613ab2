"""Logs that other projects test themselves with are understood, and as those projects say.

The logs stand beside the repository; where they are absent, these tests are skipped.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from postroad.model.event import (
    NOISE,
    Arrived,
    Attempted,
    Described,
    Ended,
    EndKind,
    Linked,
    LinkKind,
    Noted,
    Rejected,
    SessionTls,
)
from postroad.model.status import Outcome
from postroad.parsers.clock import Clock
from postroad.parsers.postfix import Reader
from postroad.parsers.postfix.ids import LEADING

NEWEST = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000
#: Fragments of lines, which no line consists of alone.
FRAGMENTS = ("command_counter_data", "delays", "relay", "tls_features_0007", "tls_features_0008")
OUTCOMES = {
    "sent": Outcome.DELIVERED,
    "deferred": Outcome.DEFERRED,
    "bounced": Outcome.FAILED,
}


@pytest.fixture(scope="module")
def logs(request):
    """Find the folder with the logs."""
    if elsewhere := os.environ.get("POSTROAD_CORPORA"):
        return Path(elsewhere)
    return request.getfixturevalue("corpora")


def new_reader():
    """Make a reader of a log in UTC."""
    return Reader("log.example.com", Clock(ZoneInfo("UTC"), NEWEST))


def lines_of(path):
    """Give a log's lines; `#` begins a remark of the project that keeps it."""
    text = path.read_bytes().decode("utf-8", "backslashreplace")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def unknown_lines(path):
    """Give the lines of a log that are not understood."""
    reader = new_reader()
    return [line for line in lines_of(path) if reader.read(line) is None]


def belongs_to_a_message(line):
    """Whether a queue id begins the text of a line of Postfix."""
    text = line.partition("]: ")[2]
    found = LEADING.match(text) or LEADING.match(text.partition(": ")[2])
    return bool(found and found[1] != "NOQUEUE")


def patterns(folder):
    """Give name, daemon, text and expected fields of every pattern file."""
    for path in sorted((folder / "postfix-patterns").glob("*.yaml")):
        case = yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - the safest there is
        daemon = re.sub(r"_\d+$", "", path.stem)
        daemon = "smtp" if daemon == "tls_features" else daemon.replace("_", "-")
        yield path.stem, daemon, case["data"], case["results"]


def key_values(fields):
    """Take the `from=<> to=<> proto= helo=<>` of a pattern's expectation apart."""
    text = fields.get("postfix_keyvalue_data", "")
    return dict(re.findall(r"(\w+)=<?([^>, ]*)>?", text))


def test_scenarios_are_understood(logs):
    """No line of the Postfix stories is unknown, whatever program wrote it."""
    found = sorted((logs / "postfix-scenarios").glob("*.log"))

    assert found
    assert {path.name: [] for path in found} == {path.name: unknown_lines(path) for path in found}


def test_sessions_and_refusals_are_understood(logs):
    """No line of the logs of refused and failed sessions is unknown."""
    found = [*sorted((logs / "crowdsec").glob("post*/*.log")), logs / "fail2ban" / "postfix"]

    assert len(found) > 5
    assert {path.name: [] for path in found} == {path.name: unknown_lines(path) for path in found}


def test_no_line_with_a_queue_id_is_noise(logs):
    """What names a message is an event of that message, in every story."""
    reader = new_reader()
    lost = [
        line
        for path in sorted((logs / "postfix-scenarios").glob("*.log"))
        for line in lines_of(path)
        if belongs_to_a_message(line) and reader.read(line) is NOISE
    ]

    assert lost == []


def test_lives_add_up(logs):
    """In the story of reused queue ids every removal closes one arrival, and only one."""
    reader = new_reader()
    kinds = Counter()
    alive = set()
    for line in lines_of(logs / "postfix-scenarios" / "14_reuse_of_queueid.log"):
        event = reader.read(line)
        kinds[type(event)] += 1
        if isinstance(event, Arrived):
            assert event.queue_id not in alive
            alive.add(event.queue_id)
        if isinstance(event, Ended):
            alive.remove(event.queue_id)

    assert kinds[Attempted] == kinds[Ended]
    assert kinds[Arrived] == kinds[Ended] + len(alive)


def test_patterns_are_understood(logs):
    """Every text of the pattern collection that is a line by itself is understood."""
    unknown = {
        name: text
        for name, daemon, text, _ in patterns(logs)
        if not name.startswith(FRAGMENTS) and is_a_line(name) and read(daemon, text) is None
    }

    assert unknown == {}


def is_a_line(name):
    """Whether a pattern is a line: those of TLS features from 7 on are parts of one."""
    return not (name.startswith("tls_features") and int(name[-4:]) > 6)


def read(daemon, text):
    """Read one text of one daemon."""
    return new_reader().read(f"Feb  1 13:17:02 mail postfix/{daemon}[4711]: {text}")


def test_patterns_name_the_same_queue_ids(logs):
    """The queue id of a line is the one that its pattern expects."""
    for name, daemon, text, fields in patterns(logs):
        expected = fields.get("postfix_queueid", "")
        if not expected or name.startswith(FRAGMENTS):
            continue
        event = read(daemon, text)
        if event is not NOISE:
            assert expected.replace("NOQUEUE", "") == event.queue_id, name


def test_patterns_of_deliveries_agree(logs):
    """Address, relay, codes and reply of a delivery line are those that its pattern expects."""
    checked = 0
    for name, daemon, text, fields in patterns(logs):
        status = fields.get("postfix_status", "sent" if ", status=sent" in text else "")
        if ", relay=" not in text:
            continue
        event = read(daemon, text)
        checked += 1
        if "deliverable" in status:
            assert isinstance(event, Noted), name
            continue
        values = key_values(fields)
        assert isinstance(event, Attempted), name
        expected = Outcome.DISCARDED if daemon == "discard" else OUTCOMES[status]
        assert expected is event.outcome, name
        assert values["to"] == event.address, name
        assert values.get("orig_to", "") == event.original, name
        assert float(values["delay"]) == event.delay, name
        assert values.get("tls", "") == event.tls, name
        host, _, ip = values["relay"].partition("[")
        if "/" not in ip and ip:
            assert (host, ip.partition("]")[0]) == (event.remote_host, event.remote_ip), name
        reply = [value for key, value in fields.items() if key.endswith("_response")]
        assert not reply or reply[0] == event.reply, name
    assert checked > 20


def test_patterns_of_refusals_agree(logs):
    """Client, addresses, command and codes of a refusal are those that its pattern expects."""
    checked = 0
    for name, daemon, text, fields in patterns(logs):
        event = read(daemon, text) if not name.startswith(FRAGMENTS) else None
        if not isinstance(event, Rejected):
            continue
        checked += 1
        values = key_values(fields)
        assert values.get("from", "") == event.sender, name
        assert ("from" in values) is event.has_sender, name
        assert values.get("to", "") == event.recipient, name
        assert values.get("helo", "") == event.helo, name
        assert values.get("proto", "") == event.protocol, name
        for field, attribute in (
            ("postfix_status_code", "smtp_code"),
            ("postfix_status_code_enhanced", "enhanced_code"),
            ("postfix_smtp_stage", "command"),
            ("postfix_client_ip", "client_ip"),
            ("postfix_proxy_message", "reply"),
        ):
            if field in fields:
                assert fields[field] == str(getattr(event, attribute)), (name, field)
        if "postfix_status_message" in fields:
            assert fields["postfix_status_message"] in event.reply, name
        client = fields.get("postfix_client_hostname", "unknown")
        assert client in {event.client_host, "unknown"}, name
    assert checked > 10


def test_patterns_of_tls_sessions_agree(logs):
    """Peer, port and cipher of a TLS session are those that its pattern expects."""
    checked = 0
    for name, daemon, text, fields in patterns(logs):
        event = read(daemon, text)
        if not isinstance(event, SessionTls):
            continue
        checked += 1
        way = "relay" if event.outgoing else "client"
        assert fields[f"postfix_{way}_hostname"] == event.peer_host, name
        assert fields[f"postfix_{way}_ip"] == event.peer_ip, name
        assert fields.get(f"postfix_{way}_port", "None") == str(event.peer_port), name
        assert event.tls.startswith(fields["postfix_tls_version"]), name
        assert fields["postfix_tls_cipher"] in event.tls, name
    assert checked > 5


def test_patterns_of_notifications_agree(logs):
    """Which notification went out, and to whom, is what its pattern expects."""
    kinds = {
        ("sender", "non-delivery"): LinkKind.BOUNCED_AS,
        ("postmaster", "non-delivery"): LinkKind.POSTMASTER_NOTIFIED_AS,
        ("sender", "delay"): LinkKind.DELAY_NOTIFIED_AS,
        ("sender", "delivery status"): LinkKind.DSN_SENT_AS,
    }
    for name, daemon, text, fields in patterns(logs):
        if daemon == "bounce":
            event = read(daemon, text)
            about = fields["postfix_bounce_recipient"], fields["postfix_bounce_reason"]
            assert isinstance(event, Linked), name
            assert (kinds[about], fields["postfix_bounce_queueid"]) == (event.kind, event.other)


def test_patterns_of_the_queue_agree(logs):
    """Senders, message ids, removals and holds are what their patterns expect."""
    for name, daemon, text, fields in patterns(logs):
        if name.startswith(FRAGMENTS):
            continue
        event = read(daemon, text)
        if "postfix_message-id" in fields:
            assert isinstance(event, Described), name
            assert fields["postfix_message-id"] == event.message_id, name
        if fields.get("postfix_status") == "expired":
            assert isinstance(event, Ended), name
            assert event.kind is EndKind.EXPIRED, name
        if daemon == "postsuper" and fields.get("postfix_postsuper_action") == "removed":
            assert event.kind is EndKind.REMOVED, name
        if fields.get("postfix_postsuper_action") == "placed on hold":
            assert event.waiting == "on hold", name
        if daemon == "pickup":
            values = key_values(fields)
            assert isinstance(event, Arrived), name
            assert (values["from"], f"uid:{values['uid']}") == (event.sender, event.user), name
