"""What goes wrong on purpose, so that alerts fire: each accident lasts as long as its block."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.e2e.alerting import MAILPIT
from tests.e2e.settings import config, newest
from tests.e2e.stack import compose
from tests.polling import eventually

MANAGEMENT = f"http://127.0.0.1:{os.environ['RABBITMQ_UI_PORT']}"
OPERATOR = ("operator", os.environ["RABBITMQ_OPERATOR_PASSWORD"])
PUBLISH = """
import os, pika
connection = pika.BlockingConnection(pika.URLParameters(os.environ["BROKER_URL"]))
connection.channel().basic_publish("orders", "order.heard_by_nobody", b"{}")
connection.close()
"""
COMMIT = """
from dulwich.repo import Repo
from config.git import GitRepository
repository = GitRepository(Repo("/repository/config.git"))
broken = {"orders.yml": b"order_tries: ["}
repository.commit("main", repository.resolve("main"), broken, "a tester", "A broken file.")
"""


def publish_what_nobody_hears() -> None:
    """The orders service publishes an event of a type that the catalogue does not have."""
    compose("exec", "-T", "orders-worker", "python", "-c", PUBLISH)


@contextmanager
def short_of_memory() -> Iterator[None]:
    """RabbitMQ takes nothing from its publishers, from the first moment of the block on."""

    def in_force() -> None:
        answer = requests.get(f"{MANAGEMENT}/api/health/checks/alarms", auth=OPERATOR, timeout=10)
        assert answer.status_code == 503, answer.text

    watermark("1MB")
    try:
        eventually(in_force, seconds=30)
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


@contextmanager
def refused_mails() -> Iterator[None]:
    """Mailpit says no to every recipient, those on call among them."""
    _refuse(percent=100)
    try:
        yield
    finally:
        _refuse(percent=0)


def _refuse(percent: int) -> None:
    trigger = {"ErrorCode": 550, "Probability": percent}
    answer = requests.put(f"{MAILPIT}/api/v1/chaos", json={"Recipient": trigger}, timeout=10)
    assert answer.status_code == 200, f"this Mailpit cannot refuse mails, is its image an old one? {answer.text}"


def break_configuration() -> None:
    """The newest commit of the configuration has a file that is no YAML."""
    compose("exec", "-T", "config", "python", "-c", COMMIT)


@contextmanager
def broken_configuration() -> Iterator[None]:
    """The same, until somebody goes back."""
    good = newest()
    break_configuration()
    try:
        yield
    finally:
        config("rollback", good)


def forget_what_was_told() -> None:
    """Alertmanager loses its memory, and so tells again of what has fired since before.

    For four hours it does not repeat itself, and the mail may have been lost with a Mailpit that another test stopped.
    """
    compose("exec", "-T", "alertmanager", "rm", "-f", "/alertmanager/nflog")
    compose("kill", "alertmanager")  # a stop would write it anew
    compose("up", "--detach", "--wait", "--no-deps", "--no-recreate", "alertmanager")
