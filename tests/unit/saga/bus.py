"""Both sides of the saga on stores in memory, and a bus between them that loses nothing and guarantees nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace

from pydantic import BaseModel

from apps.inventory.settings import InventoryWorkerSettings
from chassis.messaging.events import DuplicateEvent, Event, publication
from tests.unit.inventory.fakes import Store
from tests.unit.orders.fakes import FakeCatalogue, FakeOrders
from workers.inventory.events import subscriptions as inventory_hears
from workers.orders.events import subscriptions as orders_hear

HEARD_BY = {"orders": inventory_hears, "inventory": orders_hear}


@dataclass
class Saga:
    """The orders, the stock, and the events that are on their way; each is handled by the workers' own handlers."""

    store: Store
    catalogue: FakeCatalogue
    orders: FakeOrders = field(default_factory=FakeOrders)
    under_way: list[Event] = field(default_factory=list)
    _told: dict[str, int] = field(default_factory=lambda: {"orders": 0, "inventory": 0})

    def collect(self) -> None:
        """Puts what was published since the last time onto the bus."""
        self._send("orders", self.orders.published)
        self._send("inventory", self.store.events)

    def deliver(self, index: int, *, acknowledge: bool = True) -> None:
        """Hands one event to the other side's worker. Without its acknowledgement it will come again."""
        event = self.under_way[index]
        subscription = HEARD_BY[event.source].find(event.source, event.type)
        if subscription is not None:
            parts = self._parts_of_inventory if event.source == "orders" else self._parts_of_orders
            reading = subscription.reading.model_validate(event.data)
            try:
                subscription.handler(parts, reading, event)
            except DuplicateEvent:
                acknowledge = True
        if acknowledge:
            self.under_way.remove(event)
        self.collect()

    def _send(self, source: str, published: Iterable[BaseModel]) -> None:
        models = list(published)
        new, self._told[source] = models[self._told[source] :], len(models)
        for model in new:
            subject = str(model.model_dump()["order_id"])
            self.under_way.append(
                publication(model, source=source, subject=subject, sequence=1, correlation=None, cause=None)
            )

    @property
    def _parts_of_orders(self) -> SimpleNamespace:
        return SimpleNamespace(orders=self.orders, catalogue=self.catalogue)

    @property
    def _parts_of_inventory(self) -> SimpleNamespace:
        return SimpleNamespace(unit_of_work=self.store, settings=InventoryWorkerSettings.model_construct())
