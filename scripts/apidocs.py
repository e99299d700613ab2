"""The API's own description (OpenAPI) as a document: one heading per route, one per shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from litestar import Litestar

from postroad import api

_METHODS = ("get", "post", "put", "patch", "delete")


def routes() -> str:
    """Every route with its parameters, body and answer, then the shapes that they name."""
    app = Litestar(route_handlers=[api.router()], openapi_config=api.openapi())
    description = api.description(app)
    parts = [
        part
        for path, operations in description["paths"].items()
        for method in _METHODS
        if method in operations
        for part in _route(path, method, operations[method])
    ]
    shapes = description["components"]["schemas"]
    named = [part for name in sorted(shapes) for part in _shape(name, shapes[name])]
    return "\n".join([*parts, "## Shapes\n", *named])


def _route(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {method.upper()} {path}\n"
    yield operation.get("description", operation["summary"]) + "\n"
    rows = [
        (each["name"], each.get("description", "")) for each in operation.get("parameters") or ()
    ]
    if rows:
        yield _table("parameter", rows)
    if body := operation.get("requestBody"):
        yield f"Body: {_contents(body['content'])}.\n"
    yield f"Answer: {_answers(operation['responses'])}.\n"


def _answers(responses: Mapping[str, Any]) -> str:
    fine = [
        _contents(answer["content"]) if answer.get("content") else "nothing"
        for status, answer in sorted(responses.items())
        if status.startswith("2")
    ]
    wrong = [status for status in sorted(responses) if not status.startswith("2")]
    return ", ".join(fine) + (f"; errors {', '.join(wrong)}" if wrong else "")


def _contents(content: Mapping[str, Any]) -> str:
    return " or ".join(
        _type(each.get("schema") or {}) + ("" if kind == "application/json" else f" ({kind})")
        for kind, each in content.items()
    )


def _shape(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {name}\n"
    if "description" in schema:
        yield schema["description"] + "\n"
    rows = [
        (field, ": ".join(filter(None, [_type(kind), kind.get("description", "")])))
        for field, kind in schema.get("properties", {}).items()
    ]
    if rows:
        yield _table("field", rows)


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "oneOf" in schema:
        return " or ".join(_type(each) for each in schema["oneOf"])
    if "enum" in schema:
        return " or ".join("null" if each is None else f"`{each}`" for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = schema.get("type", "anything")
    return kind if isinstance(kind, str) else " or ".join(kind)


def _table(heading: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"| {heading} | |", "|---|---|"]
    lines += [f"| `{name}` | {' '.join(text.split()).replace('|', ' ')} |" for name, text in rows]
    return "\n".join(lines) + "\n"
