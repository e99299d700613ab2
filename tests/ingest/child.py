"""A process that imports or follows, to be killed by a test.

`python -m tests.ingest.child import|follow|receive|journal HOME CHECKPOINT PATH`: prints `open`
when it begins and `done` when an import has ended. SIGTERM ends following in good order. To receive,
PATH is the address to listen on; of a journal, its directory.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from tests.ingest.receiving import receiving
from tests.ingest.world import UTC, World

from postroad.config import Source
from postroad.ingest import Follower, Pipeline


def main(verb: str, home: str, checkpoint: str, path: str) -> None:
    """Do what the arguments say."""
    world = World(Path(home), "killed")
    pipeline = Pipeline(world.store, world.state, checkpoint=int(checkpoint))
    sys.stdout.write("open\n")
    sys.stdout.flush()
    if verb == "import":
        world.load(path, pipeline=pipeline)
        sys.stdout.write("done\n")
    elif verb in ("receive", "journal"):
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        source = {"name": "edge", "mta": "postfix"}
        if verb == "receive":
            values = {"syslog_listen": [path], "sources": [source | {"peers": ["127.0.0.1"]}]}
        else:
            values = {"sources": [source | {"journal": ["SYSLOG_FACILITY=2"], "path": path}]}
        with receiving(world, Path(home), pipeline=pipeline, **values):
            stop.wait()
    else:
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        source = Source(path=path, name="log", mta="auto")
        Follower(world.store, world.state, [source], host="mx1", zone=UTC, pipeline=pipeline).run(
            stop
        )
    pipeline.close()
    world.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
