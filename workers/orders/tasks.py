"""What the orders service tells itself to do; the scheduler says when."""

from datetime import timedelta
from typing import Protocol

from apps.orders import service
from apps.orders.metrics import ORDERS_STALE
from apps.orders.repositories import Orders

SWEEP = "workers.orders.tasks.sweep_stale_orders"


class SweepSettings(Protocol):
    """What the sweep reads of the settings."""

    @property
    def order_patience(self) -> float:
        """Seconds."""

    @property
    def order_tries(self) -> int:
        """Before the end."""


def sweep_stale_orders(orders: Orders, settings: SweepSettings) -> None:
    """Lets orders that wait too long ask again, or end."""
    patience = service.Patience(timedelta(seconds=settings.order_patience), settings.order_tries)
    ORDERS_STALE.set(service.sweep(orders, patience))
