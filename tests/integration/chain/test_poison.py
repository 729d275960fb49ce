"""Poison: whatever lies in an event queue, the worker puts it aside with a reason, and goes on."""

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pika
import yaml

from chassis.identifiers import new_id
from chassis.messaging.events import MAX_BYTES, encode, publication
from tests.integration.chain.conftest import StartWorker
from tests.integration.chain.shop import Shop, ThingSold
from tests.integration.chain.test_chain import assert_effects, queue_holds
from tests.integration.chain.worker_app import COUNT
from tests.integration.servers import ROOT, Broker
from tests.poison import changed, poison_of
from tests.polling import eventually

LARGE = 40


def sold() -> bytes:
    """A good event."""
    event = publication(ThingSold(thing="chair"), source="shop", subject="c", sequence=1, correlation=None, cause=None)
    return encode(event).encode()


def test_poison_is_put_aside_with_its_reason(
    shop: Shop,
    start_worker: StartWorker,
    chain_broker: Broker,
    dead_letters: Callable[[str], list[SimpleNamespace]],
) -> None:
    """All of it ends in `.dead`, byte for byte; the worker neither dies nor stalls, and handles the next good event."""
    stock, poison = start_worker("stock"), poison_of(sold())
    for body, properties in poison.values():
        shop.send(body, message_id=str(new_id()), **properties)
    eventually(lambda: queue_holds(chain_broker, "stock.shop.dead", len(poison)), seconds=30)
    letters = dead_letters("stock.shop")
    assert sorted(letter.body for letter in letters) == sorted(body for body, _ in poison.values())
    assert all(letter.headers["x-failure-reason"] for letter in letters)
    shop.sell()
    eventually(lambda: assert_effects(stock, 1))
    stock.assert_ready()
    assert chain_broker.messages("stock.shop") == chain_broker.messages("stock.shop.retry") == 0
    assert stock.metric("dead_letters_total", queue="stock.shop", kind="poison") == len(poison)


def test_odd_trace_is_no_poison(shop: Shop, start_worker: StartWorker) -> None:
    """A traceparent that makes no sense costs the trace, not the event; extras of a newer publisher are ignored."""
    stock = start_worker("stock")
    shop.send(changed(sold(), traceparent="nonsense"), headers={"traceparent": "nonsense"})
    shop.send(changed(sold(), futureattribute="x", dataschema="urn:quadrille:schema:thing.sold:1.7"))
    eventually(lambda: assert_effects(stock, 2))


def test_poison_that_waits_for_the_worker(
    shop: Shop, start_worker: StartWorker, chain_broker: Broker, dead_letters: Callable[[str], list[SimpleNamespace]]
) -> None:
    """Celery's loop swallows errors while it starts, and would sit there with a message that nobody ever settles."""
    stock = start_worker("stock")
    stock.stop()
    shop.send(sold(), message_id=str(new_id()), type=b"\xff\xfe")
    shop.send(b"17", message_id=str(new_id()))
    shop.sell()
    stock.start()
    eventually(lambda: assert_effects(stock, 1))
    eventually(lambda: queue_holds(chain_broker, "stock.shop.dead", 2), seconds=30)
    reasons = {letter.headers["x-failure-reason"].split(":")[1] for letter in dead_letters("stock.shop")}
    assert reasons == {" properties cannot be read", " not a CloudEvent"}
    stock.assert_ready()


def test_large_bodies_do_not_fill_the_memory(shop: Shop, start_worker: StartWorker, chain_broker: Broker) -> None:
    """However many there are, the worker stays within what its container has."""
    stock = start_worker("stock")
    stock.stop()
    shop.send(b" " * 5 * MAX_BYTES, times=LARGE)
    stock.start()
    eventually(lambda: queue_holds(chain_broker, "stock.shop.dead", LARGE), seconds=60)
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{stock.process.pid}/status").read_text())
    assert peak is not None
    assert int(peak[1]) * 1024 < memory_limit("inventory-worker")
    stock.assert_ready()


def tasks_poison() -> dict[str, tuple[bytes, dict[str, Any]]]:
    """Bodies and AMQP properties that are no task, though some of them name one."""
    call, named = b"[[], {}, {}]", {"task": COUNT, "id": str(new_id()), "lang": "py"}
    return {
        "no header": (call, {}),
        "no id": (call, {"headers": {"task": COUNT}}),
        "a name that is a list": (call, {"headers": {**named, "task": [COUNT]}}),
        "unknown": (call, {"headers": {**named, "task": "chain.unknown"}}),
        "a time that is none": (call, {"headers": {**named, "eta": "soon"}}),
        "bad UTF-8 in a property": (call, {"headers": named, "type": b"\xff"}),
        "pickle": (pickle.dumps(((), {}, {})), {"headers": named, "content_type": "application/x-python-serialize"}),
        "bad JSON": (b"{", {"headers": named}),
        "a number": (b"17", {"headers": named}),
        "a list too short": (b"[1]", {"headers": named}),
    }


def test_poison_among_the_tasks_is_put_aside(start_worker: StartWorker, chain_broker: Broker) -> None:
    """Celery would end the worker at some of it, and acknowledge other; tasks go on."""
    stock, poison = start_worker("stock"), tasks_poison()
    with pika.BlockingConnection(pika.URLParameters(chain_broker.url("stock"))) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for body, given in poison.values():
            properties = pika.BasicProperties(**{"content_type": "application/json", "delivery_mode": 2, **given})
            channel.basic_publish("stock.tasks", "stock.tasks", body, properties, mandatory=True)
        good = pika.BasicProperties(content_type="application/json", headers={"task": COUNT, "id": str(new_id())})
        channel.basic_publish("stock.tasks", "stock.tasks", b"[[], {}, {}]", good, mandatory=True)
    eventually(lambda: queue_holds(chain_broker, "stock.tasks.dead", len(poison)), seconds=30)
    eventually(lambda: assert_effects(stock, 1))
    stock.assert_ready()


def memory_limit(service: str) -> int:
    """Of the service's container, in bytes."""
    limit = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"][service]["mem_limit"]
    return int(str(limit).removesuffix("m")) * 2**20
