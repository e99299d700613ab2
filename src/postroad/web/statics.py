"""Style, script and icons: a few small files, read once, at addresses that change with them."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from importlib import resources
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@get("/static/{version:str}/{name:str}", include_in_schema=False, sync_to_thread=False)
def static_file(
    request: Request[Any, Any, Any], version: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    """One of our own files; browsers keep it, for another content has another address.

    It goes out packed to whoever can unpack it. Pages never do: they hold keys and what somebody
    typed side by side, and the length of a packed page would tell one from the other (BREACH).
    """
    found = _files().get(name)
    if found is None or found[0] != version:
        raise NotFoundException
    kind = _TYPES[name[name.rindex(".") :]]
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(found[1], media_type=kind, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(_packed(name), media_type=kind, headers=headers)


def address(name: str) -> str:
    """Where a page finds the file of this name."""
    return f"/static/{_files()[name][0]}/{name}"


@cache
def _packed(name: str) -> bytes:
    return gzip.compress(_files()[name][1], mtime=0)


@cache
def _files() -> dict[str, tuple[str, bytes]]:
    folder = resources.files("postroad.web") / "static"
    found = {}
    for file in folder.iterdir():
        content = file.read_bytes()
        found[file.name] = (hashlib.blake2b(content, digest_size=4).hexdigest(), content)
    return found
