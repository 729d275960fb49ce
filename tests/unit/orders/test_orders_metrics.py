"""What the orders service counts of its orders."""

from dataclasses import replace
from datetime import timedelta

from prometheus_client import REGISTRY

from apps.orders import service
from apps.orders.domain.lines import AskedLine
from apps.orders.domain.order import Status
from tests.unit.orders.fakes import FakeAvailability, FakeCatalogue, FakeOrders
from tests.unit.orders.samples import CUSTOMER, heard, order, product

PATIENCE = service.Patience(timedelta(seconds=60), tries=3)


def moved(status: Status) -> float:
    return REGISTRY.get_sample_value("orders_moved_total", {"status": status}) or 0


def decided(outcome: Status, at_most: str) -> float:
    return REGISTRY.get_sample_value("order_saga_seconds_bucket", {"outcome": outcome, "le": at_most}) or 0


def test_moves_are_counted_by_the_state_they_lead_to() -> None:
    """Placing too; asking again for an answer is no move."""
    orders = FakeOrders()
    before = moved(Status.PENDING)
    placed = service.place_order(orders, FakeCatalogue(product()), FakeAvailability(), CUSTOMER, [AskedLine("TEA", 1)])
    orders.orders[placed.id] = replace(placed, updated_at=placed.updated_at - timedelta(minutes=2))
    assert service.sweep(orders, PATIENCE) == 1
    assert moved(Status.PENDING) == before + 1


def test_the_saga_is_timed_from_placing_to_the_decision() -> None:
    """However often it asked in between: 40 s lie between the bounds of 30 and 60."""
    sample = order()
    orders = FakeOrders(replace(sample, created_at=sample.created_at - timedelta(seconds=40)))
    before = decided(Status.CONFIRMED, "30.0"), decided(Status.CONFIRMED, "60.0")
    service.stock_reserved(orders, sample.id, 1, heard("stock.reserved", sample.id))
    assert (decided(Status.CONFIRMED, "30.0"), decided(Status.CONFIRMED, "60.0")) == (before[0], before[1] + 1)


def test_what_the_customer_ends_is_not_timed() -> None:
    """It says nothing about how quick the services are."""
    sample = order()
    before = decided(Status.CANCELLED, "+Inf")
    service.cancel_order(FakeOrders(sample), sample.id, sample.customer_id)
    assert decided(Status.CANCELLED, "+Inf") == before


def test_open_orders_are_counted_by_state() -> None:
    """Zeros are told as well; orders that have ended are not asked for."""
    service.count_open(FakeOrders(order(), order(), order(Status.CHANGING), order(Status.SHIPPED)))
    found = {status: REGISTRY.get_sample_value("orders_in_state", {"status": status}) for status in Status}
    assert found == {"pending": 2, "changing": 1, "confirmed": 0, "shipping": 0} | dict.fromkeys(
        ("shipped", "rejected", "cancelled")
    )
