"""Inventory's store in memory, with the transactions of the real one."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import TracebackType
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from apps.inventory.domain.products import Money, Product
from apps.inventory.domain.reservations import Reservation
from apps.inventory.domain.stock import Move, Moved, Stock, Totals
from chassis.http.idempotency import KeyTaken, Once, StoredAnswer
from chassis.messaging.events import DuplicateEvent, Event

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
MUG = Product("MUG", "Blue mug", "Stoneware.", Money.of(Decimal("12.50"), "EUR"))


@dataclass(frozen=True)
class Published:
    """An event that left, with what its envelope says."""

    event: BaseModel
    subject: str
    sequence: int
    correlation: str | None


@dataclass
class State:
    """What a commit makes true."""

    products: dict[str, Product] = field(default_factory=dict)
    stock: dict[str, Stock] = field(default_factory=dict)
    reservations: dict[UUID, Reservation] = field(default_factory=dict)
    journal: list[tuple[str, int, str, UUID]] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    handled: set[UUID] = field(default_factory=set)
    answers: dict[str, StoredAnswer] = field(default_factory=dict)


class Products:
    """See `repositories.Products`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, product: Product) -> bool:
        return self._state.products.setdefault(product.sku, product) is product

    def find(self, sku: str) -> Product | None:
        return self._state.products.get(sku)

    lock = find

    def save(self, product: Product) -> None:
        self._state.products[product.sku] = product

    def search(self, words: str, first: int, count: int) -> tuple[Sequence[Product], int]:
        found = [each for _, each in sorted(self._state.products.items()) if each.active and words in each.name.lower()]
        return found[first : first + count], len(found)

    def after(self, sku: str, count: int) -> Sequence[Product]:
        return [each for known, each in sorted(self._state.products.items()) if known > sku][:count]


class StockRoom:
    """See `repositories.StockRoom`."""

    def __init__(self, state: State) -> None:
        self._stock = state.stock
        self._journal = state.journal

    def add(self, sku: str, received: int, low_stock_threshold: int) -> None:
        self._stock[sku] = Stock(sku, received, received, 0, 0, low_stock_threshold)

    def find(self, skus: Sequence[str]) -> Mapping[str, Stock]:
        return {sku: self._stock[sku] for sku in skus if sku in self._stock}

    def move(self, moves: Sequence[Move]) -> Moved:
        assert [move.sku for move in moves] == sorted(move.sku for move in moves)
        available = {move.sku: stock.available if (stock := self._stock.get(move.sku)) else 0 for move in moves}
        short = {move.sku: available[move.sku] for move in moves if available[move.sku] + move.available < 0}
        if not short:
            self._stock.update({move.sku: _moved(self._stock[move.sku], move) for move in moves})
        return Moved([] if short else [self._stock[move.sku] for move in moves], short)

    def totals(self) -> Totals:
        rows = self._stock.values()
        low = sum(each.available < each.low_stock_threshold for each in rows)
        return Totals(sum(e.available for e in rows), sum(e.reserved for e in rows), sum(e.sold for e in rows), low)

    def watch(self, sku: str, low_stock_threshold: int) -> Stock:
        self._stock[sku] = replace(self._stock[sku], low_stock_threshold=low_stock_threshold)
        return self._stock[sku]

    def note(self, sku: str, delta: int, reason: str, author: UUID) -> None:
        self._journal.append((sku, delta, reason, author))


def _moved(stock: Stock, move: Move) -> Stock:
    moved = replace(
        stock,
        received=stock.received + move.available + move.reserved + move.sold,
        available=stock.available + move.available,
        reserved=stock.reserved + move.reserved,
        sold=stock.sold + move.sold,
        version=stock.version + 1,
    )
    assert min(moved.available, moved.reserved, moved.sold) >= 0
    return moved


class Reservations:
    """See `repositories.Reservations`. What is not saved is lost, as in a real store."""

    def __init__(self, state: State) -> None:
        self._stored = state.reservations

    def find(self, order_id: UUID) -> Reservation | None:
        return deepcopy(self._stored.get(order_id))

    def lock(self, order_id: UUID, *, lines: bool = True) -> Reservation:
        found = deepcopy(self._stored.setdefault(order_id, Reservation(order_id)))
        return found if lines else replace(found, lines={})

    def lock_due(self, now: datetime, limit: int) -> Sequence[Reservation]:
        due = [
            each
            for each in self._stored.values()
            if each.status == "held" and each.expires_at and each.expires_at <= now
        ]
        return deepcopy(due[:limit])

    def save(self, reservation: Reservation) -> None:
        if reservation.held_revision and not reservation.lines:  # locked without its lines: they stay
            reservation = replace(reservation, lines=self._stored[reservation.order_id].lines)
        self._stored[reservation.order_id] = deepcopy(reservation)


class UnitOfWork:
    """A transaction on a copy of the state."""

    def __init__(self, store: "Store", cause: Event | None, once: Once | None) -> None:
        self._store = store
        self._cause = cause
        self._once = once

    def __enter__(self) -> Self:
        self._state = deepcopy(self._store.state)
        if self._cause is not None:
            if self._cause.id in self._state.handled:
                raise DuplicateEvent(self._cause.id)
            self._state.handled.add(self._cause.id)
        if self._once is not None and self._once.key in self._state.answers:
            raise KeyTaken
        self.products = Products(self._state)
        self.stock = StockRoom(self._state)
        self.reservations = Reservations(self._state)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Drops the copy."""

    def publish(self, event: BaseModel, *, subject: str, sequence: int, correlation: str | None = None) -> None:
        self._state.published.append(Published(event, subject, sequence, correlation))

    def answer(self, outcome: object) -> None:
        if self._once is not None:
            self._state.answers[self._once.key] = self._once.answer(outcome)

    def answered(self, key: str) -> StoredAnswer | None:
        return self._state.answers.get(key)

    def commit(self) -> None:
        self._store.state = deepcopy(self._state)


class Store:
    """The store; calling it gives a unit of work."""

    def __init__(self, **stock: int) -> None:
        self.state = State()
        for sku, received in stock.items():
            self.state.products[sku] = replace(MUG, sku=sku)
            self.state.stock[sku] = Stock(sku, received, received, 0, 0)

    def __call__(self, cause: Event | None = None, once: Once | None = None) -> UnitOfWork:
        return UnitOfWork(self, cause, once)

    @property
    def events(self) -> list[BaseModel]:
        """All events that left so far."""
        return [published.event for published in self.state.published]

    def numbers(self, sku: str) -> tuple[int, int, int]:
        """Available, reserved and sold."""
        stock = self.state.stock[sku]
        assert stock.received == stock.available + stock.reserved + stock.sold
        return stock.available, stock.reserved, stock.sold
