"""Deliveries that come again, too late and in any order, to every handler of every service: nothing changes."""

import random

import pytest

from tests.e2e.client import Client
from tests.e2e.inbox import Port, address_of, inbox, mails_to
from tests.e2e.messages import HEARD, EventQueue, example
from tests.polling import eventually

COPIES = 5


@pytest.mark.slow
def test_repeated_events_change_nothing(manager: Client, customer: Client, port: Port) -> None:
    """Each type that somebody handles, five times, shuffled, about an order that has its end. Nobody is told twice."""
    sku = manager.add_product(stock=3)
    order = customer.settled(customer.place(sku, 2)["id"])
    assert manager.call("POST", f"/api/v1/orders/{order['id']}/ship").status_code == 202
    eventually(lambda: shipped(customer, order["id"]))
    before = (customer.order(order["id"]), manager.stock(sku), manager.call("GET", f"/api/v1/products/{sku}").json())

    queues = {name: EventQueue(name, port("RABBITMQ_UI")) for name in HEARD}
    events = [
        (queues[name], example(kind, order_id=order["id"], customer_id=order["customer_id"], sku=sku))
        for name, kinds in HEARD.items()
        for kind in kinds
    ]
    deliveries = events * COPIES
    random.shuffle(deliveries)
    for queue, event in deliveries:
        queue.put_event(event)

    for queue in queues.values():
        eventually(queue.assert_empty, seconds=60, interval=1)
        queue.assert_dead(0)
    after = (customer.order(order["id"]), manager.stock(sku), manager.call("GET", f"/api/v1/products/{sku}").json())
    assert after == before

    def told_once() -> None:
        told, mails = [entry["kind"] for entry in inbox(customer)], mails_to(port, address_of(customer))
        assert {"order.shipped", "order.confirmed", "user.registered"} <= set(told)
        assert len(told) == len(set(told)) == len(mails) == len({mail["Subject"] for mail in mails})

    eventually(told_once, seconds=30)


def shipped(customer: Client, order_id: str) -> None:
    assert customer.order(order_id)["status"] == "shipped"
