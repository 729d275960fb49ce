"""The scheduled task of the orders service."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from celery import Celery
from prometheus_client import REGISTRY

from chassis.tasks.commands import add_periodic_task
from tests.unit.orders.fakes import FakeOrders
from tests.unit.orders.samples import order
from workers.orders.tasks import SWEEP, sweep_stale_orders


@dataclass(frozen=True)
class Settings:
    order_patience: float = 60.0
    order_tries: int = 3


def test_stale_orders_are_counted() -> None:
    """The metric says how many were found, and falls again."""
    sample = order()
    orders = FakeOrders(replace(sample, updated_at=sample.updated_at - timedelta(minutes=2)))
    for expected in (1, 0):
        sweep_stale_orders(orders, Settings())
        assert REGISTRY.get_sample_value("orders_stale") == expected


def test_transient_error_is_put_off() -> None:
    """While the store is away the task does nothing; any other error is not hidden."""

    def run(error: Exception) -> None:
        def act() -> None:
            raise error

        app = Celery("orders")
        add_periodic_task(app, SWEEP, act, (ConnectionError,))
        app.tasks[SWEEP]()

    run(ConnectionError("away"))
    with pytest.raises(ValueError, match="mistake"):
        run(ValueError("mistake"))
