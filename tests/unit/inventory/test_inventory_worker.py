"""What inventory hears and says: readings, handlers, and the examples of its own events."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel, ValidationError

from apps.inventory.domain import events
from apps.inventory.settings import InventoryWorkerSettings
from chassis.messaging.events import DuplicateEvent, Event, publication
from tests.unit.inventory.fakes import Store
from workers.inventory.events import OrderLines, subscriptions

HOLD_TIME = timedelta(minutes=15)
ORDER = UUID("0198f3a2-7c41-7d7e-9b55-3f0f5f1f2a10")
LINES = [{"sku": "MUG", "quantity": 2}]


class Anything(BaseModel):
    """The data of an event that stands for any."""


def hear(store: Store, event_type: str, cause: Event | None = None, **data: Any) -> None:
    """Hands an event of orders to its handler, as the worker does."""
    subscription = subscriptions.find("orders", event_type)
    assert subscription is not None
    reading = subscription.reading.model_validate({"order_id": str(ORDER), "customer_id": "ignored", **data})
    settings = InventoryWorkerSettings.model_construct(hold_seconds=HOLD_TIME.seconds)
    given = SimpleNamespace(unit_of_work=store, settings=settings)
    event = cause or publication(
        Anything(), source="orders", subject=str(ORDER), sequence=1, correlation=None, cause=None
    )
    subscription.handler(given, reading, event)


def test_whole_life_of_an_order() -> None:
    """Placed, confirmed, changed, confirmed again, shipped: each event leads to its use case."""
    store = Store(MUG=5)
    hear(store, "order.placed", revision=1, lines=LINES)
    hear(store, "order.confirmed", revision=1)
    hear(store, "order.changed", revision=2, lines=[{"sku": "MUG", "quantity": 3}])
    assert (store.state.reservations[ORDER].status, store.numbers("MUG")) == ("held", (2, 3, 0))
    hear(store, "order.confirmed", revision=2)
    hear(store, "order.ship_requested", revision=2)
    assert (store.state.reservations[ORDER].status, store.numbers("MUG")) == ("sold", (2, 0, 3))


def test_cancelled_order_lets_go() -> None:
    """order.cancelled needs no revision."""
    store = Store(MUG=5)
    hear(store, "order.placed", revision=1, lines=LINES)
    hear(store, "order.cancelled", reason="changed_my_mind")
    assert store.numbers("MUG") == (5, 0, 0)


def test_event_is_handled_once() -> None:
    """The inbox remembers it."""
    store = Store(MUG=5)
    event = publication(Anything(), source="orders", subject="any", sequence=1, correlation=None, cause=None)
    hear(store, "order.placed", event, revision=1, lines=LINES)
    with pytest.raises(DuplicateEvent):
        hear(store, "order.placed", event, revision=1, lines=LINES)


@pytest.mark.parametrize(
    "data",
    [
        {"revision": 1, "lines": []},
        {"revision": 0, "lines": LINES},
        {"revision": 1, "lines": [{"sku": "MUG", "quantity": 0}]},
        {"revision": 1, "lines": LINES * 2},
        {"lines": LINES},
    ],
    ids=["no line", "no revision yet", "nothing of it", "one SKU twice", "revision missing"],
)
def test_malformed_order_is_not_read(data: dict[str, Any]) -> None:
    """What no order could be is put aside, not guessed at."""
    with pytest.raises(ValidationError):
        OrderLines.model_validate({"order_id": str(uuid4()), **data})


@pytest.mark.parametrize(
    "model",
    [member for member in vars(events).values() if isinstance(member, type) and "schema_version" in vars(member)],
    ids=lambda model: model.__name__,
)
def test_example_is_an_event(model: type[BaseModel]) -> None:
    """Consumers test against the examples, so these must be what is published."""
    extra = model.model_config["json_schema_extra"]
    assert isinstance(extra, dict)
    examples: Any = extra["examples"]
    for example in examples:
        published = model.model_validate(example).model_dump(mode="json")
        assert published.keys() == example.keys()
        assert all(field.description for field in model.model_fields.values())
