"""Poison in every event queue of the real services: put aside with its reason, and orders go on."""

import json
from collections.abc import Callable

import pytest

from chassis.messaging.events import encode
from tests.e2e.client import Client
from tests.e2e.messages import HEARD, EventQueue, example
from tests.poison import poison_of
from tests.polling import eventually


@pytest.mark.slow
@pytest.mark.parametrize("name", HEARD)
def test_poison_in_a_queue_stops_nobody(
    name: str, port: Callable[[str], str], manager: Client, customer: Client
) -> None:
    """The whole set, through the operators' replay exchange; shown by the tool, purged, and an order is confirmed."""
    queue, poison = EventQueue(name, port("RABBITMQ_UI")), poison_of(encode(example(HEARD[name][0])).encode())
    for body, properties in poison.values():
        queue.put(body, **properties)
    eventually(lambda: queue.assert_dead(len(poison)), seconds=60, interval=1)
    letters = json.loads(queue.dead_letters("show", name, "--limit", "100", "--json"))
    assert [letter["reason"] for letter in letters if not letter["reason"]] == []
    assert len(letters) == len(poison)
    order = customer.settled(customer.place(manager.add_product(stock=1))["id"])
    assert order["status"] == "confirmed"
    queue.dead_letters("purge", name, "--all", "--yes")
    queue.assert_dead(0)
