"""The stores of the orders service in memory, with the same guards as the real ones."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from apps.orders.domain.events import OrderEvent
from apps.orders.domain.lines import Product
from apps.orders.domain.order import WAITING, Order, Status, Transition
from apps.orders.domain.timeline import Entry, Timeline
from apps.orders.repositories import Heard
from chassis.http.idempotency import KeyTaken, Receipt, StoredAnswer
from chassis.messaging.events import DuplicateEvent, Event, event_type


class FakeOrders:
    """Orders in a dictionary. `meanwhile` runs once before the next save, like a faster competitor."""

    def __init__(self, *orders: Order) -> None:
        self.orders = {order.id: order for order in orders}
        self.published: list[OrderEvent] = []
        self.entries: dict[UUID, list[Entry]] = {}
        self.inbox: set[UUID] = set()
        self.answers: dict[str, StoredAnswer] = {}
        self.writes = 0
        self.meanwhile: Callable[[], object] = lambda: None

    def find(self, order_id: UUID, cause: Event | None = None) -> Order | None:
        if cause is not None and cause.id in self.inbox:
            raise DuplicateEvent(cause.id)
        return self.orders.get(order_id)

    def add(self, placing: Transition, receipt: Receipt | None = None) -> None:
        assert placing.order.id not in self.orders
        if receipt is not None:
            if receipt.key in self.answers:
                raise KeyTaken
            self.answers[receipt.key] = receipt.answer
        self._write(placing, None)

    def answered(self, key: str) -> StoredAnswer | None:
        return self.answers.get(key)

    def save(self, before: Order, transition: Transition, heard: Heard | None) -> bool:
        competitor, self.meanwhile = self.meanwhile, lambda: None
        competitor()
        if self.orders[before.id].version != before.version:
            return False
        self._write(transition, heard)
        return True

    def note(self, order_id: UUID, heard: Heard) -> None:
        if heard.event.id not in self.inbox:
            self._hear(order_id, heard)

    def page(self, owner: UUID | None, status: Status | None, first: int, size: int) -> tuple[Sequence[Order], int]:
        found = [
            order
            for order in sorted(self.orders.values(), key=lambda each: each.id, reverse=True)
            if owner in (None, order.customer_id) and status in (None, order.status)
        ]
        return found[first : first + size], len(found)

    def unanswered(self, since: datetime, limit: int) -> Mapping[UUID, str | None]:
        states = (*WAITING, Status.SHIPPING)
        late = [each.id for each in self.orders.values() if each.status in states and each.updated_at < since]
        return dict.fromkeys(late[:limit])

    def in_states(self, statuses: Collection[Status]) -> Mapping[Status, int]:
        return {status: sum(each.status is status for each in self.orders.values()) for status in statuses}

    def timeline(self, order_id: UUID) -> Timeline | None:
        order = self.orders.get(order_id)
        return None if order is None else Timeline(order.customer_id, tuple(self.entries.get(order_id, ())))

    def _write(self, transition: Transition, heard: Heard | None) -> None:
        order = transition.order
        self.orders[order.id] = order
        self.published.extend(transition.events)
        self.writes += 1
        if heard is not None:
            self._hear(order.id, heard)
        self.entries.setdefault(order.id, []).extend(
            Entry(order.updated_at, event_type(type(event)), "orders", detail, None)
            for event, detail in zip(transition.events, transition.details, strict=True)
        )

    def _hear(self, order_id: UUID, heard: Heard) -> None:
        self.inbox.add(heard.event.id)
        entry = Entry(heard.event.time, heard.event.type, heard.event.source, heard.detail, None)
        self.entries.setdefault(order_id, []).append(entry)


class FakeCatalogue:
    """Products in a dictionary."""

    def __init__(self, *products: Product) -> None:
        self.products = {product.sku: product for product in products}
        self.sequences = dict.fromkeys(self.products, 1)

    def find(self, skus: Collection[str]) -> Mapping[str, Product]:
        return {sku: self.products[sku] for sku in skus if sku in self.products}

    def keep(self, product: Product, sequence: int) -> bool:
        if self.sequences.get(product.sku, 0) > sequence:
            return False
        self.products[product.sku], self.sequences[product.sku] = product, sequence
        return True


class FakeAvailability:
    """What inventory would say; None: it does not answer. `meanwhile` runs once before the next answer."""

    def __init__(self, available: Mapping[str, int] | None = None) -> None:
        self.available = available
        self.meanwhile: Callable[[], object] = lambda: None

    def of(self, skus: Collection[str]) -> Mapping[str, int] | None:
        competitor, self.meanwhile = self.meanwhile, lambda: None
        competitor()
        return self.available
