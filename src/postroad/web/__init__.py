"""Web pages: server-rendered, small, and complete without JavaScript.

A session cookie says who asks. Text out of logs is data: escaped, isolated in its direction, its
control characters made visible. No page loads anything from elsewhere.
"""

from postroad.web.failures import failed
from postroad.web.routes import routes

__all__ = ["failed", "routes"]
