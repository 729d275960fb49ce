"""The OpenAPI documents: valid, and honest about every refusal."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client import REGISTRY

from catalogue import SERVICES
from chassis.http.errors import CODES, CONTENT_TYPE
from tests.contract.apis import APIS, bearer
from tests.contract.problem_codes import DOCUMENTED, refusals

CALLERS: tuple[Mapping[str, str], ...] = ({}, bearer("customer"), bearer("manager"), bearer("admin"))
BODIES: tuple[Any, ...] = (None, {}, {"no_such_field": 1}, {"lines": [{"sku": "NO-SUCH", "quantity": 1}]})
UNKNOWN = {
    "order_id": str(uuid4()),
    "user_id": str(uuid4()),
    "notification_id": str(uuid4()),
    "sku": "NO-SUCH",
    "application": "nosuch",
    "profile": "default",
    "label": "no-such-label",
    "commit": "0000000",
}
PROBED = {
    "config": {401, 403, 404, 409, 422},
    "users": {400, 401, 403, 404, 422},
    "inventory": {401, 403, 404, 422},
    "notifications": {401, 404, 422},
    "orders": {401, 403, 404, 422, 428},
}


class Operation(NamedTuple):
    method: str
    path: str
    responses: Mapping[str, Any]
    parameters: tuple[str, ...]
    signed_in: bool

    def refusal(self, status: str) -> tuple[str, str]:
        """The content type and the schema of a refusal: OAuth 2.0 has its own for its own errors."""
        if self.path.startswith("/api/v1/oauth/") and status in {"400", "401"}:
            return "application/json", "OAuthError"
        return CONTENT_TYPE, "Problem"

    @property
    def url(self) -> str:
        """The path with an id that nothing has."""
        return re.sub(r"{(\w+)}", lambda found: UNKNOWN[found[1]], self.path)


@dataclass
class Api:
    service: str
    client: FlaskClient
    document: Mapping[str, Any]

    def operations(self) -> Iterator[Operation]:
        for path, methods in self.document["paths"].items():
            for method, described in methods.items():
                if method != "parameters":
                    parameters = tuple(each["name"] for each in described.get("parameters", ()))
                    responses = {name: self.resolved(each) for name, each in described["responses"].items()}
                    yield Operation(method.upper(), path, responses, parameters, "security" in described)

    def resolved(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        name = response.get("$ref", "").removeprefix("#/components/responses/")
        return self.document["components"]["responses"][name] if name else response


@pytest.fixture(params=SERVICES)
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    """Each service's API, with the document that it serves to anybody."""
    known = set(REGISTRY._collector_to_names)  # noqa: SLF001 - each app registers its metrics; one registry per process
    client = APIS[request.param]().test_client()
    document: Any = client.get(f"/api/v1/{request.param}/openapi.json").get_json()
    yield Api(request.param, client, document)
    for collector in set(REGISTRY._collector_to_names) - known:  # noqa: SLF001 - as above
        REGISTRY.unregister(collector)


def test_document_is_valid(api: Api) -> None:
    """OpenAPI 3.1, by the specification's own schema."""
    assert api.document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(api.document).iter_errors()) == []


def test_refusals_are_problems(api: Api) -> None:
    """Every answer from 400 on is problem+json, the one for all others included, but for OAuth 2.0's own."""
    for operation in api.operations():
        refused = {name: each for name, each in operation.responses.items() if name == "default" or int(name) >= 400}
        assert "default" in refused
        for name, response in refused.items():
            content_type, schema = operation.refusal(name)
            assert (operation.path, name, list(response["content"])) == (operation.path, name, [content_type])
            assert response["content"][content_type]["schema"] == {"$ref": f"#/components/schemas/{schema}"}


def test_token_is_asked_for_as_documented(api: Api) -> None:
    """Who says nothing of himself is refused by exactly those operations that name a security scheme."""
    for operation in api.operations():
        answer = api.client.open(operation.url, method=operation.method)
        assert (operation.path, answer.status_code == 401) == (operation.path, operation.signed_in)


def test_refusals_that_are_met_are_documented(api: Api) -> None:
    """Each operation, asked wrongly in every way, refuses as its document says."""
    schemas = api.document["components"]["schemas"]
    met: set[int] = set()
    for operation in api.operations():
        for headers in CALLERS:
            for body in BODIES:
                answer = api.client.open(operation.url, method=operation.method, json=body, headers=headers)
                if answer.status_code >= 400:
                    met.add(answer.status_code)
                    assert str(answer.status_code) in operation.responses, (operation.method, operation.path, answer)
                    content_type, schema = operation.refusal(str(answer.status_code))
                    assert answer.content_type == content_type
                    Draft202012Validator(schemas[schema]).validate(answer.get_json())
    assert met == PROBED[api.service]


def test_refusals_of_the_domain_are_named(api: Api) -> None:
    """A client finds each code beside the operation that gives it."""
    named = [
        (int(status), response["description"])
        for operation in api.operations()
        for status, response in operation.responses.items()
        if status != "default"
    ]
    own = {code for code in refusals(api.service) if code not in CODES.values()}
    assert own
    for code in own:
        assert any(status == DOCUMENTED[code] and code in words for status, words in named), code


@pytest.mark.parametrize(
    ("api", "header", "operations"),
    [
        ("orders", "Idempotency-Key", {("POST", "/api/v1/orders")}),
        ("orders", "If-Match", {("PATCH", "/api/v1/orders/{order_id}")}),
        ("inventory", "Idempotency-Key", {("POST", "/api/v1/products"), ("POST", "/api/v1/products/{sku}/stock")}),
    ],
    indirect=["api"],
)
def test_headers_that_decide_are_documented(api: Api, header: str, operations: set[tuple[str, str]]) -> None:
    """The version that a change is about, and the key of a request that may be repeated."""
    assert {(each.method, each.path) for each in api.operations() if header in each.parameters} == operations
