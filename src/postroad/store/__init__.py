"""Store: deliveries, attempts, log lines and coverage in ClickHouse, embedded or on a server.

Comes in: rows of `postroad.model.delivery` and `postroad.model.coverage`. Goes out: what `ingest`
needs to take a message up again, and an access for `queries`, where all other reading is done.
Rows have deterministic keys, so that writing the same again changes nothing.
"""

from postroad.store.known import Known
from postroad.store.store import QueueKey, Store

__all__ = ["Known", "QueueKey", "Store"]
