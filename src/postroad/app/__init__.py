"""The composition root: settings in, a running postroad out.

`create` builds the application and `opened` what it needs; `serve` runs both on a port and a Unix
socket until told to stop; `mounted` runs them inside another program, on a private socket.
"""

from postroad.app.compose import create, opened
from postroad.app.server import mounted, serve

__all__ = ["create", "mounted", "opened", "serve"]
