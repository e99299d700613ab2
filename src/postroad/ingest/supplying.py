"""Everything that fills spools, by the settings: the syslog receiver and the journals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from postroad.config import Settings
from postroad.errors import ConfigError
from postroad.sources.journal import Journal
from postroad.sources.receiver import Receiver
from postroad.sources.spool import Spools
from postroad.sources.supply import Supplied, Supplier, left

#: Octets of the settings' unit.
_MILLION = 1_000_000


@contextmanager
def supplying(settings: Settings) -> Iterator[tuple[list[Supplier], list[Supplied]]]:
    """Suppliers at work while the block lasts, and what earlier runs left in spools.

    Raises `ConfigError` where it is not possible to listen, or to keep what is received.
    """
    directory = settings.home / "spool"
    spools = Spools(directory, settings.spool_megabytes * _MILLION)
    suppliers: list[Supplier] = []
    try:
        try:
            if settings.syslog_listen:
                suppliers.append(Receiver(settings, spools))
            suppliers += [
                Journal(source, spools, host=source.host or settings.host)
                for source in settings.sources
                if source.journal
            ]
            found = left(spools, settings.sources)
        except OSError as error:
            message = f"Nothing can be kept in {directory}: {error.strerror}."
            raise ConfigError(message) from error
        for each in suppliers:
            each.start()
        yield suppliers, found
    finally:
        for each in suppliers:
            each.close()
        spools.close()
