"""The HTTP API over a store in memory."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from apps.inventory import service
from apps.inventory.api.app import create_app
from apps.inventory.api.parts import ApiParts
from apps.inventory.repositories import UnitOfWork, UnitOfWorkFactory
from chassis.http.idempotency import Once
from chassis.messaging.events import Event
from chassis.settings import TokenSettings
from chassis.times import utc_now
from tests.unit.inventory.fakes import LATER, Store

PRODUCT = {"sku": "BAG", "name": "Canvas bag", "price": {"amount": "14.00", "currency": "EUR"}, "stock": 7}
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class OneKey:
    """Knows the tests' key."""

    def find(self, kid: str) -> Any | None:
        return KEY.public_key() if kid == "test" else None


def bearer(*roles: str, scope: str = "api") -> dict[str, str]:
    """The headers of a caller with these roles."""
    settings, now = TokenSettings(), utc_now()
    claims = {
        "sub": str(uuid4()), "scope": scope, "roles": roles,
        "iss": settings.token_issuer, "aud": settings.token_audience, "iat": now,
        "exp": now + timedelta(hours=1), "jti": str(uuid4()), "type": "access", "fresh": False,
    }  # fmt: skip
    return {"Authorization": f"Bearer {jwt.encode(claims, KEY, 'RS256', {'kid': 'test'})}"}


MANAGER = bearer("manager")


class Api:
    """The API and its store."""

    def __init__(self, unit_of_work: UnitOfWorkFactory | None = None) -> None:
        self.store = Store(MUG=5)
        parts = ApiParts(unit_of_work or self.store, OneKey(), TokenSettings(), outages=(ConnectionError,))
        self.client: FlaskClient = create_app(parts).test_client()

    def call(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> TestResponse:
        return self.client.open(path, method=method, json=body, headers=MANAGER if headers is None else headers)


@pytest.fixture
def api() -> Api:
    """A shop with five mugs."""
    return Api()


def test_product_is_created(api: Api) -> None:
    """The answer is the product; its stock is there."""
    answer = api.call("POST", "/api/v1/products", PRODUCT)
    assert (answer.status_code, answer.get_json()) == (
        201,
        {
            "sku": "BAG", "name": "Canvas bag", "description": "",
            "price": {"amount": "14.00", "currency": "EUR"}, "active": True,
        },
    )  # fmt: skip
    assert api.store.numbers("BAG") == (7, 0, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sku", "bag"),
        ("sku", "BAG\n"),
        ("sku", "A" * 41),
        ("name", ""),
        ("name", "two\nlines"),
        ("name", "a\0b"),
        ("description", "\ud800"),
        ("price", {"amount": "1.005", "currency": "EUR"}),
        ("price", {"amount": "-1.00", "currency": "EUR"}),
        ("price", {"amount": "NaN", "currency": "EUR"}),
        ("price", {"amount": "1.00", "currency": "eur"}),
        ("stock", -1),
        ("stock", 10**12),
        ("colour", "blue"),
    ],
)
def test_malformed_product_is_refused(api: Api, field: str, value: object) -> None:
    """The errors name the field."""
    answer = api.call("POST", "/api/v1/products", {**PRODUCT, field: value})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "validation_error")
    assert list(answer.get_json()["errors"]) == [field]


def test_taken_sku_is_a_conflict(api: Api) -> None:
    """The first one keeps it."""
    answer = api.call("POST", "/api/v1/products", {**PRODUCT, "sku": "MUG"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "sku_taken")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/products", {}),
        ("PATCH", "/api/v1/products/MUG", {"name": 1}),
        ("GET", "/api/v1/products/MUG/stock", None),
        ("POST", "/api/v1/products/MUG/stock", {}),
        ("GET", "/api/v1/reservations/nonsense", None),
    ],
)
def test_only_managers_may(api: Api, method: str, path: str, body: object) -> None:
    """Who may not ask learns nothing about the question."""
    assert api.call(method, path, body, headers={}).status_code == 401
    refused = api.call(method, path, body, headers=bearer("customer"))
    assert (refused.status_code, refused.get_json()["code"]) == (403, "forbidden")
    assert api.call(method, path, body, headers=bearer("admin")).status_code in {200, 404, 422}


def test_catalogue_is_public(api: Api) -> None:
    """Pages of 20 by default; the header says how many there are."""
    answer = api.call("GET", "/api/v1/products?q=mug", headers={})
    assert [product["sku"] for product in answer.get_json()] == ["MUG"]
    assert json.loads(answer.headers["X-Pagination"])["total"] == 1
    assert api.call("GET", "/api/v1/products/MUG", headers={}).get_json() == answer.get_json()[0]


@pytest.mark.parametrize("query", ["page=0", "page_size=101", "q=%00"])
def test_malformed_search_is_refused(api: Api, query: str) -> None:
    """A page that cannot be, a character that cannot be stored."""
    assert api.call("GET", f"/api/v1/products?{query}").status_code == 422


@pytest.mark.parametrize("sku", ["NOPE", "mug", "%00", "A%0A", "A" * 41, "M%C3%9CG"])
def test_unknown_sku_is_not_found(api: Api, sku: str) -> None:
    """Whether it could be a SKU or not."""
    for path in (sku, f"{sku}/stock"):
        answer = api.call("GET", f"/api/v1/products/{path}")
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


