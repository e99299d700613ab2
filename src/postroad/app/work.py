"""What runs beside the answers: following the sources, telling people, dropping what is too old."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from postroad.errors import PostroadError
from postroad.model.when import DAY
from postroad.services import Services

_log = logging.getLogger(__name__)

#: Seconds from start to the first clearing, and between two.
_FIRST, _EVERY = 60, 24 * 3600


@contextmanager
def background(services: Services, *, tells: bool) -> Iterator[None]:
    """Work while the block lasts; at its end everything has stopped.

    With `tells` letters are written and sent: by one process alone, the one that serves.
    """
    stop = threading.Event()
    threads = [threading.Thread(target=_clear, args=(services, stop), name="retention")]
    if services.follower:
        follow = services.follower.run
        threads.append(threading.Thread(target=follow, args=(stop,), name="follow"))
    if tells:
        threads.append(threading.Thread(target=services.telling.run, args=(stop,), name="tell"))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        services.telling.wake()
        services.imports.close()
        for thread in threads:
            thread.join()


def _clear(services: Services, stop: threading.Event) -> None:
    """Once a day, drop what is older than it is to be kept."""
    wait = _FIRST
    while not stop.wait(wait):
        wait = _EVERY
        try:
            now = services.now()
            services.store.drop_expired(now)
            kept = services.settings.retention_days * DAY
            services.accounts.audit.drop_before(now - kept)
            services.evidence.forget(now)
        except PostroadError as error:
            _log.warning("Old mail could not be dropped: %s", error)
