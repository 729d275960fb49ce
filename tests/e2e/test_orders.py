"""The slice as a customer sees it: an order is placed and the saga decides."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.client import Client
from tests.e2e.stack import compose, paused, stopped
from tests.polling import eventually


def test_order_in_stock_is_confirmed(manager: Client, customer: Client) -> None:
    """Placing answers at once; a moment later the goods are held and the order is confirmed."""
    sku = manager.add_product(stock=5, price="12.50")
    placed = customer.place(sku, 2)
    assert placed["status"] == "pending"
    order = customer.settled(placed["id"])
    assert (order["status"], order["held_revision"]) == ("confirmed", 1)
    assert order["total"] == {"amount": "25.00", "currency": "EUR"}
    assert manager.stock(sku) == {"received": 5, "available": 3, "reserved": 2, "sold": 0}


def test_order_beyond_stock_is_refused(manager: Client, customer: Client) -> None:
    """What inventory knows it cannot hold is refused at once, with the shortage, and no order is made of it.

    When inventory does not answer within half a second, as on a busy machine, the order is taken: then once more.
    """
    sku = manager.add_product(stock=1)

    def refused() -> dict[str, Any]:
        before = len(customer.call("GET", "/api/v1/orders").json())
        answer = customer.ask(sku, 2)
        assert answer.status_code == 409
        assert len(customer.call("GET", "/api/v1/orders").json()) == before
        problem: dict[str, Any] = answer.json()
        return problem

    problem = eventually(refused)
    assert problem["code"] == "insufficient_stock"
    assert problem["errors"] == {"shortages": [{"sku": sku, "asked": 2, "available": 1}]}


@pytest.mark.slow
def test_order_is_taken_while_inventory_does_not_answer(manager: Client, customer: Client) -> None:
    """No answer about the stock means: accept, the saga decides. Here it finds too little, and holds nothing."""
    sku = manager.add_product(stock=1)
    customer.settled(customer.place(sku)["id"])
    with paused("inventory-api"):
        order = customer.place(sku)
    assert customer.settled(order["id"])["status"] == "rejected"
    assert manager.stock(sku) == {"received": 1, "available": 0, "reserved": 1, "sold": 0}


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_nobody_waits_for_a_stopped_inventory(manager: Client, customer: Client) -> None:
    """The circuit breaker opens, readiness shows it and stays well; when inventory is back it closes again."""
    sku = manager.add_product(stock=10)
    customer.settled(customer.place(sku)["id"])
    with stopped("inventory-api"):
        orders = [customer.place(sku)["id"] for _ in range(6)]
        assert "circuit breaker is" in readiness()["inventory"]["reason"]
    assert {customer.settled(order)["status"] for order in orders} == {"confirmed"}

    def closed() -> None:
        customer.ask(sku, 9)
        assert readiness()["inventory"] == {"status": "ok"}

    eventually(closed, seconds=60, interval=1)


def readiness() -> dict[str, dict[str, str]]:
    """What the orders API says of its dependencies; it is ready."""
    read = "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:8000/health/ready').read().decode())"
    report = json.loads(compose("exec", "-T", "orders-api", "python", "-c", read))
    assert report["status"] == "ok"
    checks: dict[str, dict[str, str]] = report["checks"]
    return checks


def test_catalogue_can_be_rebuilt(manager: Client) -> None:
    """The command copies all of inventory's products, while everything runs."""
    manager.add_product(stock=1)
    said = compose("exec", "-T", "orders-api", "python", "-m", "apps.orders.rebuild_catalogue").splitlines()[-1]
    done = json.loads(said)
    assert (done["event"], done["read"] > 0) == ("catalogue_rebuilt", True)


def test_orders_are_ones_own(manager: Client, customer: Client, gateway: str) -> None:
    """Another customer's order does not exist, a manager sees it."""
    order = customer.place(manager.add_product(stock=1))
    stranger = Client(gateway).sign_up()
    assert stranger.call("GET", f"/api/v1/orders/{order['id']}").status_code == 404
    assert manager.call("GET", f"/api/v1/orders/{order['id']}").status_code == 200
    assert stranger.call("GET", "/api/v1/orders").json() == []
    assert [each["id"] for each in customer.call("GET", "/api/v1/orders").json()] == [order["id"]]


def test_one_key_makes_one_order(manager: Client, customer: Client) -> None:
    """Fifty parallel requests with one Idempotency-Key for the last unit get the same answer, byte for byte."""
    sku = manager.add_product(stock=2)
    customer.settled(customer.place(sku)["id"])
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    body = {"lines": [{"sku": sku, "quantity": 1}]}

    def post(_number: int) -> tuple[int, bytes]:
        answer = customer.call("POST", "/api/v1/orders", json=body, headers=headers)
        return answer.status_code, answer.content

    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(post, range(50)))
    assert len(answers) == 1
    assert answers.pop()[0] == 202
    assert len(customer.call("GET", "/api/v1/orders").json()) == 2
