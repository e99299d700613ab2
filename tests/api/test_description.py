"""The API's description is true: whatever it allows is answered as it says."""

from __future__ import annotations

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from tests.web.served import Served

from postroad import api, app, config

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture(scope="module")
def token(served: Served) -> str:
    """A token of an administrator."""
    with served.administrator() as administrator:
        order = {"label": "description", "account": "root"}
        made: str = administrator.post("/tokens", json=order).json()["token"]
        return made


def operations() -> dict[str, APIOperation]:
    """Every method of every path, from the description that the application gives."""
    where = config.load({"home": "/nonexistent"}, environ={})
    described = api.description(app.create(where))
    found = schemathesis.openapi.from_dict(described).get_all_operations()
    return {each.ok().label: each.ok() for each in found}


OPERATIONS = operations()


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_as_described(served: Served, token: str, name: str):
    """No request, sensible or not, gets an answer that the description does not tell of."""

    @given(OPERATIONS[name].as_strategy())
    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        # A check of a domain may take its ten seconds where DNS does not answer.
        case.call_and_validate(base_url=served.url, headers=headers, checks=CHECKS, timeout=60)

    ask()


def test_the_description_names_every_route(served: Served):
    """Every route of the API is described, with words and with its failures."""
    answer = httpx.get(f"{served.url}/api/v1/openapi.json").json()

    assert answer["info"]["title"] == "postroad"
    for path, operations in answer["paths"].items():
        assert path.startswith("/api/v1/")
        for operation in operations.values():
            assert operation["description"]
            if not path.endswith("/health"):
                is_open = {} in operation["security"]
                failures = {"422", "503"} if is_open else {"401", "422", "503"}
                assert failures <= set(operation["responses"])


def test_what_imports_take_is_described(served: Served):
    """An order as JSON, or the log itself."""
    answer = httpx.get(f"{served.url}/api/v1/openapi.json").json()
    body = answer["paths"]["/api/v1/imports"]["post"]["requestBody"]

    assert body["required"]
    assert {*body["content"]} == {"application/json", "application/octet-stream"}
