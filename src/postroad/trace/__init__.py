"""Where an address leads now: the mail server's own routing, and DNS.

In goes an address, out comes a `Route` (`model.route`). Nothing of the store is needed, and no
message is sent. Every question has a time limit and a bound on its answer.
"""

from postroad.trace.asked import checked
from postroad.trace.way import Tools, tools, trace

__all__ = ["Tools", "checked", "tools", "trace"]
