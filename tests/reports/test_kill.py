"""Killed at any moment of the morning of the first: one report is sent, and none twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.notify import sinks
from tests.reports import pages, traffic
from tests.reports.conftest import House
from tests.reports.test_sent import letters, parts, subscribe

from postroad.state.outbox import SENT, UNCLEAR
from postroad.store import Store

ROOT = Path(__file__).resolve().parent.parent.parent


def start(folder: Path, port: int) -> subprocess.Popen[str]:
    """Start a process over this folder; it is about to look."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.reports.child", folder, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_random(tmp_path, seed):
    """Four times killed while it works out, sets or sends the report, then left alone."""
    chance = random.Random(seed)
    mail = traffic.Mail(count=200)
    with sinks.sink() as sink:
        with Store.open(f"chdb://{tmp_path}/store") as store:
            mail.fill(store)
            traffic.read(store)
            house = House(store, tmp_path, sink.port)
            subscribe(house)
            house.close()
        for _ in range(4):
            with start(tmp_path, sink.port) as process:
                time.sleep(chance.random() * 0.8)
                process.kill()
        with start(tmp_path, sink.port) as process:
            assert process.stdout.readline() == "done\n"
            process.communicate("\n", timeout=60)
        with Store.open(f"chdb://{tmp_path}/store") as store:
            house = House(store, tmp_path, sink.port, traffic.MORNING)
            (letter,) = letters(house)
            (wish,) = house.services.reporting.subscribed(house.viewer("shop"))
            house.close()

    assert letter.key == f"report {wish.id} 2026-10"
    assert wish.due_at > traffic.MORNING
    if letter.status == UNCLEAR:
        # It was killed while the mail server had it: nobody can know, so it is not sent again.
        assert len(sink.envelopes) <= 1
        return
    assert letter.status == SENT
    (content,) = sink.contents
    text, pdf = parts(content)
    truth = mail.of(traffic.OURS)
    sent = sum(truth.by_status(truth.sent).values())
    assert f"{sent} deliveries were sent" in text
    assert f"{sent} deliveries were sent" in pages.text(pdf)
