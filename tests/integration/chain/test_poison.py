"""Poison: whatever lies in an event queue, the worker puts it aside with a reason, and goes on."""

import gzip
import json
import pickle
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from chassis.identifiers import new_id
from chassis.messaging.events import encode, publication
from tests.integration.chain.conftest import Shop, StartWorker, ThingSold
from tests.integration.chain.test_chain import assert_effects, queue_holds
from tests.integration.servers import Broker
from tests.polling import eventually

ATTRIBUTES = ("id", "type", "source", "specversion", "subject", "time", "dataschema", "correlationid", "sequence")
CELERY = {"task": "tests.integration.chain.worker_app.on_sold", "id": "1", "lang": "py", "argsrepr": "()"}


def envelope(**changes: object) -> bytes:
    """A good event with some attributes changed, or taken out (None)."""
    event = publication(ThingSold(thing="chair"), source="shop", subject="c", sequence=1, correlation=None, cause=None)
    complete = {**json.loads(encode(event)), **changes}
    return json.dumps({name: value for name, value in complete.items() if value is not None}).encode()


POISON: dict[str, tuple[bytes, dict[str, Any]]] = {
    "bad JSON": (b'{"id": ', {}),
    "bad UTF-8": (b"\xff\xfe\xfd", {}),
    "a list": (b"[1, 2, 3]", {}),
    "a number": (b"42", {}),
    "empty": (b"", {}),
    "plain JSON": (envelope(), {"content_type": "application/json"}),
    "no content type": (envelope(), {"content_type": None}),
    "another encoding": (envelope(), {"content_encoding": "utf-16"}),
    "unknown type": (envelope(type="thing.unheard"), {}),
    "data is a list": (envelope(data=[1]), {}),
    "data misses a field": (envelope(data={"wrong": True}), {}),
    "a task of Celery": (b"[[], {}, {}]", {"content_type": "application/json", "headers": CELERY}),
    "a task header": (b"17", {"headers": {"task": "chassis.park", "id": "x"}}),
    "pickle": (pickle.dumps({"a": 1}), {"content_type": "application/x-python-serialize"}),
    "bad compression": (b"not packed", {"headers": {"compression": "application/x-gzip"}}),
    "unknown compression": (b"not packed", {"headers": {"compression": "no-such-thing"}}),
    "packed, no header": (gzip.compress(envelope()), {"content_encoding": "gzip"}),
    "5 MB": (b" " * 5_000_000, {}),
    "odd headers": (b"{", {"headers": {"x-attempts": {"a": "table"}, "traceparent": 7, "x-death": "none"}}),
    **{f"no {name}": (envelope(**{name: None}), {}) for name in ATTRIBUTES},
}


def test_poison_is_put_aside_with_its_reason(
    shop: Shop,
    start_worker: StartWorker,
    chain_broker: Broker,
    dead_letters: Callable[[str], list[SimpleNamespace]],
) -> None:
    """All of it ends in `.dead`, byte for byte; the worker neither dies nor stalls, and handles the next good event."""
    stock = start_worker("stock")
    for body, properties in POISON.values():
        shop.send(body, message_id=str(new_id()), **properties)
    eventually(lambda: queue_holds(chain_broker, "stock.shop.dead", len(POISON)), seconds=30)
    letters = dead_letters("stock.shop")
    assert sorted(letter.body for letter in letters) == sorted(body for body, _ in POISON.values())
    assert all(letter.headers["x-failure-reason"] for letter in letters)
    shop.sell()
    eventually(lambda: assert_effects(stock, 1))
    stock.assert_ready()
    assert chain_broker.messages("stock.shop") == chain_broker.messages("stock.shop.retry") == 0
    assert stock.metric("dead_letters_total", queue="stock.shop", kind="poison") == len(POISON)


def test_odd_trace_is_no_poison(shop: Shop, start_worker: StartWorker) -> None:
    """A traceparent that makes no sense costs the trace, not the event; extras of a newer publisher are ignored."""
    stock = start_worker("stock")
    shop.send(envelope(traceparent="nonsense"), headers={"traceparent": "nonsense"})
    shop.send(envelope(futureattribute="x", dataschema="urn:quadrille:schema:thing.sold:1.7"))
    eventually(lambda: assert_effects(stock, 2))
