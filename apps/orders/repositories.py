"""What the use cases need from outside: where orders and the catalogue are kept, and what inventory says by itself."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from apps.orders.domain.lines import Product
from apps.orders.domain.order import Order, Status, Transition
from apps.orders.domain.timeline import Timeline
from chassis.http.idempotency import Receipt, StoredAnswer
from chassis.messaging.events import Event


@dataclass(frozen=True, slots=True)
class Heard:
    """An event about an order, and what the timeline says of it."""

    event: Event
    detail: str


class Orders(Protocol):
    """Where orders are kept. Every write is atomic: state, timeline, outgoing events, and the event that caused it."""

    def find(self, order_id: UUID, cause: Event | None = None) -> Order | None:
        """The order, by one read. Raises `DuplicateEvent` when it has been moved by `cause` already."""

    def add(self, placing: Transition, receipt: Receipt | None = None) -> None:
        """Writes a new order, and with it what its customer is answered. Raises `KeyTaken`, and writes nothing."""

    def answered(self, key: str) -> StoredAnswer | None:
        """What was answered to the request with that key, unless that is too long ago."""

    def save(self, before: Order, transition: Transition, heard: Heard | None) -> bool:
        """Writes a move; False, and nothing written, when the order is not at the version of `before` any more."""

    def note(self, order_id: UUID, heard: Heard) -> None:
        """Writes what was heard, once, into the timeline of an order that it does not move."""

    def page(self, owner: UUID | None, status: Status | None, first: int, size: int) -> tuple[Sequence[Order], int]:
        """Orders from number `first` on, newest first, and how many there are in all."""

    def unanswered(self, since: datetime, limit: int) -> Mapping[UUID, str | None]:
        """Orders that wait for inventory, unmoved since then, though their events have left: so many in each state.

        Each with the trace context (W3C traceparent) in which it has asked.
        """

    def in_states(self, statuses: Collection[Status]) -> Mapping[Status, int]:
        """How many orders are in each of these states."""

    def timeline(self, order_id: UUID) -> Timeline | None:
        """What happened to the order."""


class Catalogue(Protocol):
    """Orders' own copy of the products."""

    def find(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Those of the products that are known, by SKU."""

    def keep(self, product: Product, sequence: int) -> bool:
        """Writes the product unless a newer `sequence` of it is known; whether it was written."""


class Products(Protocol):
    """All products of inventory, each with the sequence of its newest event."""

    def __iter__(self) -> Iterator[tuple[Product, int]]:
        """One after the other."""


class Availability(Protocol):
    """What could be held at this moment, as far as that can be told quickly."""

    def of(self, skus: Collection[str]) -> Mapping[str, int] | None:
        """How much there is of each; None when there is no answer in time."""
