"""What goes wrong on purpose, so that alerts fire: each accident lasts as long as its block."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.e2e.stack import compose

MANAGEMENT = f"http://127.0.0.1:{os.environ['RABBITMQ_UI_PORT']}"
OPERATOR = ("operator", os.environ["RABBITMQ_OPERATOR_PASSWORD"])
PUBLISH = """
import os, pika
connection = pika.BlockingConnection(pika.URLParameters(os.environ["BROKER_URL"]))
connection.channel().basic_publish("orders", "order.heard_by_nobody", b"{}")
connection.close()
"""


def publish_what_nobody_hears() -> None:
    """The orders service publishes an event of a type that the catalogue does not have."""
    compose("exec", "-T", "orders-worker", "python", "-c", PUBLISH)


@contextmanager
def short_of_memory() -> Iterator[None]:
    """RabbitMQ takes nothing from its publishers."""
    watermark("1MB")
    try:
        yield
    finally:
        watermark("300MiB")


def watermark(limit: str) -> None:
    compose("exec", "-T", "rabbitmq", "rabbitmqctl", "-q", "set_vm_memory_high_watermark", "absolute", limit)


@contextmanager
def limited(queue: str) -> Iterator[None]:
    """The queue holds one message and refuses more."""
    address = f"{MANAGEMENT}/api/policies/quadrille/{queue}"
    definition = {"max-length": 1, "overflow": "reject-publish"}
    policy = {"pattern": f"^{queue}$", "definition": definition, "apply-to": "queues"}
    requests.put(address, json=policy, auth=OPERATOR, timeout=10).raise_for_status()
    try:
        yield
    finally:
        requests.delete(address, auth=OPERATOR, timeout=10).raise_for_status()
