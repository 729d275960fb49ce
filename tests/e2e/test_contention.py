"""Crowds at the gateway: nothing is sold twice, whatever customers do at which moment, and every order ends."""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.client import Client
from tests.polling import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ORDERS = 200
AT_ONCE = 16


@pytest.fixture(scope="module")
def customers(gateway: str) -> Sequence[Client]:
    """Ten of them."""
    return [Client(gateway).sign_up() for _ in range(10)]


def test_two_hundred_want_fifty(gateway: str, manager: Client) -> None:
    """Of 200 buyers of 50 units exactly 50 get one; the others are refused at once or rejected by the saga."""
    sku = manager.add_product(stock=50)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        buyers = list(pool.map(lambda _: Client(gateway).sign_up(), range(ORDERS)))
        answers = list(pool.map(lambda buyer: buyer.ask(sku), buyers))
    refused = [answer.json()["code"] for answer in answers if answer.status_code != 202]
    taken = [(buyer, answer.json()["id"]) for buyer, answer in zip(buyers, answers, strict=True) if answer.ok]
    statuses = Counter(buyer.settled(order_id, seconds=120)["status"] for buyer, order_id in taken)
    assert set(refused) <= {"insufficient_stock"}
    assert statuses["confirmed"] == 50
    assert statuses["rejected"] + len(refused) == 150
    assert manager.stock(sku) == {"received": 50, "available": 0, "reserved": 50, "sold": 0}


def test_changed_and_cancelled_at_any_moment(manager: Client, customers: Sequence[Client]) -> None:
    """200 orders, each changed or cancelled somewhere in its saga: all end, and what is held is what they have."""
    skus = [manager.add_product(stock=150) for _ in range(2)]
    for sku in skus:
        customers[0].settled(customers[0].place(sku)["id"])
    chance = random.Random(20)  # noqa: S311 - repeatable
    plans = [(customers[number % 10], chance.choice(skus), chance.random() * 0.3) for number in range(ORDERS)]
    deeds = [chance.choice((["cancel"], ["change"], ["change", "cancel"], ["change", "change"])) for _ in plans]

    def live(plan: tuple[Client, str, float], deed: Sequence[str]) -> tuple[Client, str] | None:
        customer, sku, moment = plan
        answer = customer.ask(sku)
        if answer.status_code != 202:
            assert answer.json()["code"] == "insufficient_stock"
            return None
        for what in deed:
            time.sleep(moment)  # the moment is the point
            done = cancel(customer, answer.json()["id"]) if what == "cancel" else change(customer, answer.json(), skus)
            assert done in {202, 409}
        return customer, answer.json()["id"]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        placed = [each for each in pool.map(live, plans, deeds) if each is not None]
    orders = [customer.settled(order_id, seconds=120) for customer, order_id in placed]
    assert {order["status"] for order in orders} <= {"confirmed", "cancelled", "rejected"}
    held = Counter(dict.fromkeys(skus, 1))
    for order in orders:
        if order["status"] == "confirmed":
            held.update({line["sku"]: line["quantity"] for line in order["lines"]})

    def adds_up() -> None:
        for sku in skus:
            expected = {"received": 150, "available": 150 - held[sku], "reserved": held[sku], "sold": 0}
            assert manager.stock(sku) == expected

    eventually(adds_up, seconds=60)


def cancel(customer: Client, order_id: str) -> int:
    return customer.call("POST", f"/api/v1/orders/{order_id}/cancel").status_code


def change(customer: Client, order: dict[str, str], skus: Sequence[str]) -> int:
    """Wants two of each instead, whatever the order has become."""
    lines = [{"sku": sku, "quantity": 2} for sku in skus]
    path = f"/api/v1/orders/{order['id']}"
    return customer.call("PATCH", path, json={"lines": lines}, headers={"If-Match": "*"}).status_code


def test_cancel_and_ship_have_one_winner(manager: Client, customers: Sequence[Client]) -> None:
    """At the same moment, ten times: one is accepted, the other is told what the order has become, and so it ends."""
    sku = manager.add_product(stock=10)
    customer, together = customers[0], threading.Barrier(2)
    sold = 0
    for _ in range(10):
        order_id = customer.place(sku)["id"]
        customer.settled(order_id)

        def act(client: Client, verb: str, order_id: str = order_id) -> tuple[int, str | None]:
            together.wait(10)
            answer = client.call("POST", f"/api/v1/orders/{order_id}/{verb}")
            return answer.status_code, answer.json().get("code")

        with ThreadPoolExecutor(2) as pool:
            shipped, cancelled = pool.map(act, (manager, customer), ("ship", "cancel"))
        winners = {(202, None): "shipped", (409, "order_not_shippable"): "cancelled"}
        assert cancelled == ((409, "order_not_cancellable") if shipped == (202, None) else (202, None))
        assert ended(customer, order_id) == winners[shipped]
        sold += shipped == (202, None)

    def adds_up() -> None:
        assert manager.stock(sku) == {"received": 10, "available": 10 - sold, "reserved": 0, "sold": sold}

    eventually(adds_up, seconds=30)


def ended(customer: Client, order_id: str) -> str:
    """The end of an order that will have one."""

    def at_its_end() -> str:
        status: str = customer.order(order_id)["status"]
        assert status in {"shipped", "cancelled"}, status
        return status

    return eventually(at_its_end, seconds=30)
