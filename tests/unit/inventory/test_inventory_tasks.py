"""The scheduled task of the inventory service."""

from datetime import timedelta
from uuid import uuid4

from prometheus_client import REGISTRY

from apps.inventory import service
from chassis.times import utc_now
from tests.unit.inventory.fakes import Store
from workers.inventory.tasks import BATCH, expire_holds


def test_all_due_holds_expire_and_are_counted() -> None:
    """More than one batch of them; a young hold stays."""
    store = Store(MUG=1000)
    for _ in range(BATCH + 1):
        service.hold(store(), uuid4(), 1, {"MUG": 1}, utc_now() - timedelta(seconds=1))
    service.hold(store(), uuid4(), 1, {"MUG": 1}, utc_now() + timedelta(hours=1))
    before = REGISTRY.get_sample_value("reservations_expired_total") or 0
    expire_holds(store)
    assert REGISTRY.get_sample_value("reservations_expired_total") == before + BATCH + 1
    assert store.numbers("MUG") == (999, 1, 0)


def test_stock_is_counted() -> None:
    """The sums over all products, and of how many there is less than their threshold."""
    store = Store(MUG=10, TEA=5)
    service.change_product(store(), "MUG", low_stock_threshold=9)
    service.hold(store(), uuid4(), 1, {"MUG": 2, "TEA": 5}, utc_now())
    service.count_stock(store())
    states = {state: REGISTRY.get_sample_value("stock_units", {"state": state}) for state in ("available", "reserved")}
    assert states == {"available": 8, "reserved": 7}
    assert REGISTRY.get_sample_value("stock_low_products") == 1
