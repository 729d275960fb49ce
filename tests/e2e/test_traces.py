"""One order, one trace: from the edge through outbox and broker to the last worker, asked of Zipkin."""

from tests.e2e.client import Client
from tests.e2e.telemetry import Trace
from tests.polling import eventually

# Who calls whom when an order is placed and confirmed, hops through the broker included.
EDGES = {
    ("forwardauth", "orders-api"),  # HTTP, by Traefik
    ("orders-api", "inventory-api"),  # HTTP: what is available?
    ("orders-api", "orders-worker"),  # the outbox: order.placed is sent
    ("orders-worker", "inventory-worker"),  # the broker: order.placed, order.confirmed
    ("inventory-worker", "orders-worker"),  # the broker: stock.reserved
    ("orders-worker", "notifications-worker"),  # the broker: order.confirmed
    ("notifications-worker", "smtp"),  # the mail
    ("orders-api", "mongodb"),
    ("orders-worker", "mongodb"),
    ("inventory-api", "postgresql"),
    ("inventory-worker", "postgresql"),
    ("orders-worker", "rabbitmq"),
    ("inventory-worker", "rabbitmq"),
}


def traced(customer: Client, sku: str) -> tuple[str, Trace]:
    """Places an order and waits for it; returns its id, and its trace when all edges are there."""
    order = customer.settled(customer.place(sku)["id"])
    timeline = customer.call("GET", f"/api/v1/orders/{order['id']}/timeline").json()
    (trace_id,) = {entry["trace_id"] for entry in timeline}

    def complete() -> Trace:
        trace = Trace.read(trace_id)
        assert trace.edges >= EDGES, EDGES - trace.edges
        assert trace.orphans == []
        return trace

    return order["id"], eventually(complete, seconds=60, interval=1)


def test_trace_has_every_hop(manager: Client, customer: Client) -> None:
    """All edges are in the one trace that the timeline names; it has one root and no span without its parent."""
    order_id, trace = traced(customer, manager.add_product(stock=1))
    assert trace.roots == ["post"]
    assert [found.roots for found in Trace.of_order(order_id)] == [["post"]]


def test_messages_are_described_by_convention(manager: Client, customer: Client) -> None:
    """What is sent and what is processed names system, operation, destination and message, and is one message."""
    _, trace = traced(customer, manager.add_product(stock=1))
    hops = [span["tags"] for span in trace.spans if span.get("kind") in {"PRODUCER", "CONSUMER"}]
    tags = [each for each in hops if "celery.task_name" not in each or "messaging.operation.name" in each]
    placed = [each for each in tags if each.get("messaging.rabbitmq.destination.routing_key") == "order.placed"]
    assert {each["messaging.system"] for each in tags} == {"rabbitmq"}
    assert {each["messaging.operation.type"] for each in placed} == {"send", "process"}
    assert {each["messaging.destination.name"] for each in placed} >= {
        "orders:order.placed", "orders:order.placed:inventory.orders",
    }  # fmt: skip
    assert len({each["messaging.message.id"] for each in placed}) == 1


def test_every_answer_leads_to_its_trace(customer: Client, anonymous: Client) -> None:
    """Good answers and problems name the trace and the request, whoever answers: a service or the edge."""
    good = customer.call("GET", "/api/v1/orders")
    missing = customer.call("GET", "/api/v1/orders/nothing")
    refused = anonymous.call("GET", "/api/v1/orders")
    for answer in (good, missing, refused):
        assert len(answer.headers["X-Trace-Id"]) == 32
        assert answer.headers["X-Request-ID"]
    assert missing.json()["trace_id"] == missing.headers["X-Trace-Id"]
    assert refused.json()["trace_id"] == refused.headers["X-Trace-Id"]

    def found() -> None:
        assert Trace.read(good.headers["X-Trace-Id"]).services >= {"forwardauth", "orders-api"}

    eventually(found, seconds=30)
