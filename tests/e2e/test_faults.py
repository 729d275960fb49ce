"""Promises under failure: pulled plugs delay orders and lose none."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.e2e.client import Client
from tests.e2e.registry import assert_full, assert_routed
from tests.e2e.stack import compose, kill_processes, stopped
from tests.polling import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_orders_are_taken_while_the_broker_is_down(manager: Client, customer: Client) -> None:
    """No broker, still 202; when it is back, the order is confirmed."""
    sku = manager.add_product(stock=5)
    customer.settled(customer.place(sku)["id"])
    with stopped("rabbitmq"):
        order = customer.place(sku)
        assert customer.order(order["id"])["status"] == "pending"
    assert customer.settled(order["id"], seconds=60)["status"] == "confirmed"


def test_killed_workers_lose_no_order(manager: Client, customer: Client) -> None:
    """SIGKILL of both amid 200 orders for 150 units: every accepted one ends, none else is short, the stock adds up."""
    sku = manager.add_product(stock=150)
    customer.settled(customer.place(sku)["id"])

    def ask(number: int) -> requests.Response:
        if number in {60, 120}:
            assert kill_processes("inventory-worker" if number == 60 else "orders-worker") > 0
        return customer.ask(sku)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(199)))
    refusals = [answer.json()["code"] for answer in answers if answer.status_code != 202]
    orders = [answer.json()["id"] for answer in answers if answer.status_code == 202]
    statuses = Counter(customer.settled(order_id, seconds=120)["status"] for order_id in orders)
    assert set(refusals) <= {"insufficient_stock"}
    assert statuses["confirmed"] == 149
    assert statuses["rejected"] + len(refusals) == 50
    assert manager.stock(sku) == {"received": 150, "available": 0, "reserved": 150, "sold": 0}


def test_consul_restart_brings_everything_back(anonymous: Client) -> None:
    """The services fill a restarted Consul again by themselves, and the routes come back."""
    compose("restart", "consul")
    eventually(assert_full, seconds=60)
    eventually(lambda: assert_routed(anonymous), seconds=60)


def test_scaling_workers_under_load_loses_nothing(manager: Client, customer: Client) -> None:
    """One to three orders workers and back while orders flow: all of them end."""
    sku = manager.add_product(stock=120)
    customer.settled(customer.place(sku)["id"])

    def place(number: int) -> str:
        if number in {20, 80}:
            scale("orders-worker", 3 if number == 20 else 1)
        order_id: str = customer.place(sku)["id"]
        return order_id

    with ThreadPoolExecutor(4) as pool:
        orders = list(pool.map(place, range(119)))
    assert {customer.settled(order_id, seconds=120)["status"] for order_id in orders} == {"confirmed"}
    assert manager.stock(sku) == {"received": 120, "available": 0, "reserved": 120, "sold": 0}


def scale(service: str, replicas: int) -> None:
    compose("up", "--detach", "--no-deps", "--no-recreate", "--scale", f"{service}={replicas}", service)
