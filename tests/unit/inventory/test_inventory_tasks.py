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
