"""The refusals of the orders and the inventory API, through the gateway: status and stable code.

Those that need a moment of their own are elsewhere: insufficient_stock in test_orders.py, the key in progress in the
integration tests.
"""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.client import Client
from tests.polling import eventually

NOBODYS = str(uuid4())
PRODUCT = {"sku": "REFUSED", "name": "A product", "price": {"amount": "1.00", "currency": "EUR"}}
PRICELESS = {**PRODUCT, "price": {"amount": "1.001", "currency": "EUR"}}
ANY = {"If-Match": "*"}


@dataclass
class World:
    """Who asks, and what there is: a product of which one is left, and two orders of the customer."""

    callers: dict[str, Client]
    sku: str
    confirmed: str
    shipped: str
    nobodys: str = NOBODYS

    def refusal(self, who: str, request: str, body: Any, headers: dict[str, str]) -> tuple[int, str]:
        """What is answered to a request such as `GET /products/{sku}`; a body in text is sent as it is."""
        method, path = request.format(**vars(self)).split()
        content = {"data": body} if isinstance(body, str) else {"json": self._filled(body)}
        answer = self.callers[who].call(method, f"/api/v1{path}", headers=headers, **content)
        assert answer.headers["Content-Type"] == "application/problem+json", answer.text
        return answer.status_code, answer.json()["code"]

    def _filled(self, part: Any) -> Any:
        if isinstance(part, dict):
            return {name: self._filled(value) for name, value in part.items()}
        if isinstance(part, list):
            return [self._filled(each) for each in part]
        return part.format(**vars(self)) if isinstance(part, str) else part


@pytest.fixture(scope="module")
def world(gateway: str, manager: Client) -> World:
    """With a stranger, who has no orders."""
    customer, stranger = Client(gateway).sign_up(), Client(gateway).sign_up()
    sku = manager.add_product(stock=3)
    confirmed, shipped = (customer.settled(customer.place(sku)["id"])["id"] for _ in range(2))
    assert manager.call("POST", f"/api/v1/orders/{shipped}/ship").status_code == 202

    def is_shipped() -> None:
        assert customer.order(shipped)["status"] == "shipped"

    eventually(is_shipped, seconds=30)
    callers = {"nobody": Client(gateway), "customer": customer, "stranger": stranger, "manager": manager}
    return World(callers, sku, confirmed, shipped)


def of(sku: str = "{sku}", quantity: Any = 1) -> dict[str, Any]:
    return {"lines": [{"sku": sku, "quantity": quantity}]}


