"""`make demo`: what it prints is true, and Ctrl-C ends it cleanly."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent


def test_demo(tmp_path: Path):
    """The demo serves, names three accounts that exist and three searches that find something."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    environ = os.environ | {"HOME": str(tmp_path), "POSTROAD_LISTEN": listen}
    demo = subprocess.Popen(
        [sys.executable, "-m", "scripts.demo", tmp_path / "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environ,
        cwd=ROOT,
        start_new_session=True,
    )
    said = ""
    try:
        for line in demo.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        asked = re.findall(r"postroad (search .+)", said)
        found = [_lines(arguments.split(), tmp_path / "demo") for arguments in asked]
        names = {row["name"] for row in _lines(["user"], tmp_path / "demo")}
        page = httpx.get(f"http://{listen}/", follow_redirects=True)
    finally:
        os.killpg(demo.pid, signal.SIGINT)
        rest, _ = demo.communicate(timeout=60)

    assert demo.returncode == 0, said + rest
    assert "Stopped." in rest
    assert "Traceback" not in said + rest
    assert f"http://{listen}" in said
    assert len(asked) == 3
    assert all(found), said
    assert names == set(re.findall(r"^  (\S+) +with ", said, re.MULTILINE))
    assert len(names) == 3
    assert page.status_code == 200


def _lines(arguments: list[str], home: Path) -> list[dict]:
    done = subprocess.run(
        [Path(sys.executable).with_name("postroad"), *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"POSTROAD_HOME": str(home)},
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
