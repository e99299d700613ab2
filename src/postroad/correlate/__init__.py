"""Correlate: events in, deliveries out. No clock, file, socket or database.

A message is the set of lines that bear its queue id, each with the event it says. Nothing is
worked out while lines come in; `Correlator.drain()` folds every message that changed into its
deliveries (`fold`), after it has tied together the queue ids that are one story (`family`). The
fold looks at the set, not at the order of arrival, so lines that come late, twice or shuffled
within a second lead to the same rows, and a message that was forgotten is taken up again by
giving it back its stored lines (`Correlator.relearn()`).

Known limits: where queue ids come round again (Postfix's short ids), two lives of one id that
meet within one time stamp are told apart by their order in the log.
"""

from postroad.correlate.asides import MOST_SAID
from postroad.correlate.correlator import Correlator
from postroad.correlate.greylist import WINDOW, Greylist
from postroad.correlate.table import QueueKey

__all__ = ["MOST_SAID", "WINDOW", "Correlator", "Greylist", "QueueKey"]
