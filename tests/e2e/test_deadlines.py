"""What is not answered or confirmed in time: the sweeper asks again and then gives up, and holds expire."""

from collections.abc import Iterator

import pytest

from tests.e2e.client import Client
from tests.e2e.settings import change, followed, restored
from tests.e2e.stack import compose, stopped
from tests.polling import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

WHOLE = {"received": 5, "available": 5, "reserved": 0, "sold": 0}


@pytest.fixture
def impatient_orders() -> Iterator[None]:
    """They wait a second for their answer and ask once more."""
    with restored():
        change("orders", "order_patience", "1")
        followed(change("orders", "order_tries", "1"), "orders-worker")
        yield


@pytest.fixture
def short_holds() -> Iterator[None]:
    """They last for two seconds. Orders are as patient as ever: theirs is another way to end."""
    with restored():
        followed(change("inventory", "hold_seconds", "2"), "inventory-worker")
        yield


@pytest.fixture
def sku(manager: Client, customer: Client) -> str:
    """Five of it, and orders knows it: an order for more than there is gets another refusal, at once or by the saga."""
    sku = manager.add_product(stock=5)
    answer = customer.ask(sku, 6)
    assert answer.status_code == 409 or customer.settled(answer.json()["id"])["status"] == "rejected"
    return sku


@pytest.mark.usefixtures("impatient_orders")
def test_order_without_an_answer_is_cancelled(manager: Client, customer: Client, sku: str) -> None:
    """Inventory is silent: the order asks again, then it ends; what inventory does about it later is undone."""
    with stopped("inventory-worker"):
        order_id = customer.place(sku, 3)["id"]
        order = customer.settled(order_id, seconds=60)
        assert (order["status"], order["reason"]) == ("cancelled", "no_answer")
    eventually(lambda: _closed(manager, order_id, "cancelled"), seconds=60)
    assert manager.stock(sku) == WHOLE
    assert customer.order(order_id)["status"] == "cancelled"


@pytest.mark.usefixtures("short_holds")
def test_hold_that_nobody_confirms_expires(manager: Client, customer: Client, sku: str) -> None:
    """Orders falls silent after it has asked: the stock is free again, and the order ends when it hears of it."""
    with stopped("orders-worker"):
        with stopped("inventory-worker"):
            compose("start", "orders-worker")
            order_id = customer.place(sku, 3)["id"]
            eventually(lambda: _published("inventory.orders"), seconds=30)
            compose("stop", "orders-worker")
        eventually(lambda: _closed(manager, order_id, "expired"), seconds=60)
        assert manager.stock(sku) == WHOLE
        assert customer.order(order_id)["status"] == "pending"
    order = customer.settled(order_id, seconds=60)
    assert (order["status"], order["reason"]) == ("cancelled", "reservation_expired")


def _closed(manager: Client, order_id: str, status: str) -> None:
    """The reservation has ended so, and holds nothing."""
    answer = manager.call("GET", f"/api/v1/reservations/{order_id}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == status


def _published(queue: str) -> None:
    """Something waits in the queue."""
    ask = ["rabbitmqctl", "-q", "-p", "quadrille", "list_queues", "name", "messages"]
    listed = compose("exec", "-T", "rabbitmq", *ask)
    waiting = dict(line.split() for line in listed.splitlines())
    assert int(waiting[queue]) > 0
