"""What inventory hears, with its own reading of it, and which use case follows."""

from typing import Self
from uuid import UUID

from pydantic import Field, model_validator

from apps.inventory import service
from apps.inventory.bootstrap import Inventory
from apps.inventory.domain.stock import Lines
from apps.inventory.settings import InventoryWorkerSettings
from chassis.messaging.events import Event
from chassis.messaging.subscriptions import Reading, Subscriptions
from chassis.times import utc_now

Parts = Inventory[InventoryWorkerSettings]

subscriptions = Subscriptions("inventory")


class Line(Reading):
    """A quantity of one SKU."""

    sku: str
    quantity: int = Field(ge=1)


class OrderLines(Reading):
    """order.placed, order.changed: what is to be held."""

    order_id: UUID
    revision: int = Field(ge=1)
    lines: tuple[Line, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_line_per_sku(self) -> Self:
        if len(self.quantities) < len(self.lines):
            raise ValueError("two lines have the same SKU")
        return self

    @property
    def quantities(self) -> Lines:
        """The lines as quantities by SKU."""
        return {line.sku: line.quantity for line in self.lines}


class OrderRevision(Reading):
    """order.confirmed, order.ship_requested: which revision is meant."""

    order_id: UUID
    revision: int = Field(ge=1)


class OrderEnd(Reading):
    """order.cancelled."""

    order_id: UUID


@subscriptions.on("orders", "order.placed", OrderLines)
def hold_first_lines(inventory: Parts, order: OrderLines, event: Event) -> None:
    """Hold what was ordered."""
    _hold(inventory, order, event)


@subscriptions.on("orders", "order.changed", OrderLines)
def hold_other_lines(inventory: Parts, order: OrderLines, event: Event) -> None:
    """Hold what is wanted now instead."""
    _hold(inventory, order, event)


@subscriptions.on("orders", "order.confirmed", OrderRevision)
def keep_hold(inventory: Parts, order: OrderRevision, event: Event) -> None:
    """Keep the hold for as long as the order lives."""
    service.confirm(inventory.unit_of_work(event), order.order_id, order.revision)


@subscriptions.on("orders", "order.cancelled", OrderEnd)
def release_hold(inventory: Parts, order: OrderEnd, event: Event) -> None:
    """Let go of everything, for good."""
    service.cancel(inventory.unit_of_work(event), order.order_id)


@subscriptions.on("orders", "order.ship_requested", OrderRevision)
def sell_hold(inventory: Parts, order: OrderRevision, event: Event) -> None:
    """Make the hold a sale."""
    service.sell_held(inventory.unit_of_work(event), order.order_id, order.revision)


def _hold(inventory: Parts, order: OrderLines, event: Event) -> None:
    expires_at = utc_now() + inventory.settings.live.current.hold_time
    service.hold(inventory.unit_of_work(event), order.order_id, order.revision, order.quantities, expires_at)
