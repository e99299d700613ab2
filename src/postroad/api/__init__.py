"""The REST API, version 1: the same questions and answers as everywhere, as JSON.

A bearer token, a session cookie or the Unix socket says who asks; every answer is of their scope.
Names, limits and shapes are in `shapes` and served as OpenAPI at `/api/v1/openapi.json`.
"""

from postroad.api.routes import PATH, description, openapi, router

__all__ = ["PATH", "description", "openapi", "router"]
