"""The composition root: settings in, a running postroad out.

`create` builds the application over an opened store and state; `serve` runs it on a port and a
Unix socket until told to stop; `mounted` runs it inside another program, on a private socket.
"""

from postroad.app.compose import create
from postroad.app.server import mounted, serve

__all__ = ["create", "mounted", "serve"]
