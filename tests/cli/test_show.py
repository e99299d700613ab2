"""`postroad show`: one message with its evidence, by any of its ids."""

from __future__ import annotations

import json


def shown(archive, name: str) -> list[dict]:
    """What `show` writes as JSON lines."""
    done = archive.run("show", name, "--format", "json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_recipient_of_a_queue_id(archive):
    """A queue id shows each of its recipients, with attempts, log lines and a verdict."""
    details = shown(archive, "1vwyC9-000000001If-00WG")

    assert {each["delivery"]["recipient"] for each in details} == {
        "zoe@far.example",
        "cara@shop.example",
    }
    assert all(each["verdict"] and each["attempts"] for each in details)
    assert all("<= anna@shop.example" in each["log_lines"][0]["text"] for each in details)


def test_delivery_id_and_message_id(archive):
    """A delivery id shows that one; a Message-ID, with or without brackets, all of the message."""
    (first, second) = shown(archive, "<order-1@shop.example>")

    assert shown(archive, first["delivery"]["id"]) == [first]
    assert shown(archive, "order-1@shop.example") == [first, second]


def test_text_for_people(archive):
    """As text: verdict, facts on the reader's clock, the remote reply verbatim, the raw lines."""
    text = archive.run("show", "1vwyGy-000000001Ig-0001").stdout

    assert text.startswith("failed")
    assert "2026-03-02 17:05:00 (Asia/Tokyo, UTC+09:00)" in text
    assert "550 5.1.1 <gone@far.example>: no such user" in text
    assert "1vwyGy-000000001Ig-0001 Completed" in text


def test_what_a_sender_wrote_stays_text(archive):
    """A subject with an escape sequence and words of the log is shown, not obeyed."""
    text = archive.run("show", "1vwyGy-000000001Ig-0001").stdout

    assert "status=sent" in text
    assert "\x1b" not in text
    (detail,) = shown(archive, "1vwyGy-000000001Ig-0001")
    assert detail["delivery"]["status"] == "failed"


def test_unknown_id(archive):
    """An id that names nothing ends with status 1 and a sentence."""
    done = archive.run("show", "1vwyGy-000000001Ig-9999")

    assert (done.returncode, done.stdout) == (1, "")
    assert "1vwyGy-000000001Ig-9999" in done.stderr


def test_a_mailing_is_shown_in_short(postroad):
    """Of many recipients the first are shown whole, the others in a line each, lines only once."""
    id_ = "1vwyGy-000000001Ig-0900"
    said = [f"2026-03-02 08:05:00 {id_} <= news@shop.example U=news P=local S=900"]
    for number in range(40):
        how = "R=dnslookup T=remote_smtp H=mx.far.example [192.0.2.9]"
        said.append(f'2026-03-02 08:05:01 {id_} => r{number}@far.example {how} C="250 ok"')
    said.append(f"2026-03-02 08:05:02 {id_} Completed")
    log = "".join(f"{each}\n" for each in said)
    postroad.environ["POSTROAD_RETENTION_DAYS"] = "36500"
    done = postroad.run("import", "--timezone", "UTC", "-", stdin=log)
    assert done.returncode == 0, done.stderr

    text = postroad.run("show", id_).stdout

    for number in range(40):
        assert f"r{number}@far.example" in text
    assert text.count(f"{id_} Completed") == 1
    assert text.count("Log lines: the same 42 as above") == 9
    assert text.count("29 more recipients of the same message") == 10
    assert len(text.split("More recipients (")[1].splitlines()) == 31
