"""A client of postroad's own API v1.

In: settings that tell where to ask. Out: the API's answers as plain values; its errors as the
exceptions of `postroad.errors`. One code path for three places: the Unix socket of a `serve` that
runs here, HTTPS to another machine, or the same application mounted in this process.
"""

from postroad.client.api import Client
from postroad.client.connect import Mount, connect, is_running

__all__ = ["Client", "Mount", "connect", "is_running"]