@pytest.mark.parametrize(
    ("who", "request_", "body", "headers", "answer"),
    [
        ("nobody", "GET /products/NO-SUCH", None, {}, (404, "not_found")),
        ("nobody", "GET /products/no-sku", None, {}, (404, "not_found")),
        ("nobody", "GET /products?page=0", None, {}, (422, "validation_error")),
        ("nobody", "GET /products?page_size=101", None, {}, (422, "validation_error")),
        ("nobody", "POST /products", PRODUCT, {}, (401, "unauthenticated")),
        ("customer", "POST /products", PRODUCT, {}, (403, "forbidden")),
        ("manager", "POST /products", {**PRODUCT, "sku": "{sku}"}, {}, (409, "sku_taken")),
        ("manager", "POST /products", {**PRODUCT, "sku": "no-sku"}, {}, (422, "validation_error")),
        ("manager", "POST /products", {**PRODUCT, "colour": "red"}, {}, (422, "validation_error")),
        ("manager", "POST /products", PRICELESS, {}, (422, "validation_error")),
        ("customer", "PATCH /products/{sku}", {"active": False}, {}, (403, "forbidden")),
        ("manager", "PATCH /products/NO-SUCH", {"active": False}, {}, (404, "not_found")),
        ("customer", "GET /products/{sku}/stock", None, {}, (403, "forbidden")),
        ("manager", "GET /products/NO-SUCH/stock", None, {}, (404, "not_found")),
        ("customer", "POST /products/{sku}/stock", {"delta": 1, "reason": "r"}, {}, (403, "forbidden")),
        ("manager", "POST /products/{sku}/stock", {"delta": -2, "reason": "r"}, {}, (409, "stock_below_zero")),
        ("manager", "POST /products/{sku}/stock", {"delta": 1}, {}, (422, "validation_error")),
        ("manager", "POST /products/NO-SUCH/stock", {"delta": 1, "reason": "r"}, {}, (404, "not_found")),
        ("customer", "GET /reservations/{confirmed}", None, {}, (403, "forbidden")),
        ("manager", "GET /reservations/{nobodys}", None, {}, (404, "not_found")),
        ("nobody", "POST /orders", of(), {}, (401, "unauthenticated")),
        ("customer", "POST /orders", "{", {"Content-Type": "application/json"}, (400, "malformed_json")),
        ("customer", "POST /orders", "lines", {"Content-Type": "text/plain"}, (415, "unsupported_media_type")),
        ("customer", "POST /orders", {"lines": "x" * 70_000}, {}, (413, "body_too_large")),
        ("customer", "POST /orders", {"lines": []}, {}, (422, "validation_error")),
        ("customer", "POST /orders", of(quantity=0), {}, (422, "validation_error")),
        ("customer", "POST /orders", of(quantity=1001), {}, (422, "validation_error")),
        ("customer", "POST /orders", {"lines": of()["lines"] * 2}, {}, (422, "validation_error")),
        ("customer", "POST /orders", of(), {"Idempotency-Key": "x" * 129}, (422, "validation_error")),
        ("customer", "POST /orders", of("NO-SUCH"), {}, (422, "unknown_sku")),
        ("nobody", "GET /orders", None, {}, (401, "unauthenticated")),
        ("customer", "GET /orders?status=lost", None, {}, (422, "validation_error")),
        ("customer", "DELETE /orders", None, {}, (405, "method_not_allowed")),
        ("customer", "GET /orders/1", None, {}, (404, "not_found")),
        ("customer", "GET /orders/{nobodys}", None, {}, (404, "not_found")),
        ("stranger", "GET /orders/{confirmed}", None, {}, (404, "not_found")),
        ("stranger", "GET /orders/{confirmed}/timeline", None, {}, (404, "not_found")),
        ("stranger", "PATCH /orders/{confirmed}", of(), ANY, (404, "not_found")),
        ("stranger", "POST /orders/{confirmed}/cancel", None, {}, (404, "not_found")),
        ("stranger", "POST /orders/{confirmed}/ship", None, {}, (403, "forbidden")),
        ("customer", "POST /orders/{confirmed}/ship", None, {}, (403, "forbidden")),
        ("customer", "PATCH /orders/{confirmed}", of(), {}, (428, "precondition_required")),
        ("customer", "PATCH /orders/{confirmed}", of(), {"If-Match": '"99"'}, (412, "precondition_failed")),
        ("customer", "PATCH /orders/{confirmed}", of("NO-SUCH"), ANY, (422, "unknown_sku")),
        ("customer", "PATCH /orders/{shipped}", of(), ANY, (409, "order_not_changeable")),
        ("customer", "POST /orders/{shipped}/cancel", None, {}, (409, "order_not_cancellable")),
        ("manager", "POST /orders/{shipped}/ship", None, {}, (409, "order_not_shippable")),
        ("manager", "POST /orders/{nobodys}/ship", None, {}, (404, "not_found")),
    ],
)
def test_refusal(
    world: World, who: str, request_: str, body: Any, headers: dict[str, str], answer: tuple[int, str]
) -> None:
    """It is problem+json, it changes nothing, and clients can go by its code."""
    assert world.refusal(who, request_, body, headers) == answer


def test_nothing_was_changed_by_a_refusal(world: World) -> None:
    """After all of them, or before: stock and order are as they were."""
    order = world.callers["customer"].order(world.confirmed)
    assert (order["status"], order["revision"]) == ("confirmed", 1)
    assert world.callers["manager"].stock(world.sku) == {"received": 3, "available": 1, "reserved": 1, "sold": 1}


def test_key_of_another_request(world: World) -> None:
    """The same Idempotency-Key with another body, for an order and for a correction."""
    key = {"Idempotency-Key": uuid4().hex}
    correction = {"delta": 1, "reason": "r"}
    path = f"/api/v1/products/{world.sku}/stock"
    first, again = (world.callers["manager"].call("POST", path, json=correction, headers=key) for _ in range(2))
    assert (first.status_code, first.content) == (200, again.content)
    undone = world.callers["manager"].call("POST", path, json={**correction, "delta": -1})
    assert undone.json()["received"] == first.json()["received"] - 1
    other = {**correction, "delta": 2}
    reused = world.refusal("manager", "POST /products/{sku}/stock", other, key)
    assert reused == (409, "idempotency_key_reused")


def test_product_that_is_no_longer_sold(world: World, manager: Client) -> None:
    """Refused for new orders, as soon as orders has heard of it."""
    sku = manager.add_product(stock=5)
    world.callers["customer"].settled(world.callers["customer"].place(sku)["id"])
    assert manager.call("PATCH", f"/api/v1/products/{sku}", json={"active": False}).status_code == 200

    def refused() -> None:
        assert world.refusal("customer", "POST /orders", of(sku), {}) == (422, "product_inactive")

    eventually(refused, seconds=30)
