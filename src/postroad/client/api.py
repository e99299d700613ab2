"""API v1 as methods. Answers are the JSON objects themselves, so that nothing is lost between.

Every method raises the exception that the API names (`postroad.errors`), or `ClientError` where
nobody answers or something else than postroad does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import msgspec

from postroad.errors import (
    AccessError,
    ClientError,
    ConfigError,
    PostroadError,
    SearchError,
    SourceError,
    StateError,
    StoreError,
)

#: The largest page that the API gives.
LARGEST_PAGE = 1000

_ERRORS: dict[str, type[PostroadError]] = {
    "search": SearchError,
    "invalid": ConfigError,
    "config": ConfigError,
    "source": SourceError,
    "access": AccessError,
    "store": StoreError,
    "state": StateError,
}


#: Asks for frames; what stands before each piece: rows so far, octets of the piece.
_FRAMES = {"frames": "true"}
_FRAME = struct.Struct(">QI")
#: Instead of rows: the piece is a sentence that says why the file ends there.
_BROKEN = 2**64 - 1
#: Octets of a piece that nobody sends.
_LARGEST_FRAME = 1 << 30


class Export(NamedTuple):
    """A file that comes piece by piece."""

    #: How many rows there are to be.
    total: int
    #: Rows so far, and the octets that come next; what keeps it from its end is raised.
    pieces: Iterator[tuple[int, bytes]]


class Client:
    """Asks one postroad. `where` says in messages whom."""

    def __init__(self, http: httpx.Client, where: str) -> None:
        """Take an HTTP client whose base address is that postroad."""
        self._http = http
        self._where = where

    def pages(self, question: Mapping[str, str], limit: int) -> Iterator[dict[str, Any]]:
        """Pages of deliveries, newest first, `limit` deliveries in all; 0 for all there are.

        The last page has a `next_cursor` if the limit and not the end was reached.
        """
        cursor = ""
        left = limit
        while True:
            size = min(left, LARGEST_PAGE) if limit else LARGEST_PAGE
            page = self._get("deliveries", {**question, "limit": str(size), "cursor": cursor})
            yield page
            left -= len(page["deliveries"])
            cursor = page["next_cursor"] or ""
            if not cursor or (limit and left <= 0):
                return

    @contextmanager
    def export(self, question: Mapping[str, str]) -> Iterator[Export]:
        """Everything that answers the question, as a file that comes piece by piece.

        `format` is csv, json or parquet; `fields` are all unless named.
        """
        asked = {name: value for name, value in question.items() if value}
        try:
            with self._http.stream("GET", _path("export"), params=asked | _FRAMES) as answer:
                if answer.is_error:
                    answer.read()
                    raise self._refusal(answer)
                total = answer.headers.get("postroad-total", "")
                if not total.isdigit():
                    raise self._stranger()
                yield Export(int(total), self._frames(answer.iter_raw()))
        except httpx.HTTPError as error:
            raise self._silence(error) from error

    def _frames(self, pieces: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
        """Rows so far and octets, until the frame that ends the file."""
        held = bytearray()
        for piece in pieces:
            held += piece
            while len(held) >= _FRAME.size:
                rows, length = _FRAME.unpack_from(held)
                if length > _LARGEST_FRAME:
                    raise self._stranger()
                if len(held) < _FRAME.size + length:
                    break
                content = bytes(held[_FRAME.size : _FRAME.size + length])
                del held[: _FRAME.size + length]
                if rows == _BROKEN:
                    raise PostroadError(content.decode("utf-8", "replace"))
                yield rows, content
                if not length:
                    return
        message = f"{self._where} stopped answering in the middle of the export."
        raise ClientError(message)

    def counts(self, question: Mapping[str, str]) -> dict[str, Any]:
        """How many deliveries answer the question, by status, and in all."""
        return self._get("counts", question)

    def delivery(self, name: str) -> dict[str, Any]:
        """One delivery by its id, with attempts, log lines, family and verdict."""
        return self._get(f"deliveries/{quote(name, safe='')}")

    def make_evidence(self, name: str, order: Mapping[str, Any]) -> dict[str, Any]:
        """Evidence of a delivery by its id: the signed file, the PDF, the link."""
        return self._send("POST", f"deliveries/{quote(name, safe='')}/evidence", order)

    def status(self) -> dict[str, Any]:
        """Version, account, zone and how far reading has come."""
        return self._get("status")

    def doctor(self) -> list[dict[str, Any]]:
        """What is well and what is not."""
        return list(self._get("doctor")["findings"])

    def sources(self) -> dict[str, Any]:
        """What is read, how far, and what hinders it."""
        return self._get("sources")

    def unknown(self, limit: int, *, mask: bool = False) -> list[dict[str, Any]]:
        """A sample of lines that were not understood; `mask`: without anybody's name."""
        asked = {"limit": str(limit), **({"mask": "true"} if mask else {})}
        return list(self._get("unknown", asked)["unknown"])

    def trace(self, address: str) -> dict[str, Any]:
        """Where mail for an address would go now."""
        return self._get("trace", {"address": address})

    def deliverability(self, domain: str, selectors: Iterable[str] = ()) -> dict[str, Any]:
        """How a sending domain stands."""
        return self._get("deliverability", {"domain": domain, "selector": ",".join(selectors)})

    def probe(self, address: str) -> list[dict[str, Any]]:
        """What the servers that an address leads to say now."""
        return list(self._send("POST", "probe", {"address": address})["probes"])

    def report(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """The figures of a period: of, period, date, timezone."""
        return self._get("report", asked)

    def report_file(self, form: str, asked: Mapping[str, str]) -> bytes:
        """The same as `pdf` or `text`, in a language too."""
        given = {name: value for name, value in asked.items() if value}
        return self._octets("GET", f"report/{form}", params=given)

    def users(self) -> list[dict[str, Any]]:
        """Every account."""
        return list(self._get("users")["users"])

    def add_user(self, account: Mapping[str, Any]) -> dict[str, Any]:
        """Create an account: name, kind, password, domains, addresses, logins."""
        return self._send("POST", "users", account)

    def change_user(self, name: str, change: Mapping[str, Any]) -> dict[str, Any]:
        """Change what is given of an account."""
        return self._send("PATCH", f"users/{quote(name, safe='')}", change)

    def remove_user(self, name: str) -> None:
        """Remove an account, with its sessions and tokens."""
        self._send("DELETE", f"users/{quote(name, safe='')}")

    def tokens(self) -> list[dict[str, Any]]:
        """Every token, without its secret."""
        return list(self._get("tokens")["tokens"])

    def add_token(self, token: Mapping[str, Any]) -> dict[str, Any]:
        """Create a token: label, account, days. Its secret is in the answer, and only there."""
        return self._send("POST", "tokens", token)

    def remove_token(self, name: str) -> None:
        """Revoke a token by its id."""
        self._send("DELETE", f"tokens/{quote(name, safe='')}")

    def pasted(self, text: bytes) -> dict[str, str]:
        """The question that finds the mail that a text is about."""
        headers = {"Content-Type": "text/plain"}
        return dict(self._answer("POST", "pasted", content=text, headers=headers)["values"])

    def hand_in(self, message: bytes) -> int:
        """Hand in a message as a receipt; of how many recipients it tells."""
        answer = self._answer(
            "POST", "receipts", content=message, headers={"Content-Type": "message/rfc822"}
        )
        return int(answer["receipts"])

    def import_paths(self, order: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Import paths that the asked postroad can read.

        Yields steps: objects with one key, `progress` or `problem`, and `result` at the end.
        """
        return self._steps("imports", json=dict(order))

    def import_stream(
        self, body: Iterable[bytes], order: Mapping[str, str]
    ) -> Iterator[dict[str, Any]]:
        """Import bytes of a log as they come; yields steps as `import_paths` does."""
        return self._steps(
            "imports",
            content=body,
            params=order,
            headers={"Content-Type": "application/octet-stream"},
        )

    def _steps(self, route: str, **options: Any) -> Iterator[dict[str, Any]]:
        is_done = False
        try:
            with self._http.stream("POST", _path(route), **options) as answer:
                if answer.is_error:
                    answer.read()
                    raise self._refusal(answer)
                for line in answer.iter_lines():
                    if line.strip():
                        step = self._object(line)
                        if "error" in step:
                            raise _error(step)
                        is_done = "result" in step
                        yield step
        except httpx.HTTPError as error:
            raise self._silence(error) from error
        if not is_done:
            message = f"{self._where} stopped answering in the middle of the import."
            raise ClientError(message)

    def _get(self, route: str, parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
        asked = {name: value for name, value in (parameters or {}).items() if value}
        return self._answer("GET", route, params=asked)

    def _send(
        self, method: str, route: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return self._answer(method, route, json=dict(body) if body is not None else None)

    def _answer(self, method: str, route: str, **options: Any) -> dict[str, Any]:
        content = self._octets(method, route, **options)
        return self._object(content) if content else {}

    def _octets(self, method: str, route: str, **options: Any) -> bytes:
        try:
            answer = self._http.request(method, _path(route), **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._silence(error) from error
        if answer.is_error:
            raise self._refusal(answer)
        return answer.content

    def _object(self, text: str | bytes) -> dict[str, Any]:
        try:
            return msgspec.json.decode(text, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._stranger() from error

    def _refusal(self, answer: httpx.Response) -> PostroadError:
        try:
            return _error(msgspec.json.decode(answer.content, type=dict[str, Any]))
        except (msgspec.DecodeError, KeyError):
            return self._stranger(f" (HTTP status {answer.status_code})")

    def _stranger(self, detail: str = "") -> ClientError:
        message = f"{self._where} answers, but not as a postroad does{detail}."
        return ClientError(message)

    def _silence(self, error: Exception) -> ClientError:
        message = f"{self._where} does not answer: {str(error) or type(error).__name__}."
        return ClientError(message)


def _path(route: str) -> str:
    return f"/api/v1/{route}"


def _error(answer: Mapping[str, Any]) -> PostroadError:
    """The exception that an error object names, with its sentence and exit status."""
    if "detail" in answer:
        return _ERRORS.get(answer["error"], PostroadError)(answer["detail"])
    error = PostroadError(answer["error"])
    error.exit_status = int(answer.get("exit_status", error.exit_status))
    return error
