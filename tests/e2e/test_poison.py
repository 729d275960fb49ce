"""Poison in every event queue of the real services: put aside with its reason, and orders go on."""

import base64
import json
import os
from collections.abc import Callable

import pytest
import requests

from tests.e2e.client import Client
from tests.e2e.stack import compose
from tests.polling import eventually

QUEUES = ("inventory.orders", "orders.inventory")
POISON = {
    "no JSON": (b"\xff{", {"content_type": "application/cloudevents+json"}),
    "a list": (b"[1]", {"content_type": "application/cloudevents+json"}),
    "plain JSON": (b"{}", {"content_type": "application/json"}),
    "a task": (b"[[], {}, {}]", {"content_type": "application/json", "headers": {"task": "chassis.park", "id": "1"}}),
    "pickle": (b"\x80\x04N.", {"content_type": "application/x-python-serialize"}),
    "badly packed": (b"x", {"headers": {"compression": "application/x-gzip"}}),
}


def dead_letters(*arguments: str) -> str:
    """The operators' tool."""
    return compose("run", "--rm", "--no-deps", "-T", "ops", "dead-letters", *arguments)


def letters_are(queue: str, expected: int) -> None:
    rows = {row["queue"]: row["count"] for row in json.loads(dead_letters("list", "--json"))}
    assert rows[queue] == expected


@pytest.mark.slow
@pytest.mark.parametrize("queue", QUEUES)
def test_poison_in_a_queue_stops_nobody(
    queue: str, port: Callable[[str], str], manager: Client, customer: Client
) -> None:
    """Injected through the operators' replay exchange; shown by the tool, purged, and an order is confirmed."""
    exchange = f"{port('RABBITMQ_UI')}/api/exchanges/quadrille/{queue.split('.', 1)[0]}.replay/publish"
    credentials = ("operator", os.environ["RABBITMQ_OPERATOR_PASSWORD"])
    for body, properties in POISON.values():
        message = {"properties": properties, "routing_key": queue, "payload_encoding": "base64",
                   "payload": base64.b64encode(body).decode()}  # fmt: skip
        answer = requests.post(exchange, json=message, auth=credentials, timeout=5)
        assert answer.json() == {"routed": True}
    eventually(lambda: letters_are(queue, len(POISON)), seconds=60)
    assert all(letter["reason"] for letter in json.loads(dead_letters("show", queue, "--json")))
    order = customer.settled(customer.place(manager.add_product(stock=1))["id"])
    assert order["status"] == "confirmed"
    dead_letters("purge", queue, "--all", "--yes")
    letters_are(queue, 0)
