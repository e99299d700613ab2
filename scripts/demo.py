"""Shows postroad with the sample logs: imports them, makes three accounts, serves, and explains.

Comes in: demo/demo.toml and demo/logs/, which are moved in time to end yesterday. Goes out: a home
directory, .demo/, made anew each time, and pages on http://127.0.0.1:8025 (POSTROAD_LISTEN names
another port) until Ctrl-C.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from demo.prepare import prepare

ROOT = Path(__file__).resolve().parent.parent
#: Made anew each time, so never taken from the environment: that may name somebody's real home.
HOME = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".demo").absolute()
POSTROAD = Path(sys.executable).with_name("postroad")
#: Seconds that the server has to answer.
_PATIENCE = 60


def main() -> int:
    """Serve, fill it, explain, and wait for the end."""
    demo = tomllib.loads((ROOT / "demo" / "demo.toml").read_text())
    listen = os.environ.get("POSTROAD_LISTEN", "127.0.0.1:8025")
    if _is_answering():
        print("The demo already runs; end it with Ctrl-C where it was started.", file=sys.stderr)
        return 1
    shutil.rmtree(HOME, ignore_errors=True)
    os.environ.update(_settings(listen))
    server = subprocess.Popen([POSTROAD, "serve"], stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    # Ctrl-C reaches the server too: it ends by itself, and then so does the demo.
    try:
        if _is_up(server):
            _load(demo)
            print(_explanation(demo, f"http://{listen}"), flush=True)
        _, said = server.communicate()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _, said = server.communicate()
    except subprocess.CalledProcessError as error:
        server.terminate()
        server.communicate()
        print(error.stderr or "The sample logs could not be loaded.", file=sys.stderr, end="")
        return 1
    if server.returncode:
        print(said, file=sys.stderr, end="")
    else:
        print("\nStopped. `make demo` starts again from the beginning; `make clean` removes it.")
    return server.returncode


def _settings(listen: str) -> dict[str, str]:
    """Only ours: nothing of a real home in this environment may be touched."""
    for name in [name for name in os.environ if name.startswith("POSTROAD_")]:
        del os.environ[name]
    return {"POSTROAD_HOME": str(HOME), "POSTROAD_LISTEN": listen}


def _load(demo: dict[str, Any]) -> None:
    logs = HOME / "logs"
    prepare(logs, datetime.now(UTC).date())
    options = [f"--{name}={value}" for name, value in demo.get("import", {}).items()]
    print("Loading the sample logs ...", flush=True)
    subprocess.run([POSTROAD, "import", *options, "--format", "table", logs], check=True)
    for account in demo["accounts"]:
        command = [POSTROAD, "user", "add", account["name"], "--kind", account["kind"]]
        command += [f"--domain={each}" for each in account.get("domains", ())]
        command += [f"--address={each}" for each in account.get("addresses", ())]
        subprocess.run(
            [*command, "--password-stdin"],
            input=account["password"] + "\n",
            text=True,
            check=True,
            capture_output=True,
        )


def _is_up(server: subprocess.Popen[str]) -> bool:
    until = time.monotonic() + _PATIENCE
    while server.poll() is None and time.monotonic() < until:
        if _is_answering():
            return True
        time.sleep(0.05)
    return False


def _is_answering() -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(HOME / "postroad.sock")) == 0


def _explanation(demo: dict[str, Any], address: str) -> str:
    width = max(len(each["name"]) for each in demo["accounts"])
    words = max(len(each["password"]) for each in demo["accounts"])
    lines = ["", f"postroad serves the samples at {address}", "", "Sign in as"]
    lines += [
        f"  {each['name']:<{width}}  with  {each['password']:<{words}}  {each['tells']}"
        for each in demo["accounts"]
    ]
    command = f"POSTROAD_HOME={os.path.relpath(HOME)} {os.path.relpath(POSTROAD)}"
    lines += ["", "Searches worth trying, on the page or in another terminal"]
    for each in demo["searches"]:
        lines += [f"  # {each['tells']}", f"  {command} {each['run']}"]
    return "\n".join([*lines, "", "Ctrl-C stops it."])


if __name__ == "__main__":
    sys.exit(main())
