"""Everything that watches is stopped: customers do not notice, and it catches up."""

import itertools
import json

import pytest

from tests.e2e.client import Client
from tests.e2e.stack import compose
from tests.e2e.telemetry import Trace, ask_loki
from tests.polling import eventually

WATCHERS = ("otel-collector", "loki", "zipkin", "prometheus")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_orders_flow_without_telemetry(manager: Client, customer: Client) -> None:
    """No request fails, the order is confirmed; later the lines of that time are in Loki, and new traces in Zipkin."""
    sku = manager.add_product(stock=20)
    customer.settled(customer.place(sku)["id"])
    compose("stop", *WATCHERS)
    try:
        orders = [customer.place(sku)["id"] for _ in range(10)]
        assert {customer.settled(order_id)["status"] for order_id in orders} == {"confirmed"}
    finally:
        compose("up", "--detach", "--wait", "--no-deps", "--no-recreate", *WATCHERS)

    def caught_up() -> None:
        assert ask_loki(f'{{service="orders-api"}} |= `"event": "request"` |= `{orders[-1]}`') or ask_loki(
            f'{{service="orders-worker"}} |= `{orders[-1]}`'
        )

    eventually(caught_up, seconds=60, interval=2)
    trace_id = customer.call("GET", f"/api/v1/orders/{orders[0]}").headers["X-Trace-Id"]
    eventually(lambda: one_span(trace_id), seconds=60, interval=1)


def one_span(trace_id: str) -> None:
    assert Trace.read(trace_id).spans


def test_loss_is_told_once() -> None:
    """Each process says in one line that its traces get lost, not with every batch."""
    entries = [json.loads(line) for line in compose("logs", "--no-log-prefix", "orders-api").splitlines()]
    told = [entry["event"] for entry in entries if entry["event"].startswith("traces_")]
    assert all(one != other for one, other in itertools.pairwise(told))
