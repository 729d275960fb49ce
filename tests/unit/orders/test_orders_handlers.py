"""What the worker makes of inventory's events: from the data, by the reading, into the order."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import ValidationError

from apps.orders.domain.order import Order, Status
from tests.unit.orders.fakes import FakeCatalogue, FakeOrders
from tests.unit.orders.samples import heard, order
from workers.orders.events import subscriptions


@dataclass
class Parts:
    """The worker's parts, in memory."""

    orders: FakeOrders = field(default_factory=FakeOrders)
    catalogue: FakeCatalogue = field(default_factory=FakeCatalogue)


def deliver(parts: Parts, event_type: str, data: dict[str, Any], sample: Order, sequence: int = 1) -> None:
    subscription = subscriptions.find("inventory", event_type)
    assert subscription is not None
    event = heard(event_type, sample.id, sequence)
    subscription.handler(parts, subscription.reading.model_validate(data), event)


def test_listens_to_the_saga_and_the_catalogue() -> None:
    """The subscriptions are the answers of inventory and its products."""
    assert {(each.publisher, each.event_type) for each in subscriptions} == {
        ("inventory", kind)
        for kind in (
            "product.created",
            "product.updated",
            "stock.reserved",
            "stock.rejected",
            "stock.expired",
            "stock.sold",
            "stock.sale_rejected",
            "stock.released",
        )
    }


@pytest.mark.parametrize(
    ("before", "event_type", "data", "after"),
    [
        (order(), "stock.reserved", {"revision": 1, "expires_at": "2026-01-02T03:04:05Z"}, Status.CONFIRMED),
        (
            order(),
            "stock.rejected",
            {"revision": 1, "held_revision": 0, "shortages": [{"sku": "TEA", "asked": 2, "available": 1}]},
            Status.REJECTED,
        ),
        (
            order(Status.CHANGING, 2, 1),
            "stock.rejected",
            {"revision": 2, "held_revision": 1, "shortages": [{"sku": "TEA", "asked": 2, "available": 1}]},
            Status.CONFIRMED,
        ),
        (order(Status.CONFIRMED, 1, 1), "stock.expired", {"revision": 1}, Status.CANCELLED),
        (order(Status.SHIPPING, 1, 1), "stock.sold", {"revision": 1, "lines": []}, Status.SHIPPED),
        (order(Status.SHIPPING, 1, 1), "stock.sale_rejected", {}, Status.CANCELLED),
        (order(Status.CANCELLED), "stock.released", {"revision": 1, "lines": []}, Status.CANCELLED),
    ],
)
def test_answers_move_the_order(before: Order, event_type: str, data: dict[str, Any], after: Status) -> None:
    """Each answer moves the order that it names; fields that orders does not use may come along."""
    parts = Parts(FakeOrders(before))
    deliver(parts, event_type, {"order_id": str(before.id), **data}, before)

    assert parts.orders.orders[before.id].status is after


def test_product_is_kept() -> None:
    """A product event becomes the copy that prices orders."""
    parts = Parts()
    data = {"sku": "TEA", "name": "Tea", "price": {"amount": "12.50", "currency": "EUR"}, "active": True, "stock": 9}
    deliver(parts, "product.created", data, order(), sequence=3)
    deliver(parts, "product.updated", {**data, "active": False}, order(), sequence=4)

    assert (parts.catalogue.products["TEA"].active, parts.catalogue.products["TEA"].price.text) == (False, "12.50")


def test_answer_without_an_order_is_no_answer() -> None:
    """Data that lacks what orders reads does not reach the handler."""
    with pytest.raises(ValidationError):
        deliver(Parts(), "stock.reserved", {"revision": 1}, order())