def test_product_is_changed_in_part(api: Api) -> None:
    """What is not given stays."""
    answer = api.call("PATCH", "/api/v1/products/MUG", {"active": False, "low_stock_threshold": 3})
    assert (answer.status_code, answer.get_json()["active"], answer.get_json()["name"]) == (200, False, "Blue mug")
    assert api.store.state.stock["MUG"].low_stock_threshold == 3


def test_stock_is_corrected(api: Api) -> None:
    """The answer has the numbers of afterwards, and so has the next question."""
    answer = api.call("POST", "/api/v1/products/MUG/stock", {"delta": -2, "reason": "broken"})
    expected = {"sku": "MUG", "received": 3, "available": 3, "reserved": 0, "sold": 0}
    assert (answer.status_code, answer.get_json()) == (200, expected)
    assert api.call("GET", "/api/v1/products/MUG/stock").get_json() == expected


def test_stock_stays_above_zero(api: Api) -> None:
    """More than is free cannot be taken away."""
    answer = api.call("POST", "/api/v1/products/MUG/stock", {"delta": -6, "reason": "broken"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "stock_below_zero")


def test_correction_needs_a_change_and_a_reason(api: Api) -> None:
    """Both are named when they are missing."""
    answer = api.call("POST", "/api/v1/products/MUG/stock", {"delta": 0, "reason": ""})
    assert (answer.status_code, sorted(answer.get_json()["errors"])) == (422, ["delta", "reason"])


def test_reservation_is_shown(api: Api) -> None:
    """What is held, for how long, and of which revision."""
    order = uuid4()
    service.hold(api.store(), order, 1, {"MUG": 2}, LATER)
    assert api.call("GET", f"/api/v1/reservations/{order}").get_json() == {
        "order_id": str(order), "status": "held", "applied_revision": 1, "held_revision": 1,
        "expires_at": "2026-01-02T03:19:05.000Z", "lines": [{"sku": "MUG", "quantity": 2}],
    }  # fmt: skip


@pytest.mark.parametrize("order_id", ["nonsense", "0198f3a2-7c41-7d7e-9b55-3f0f5f1f2a10"])
def test_unknown_reservation_is_not_found(api: Api, order_id: str) -> None:
    """Whether it could be an order or not."""
    assert api.call("GET", f"/api/v1/reservations/{order_id}").status_code == 404


def test_availability_is_for_other_services(api: Api) -> None:
    """Several SKUs in one question, with a token of theirs alone; the public document does not tell of it."""
    service = bearer(scope="availability:read")
    answer = api.call("GET", "/internal/availability?sku=MUG&sku=NOPE", headers=service)
    assert answer.get_json() == [{"sku": "MUG", "available": 5}, {"sku": "NOPE", "available": 0}]
    assert api.call("GET", "/internal/availability?sku=mug", headers=service).status_code == 422
    assert api.call("GET", "/internal/availability?sku=MUG").status_code == 403
    assert api.call("GET", "/internal/availability?sku=MUG", headers={}).status_code == 401
    paths = api.call("GET", "/api/v1/inventory/openapi.json", headers={}).get_json()["paths"]
    assert sorted(paths) == [
        "/api/v1/products",
        "/api/v1/products/{sku}",
        "/api/v1/products/{sku}/stock",
        "/api/v1/reservations/{order_id}",
    ]


CORRECTION = {"delta": 3, "reason": "delivery"}


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        ("/api/v1/products", PRODUCT, {**PRODUCT, "sku": "SACK"}),
        ("/api/v1/products/MUG/stock", CORRECTION, {**CORRECTION, "delta": 4}),
    ],
)
def test_repeated_request_counts_once(api: Api, path: str, body: object, other: object) -> None:
    """The first answer comes again, byte for byte; another body, or another manager, means another request."""
    keyed = {**MANAGER, "Idempotency-Key": "k-1"}
    first = api.call("POST", path, body, keyed)
    api.call("POST", "/api/v1/products/MUG/stock", {"delta": -1, "reason": "broken"})
    again = api.call("POST", path, body, keyed)
    assert (again.status_code, again.data, again.content_type) == (first.status_code, first.data, first.content_type)
    assert first.status_code in {200, 201}
    assert len(api.store.state.journal) + len(api.store.state.products) == 3

    reused = api.call("POST", path, other, keyed)
    assert (reused.status_code, reused.get_json()["code"]) == (409, "idempotency_key_reused")
    theirs = api.call("POST", path, other, {**bearer("manager"), "Idempotency-Key": "k-1"})
    assert theirs.status_code == first.status_code


def test_refused_request_leaves_its_key_free(api: Api) -> None:
    """Only what had an effect is repeated."""
    keyed = {**MANAGER, "Idempotency-Key": "k-1"}
    assert api.call("POST", "/api/v1/products", {**PRODUCT, "sku": "MUG"}, keyed).get_json()["code"] == "sku_taken"
    assert api.call("POST", "/api/v1/products", PRODUCT, keyed).status_code == 201


def test_database_away_is_said() -> None:
    """Neither the client's fault nor a mistake of ours: 503."""

    def away(cause: Event | None = None, once: Once | None = None) -> UnitOfWork:
        raise ConnectionError

    assert Api(away).call("GET", "/api/v1/products").status_code == 503
