"""What the use cases need of a store: three repositories in one unit of work."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from pydantic import BaseModel

from apps.inventory.domain.products import Product
from apps.inventory.domain.reservations import Reservation
from apps.inventory.domain.stock import Move, Moved, Stock, Totals
from chassis.http.idempotency import Once, StoredAnswer
from chassis.messaging.events import Event


class Products(Protocol):
    """The catalogue's repository."""

    def add(self, product: Product) -> bool:
        """Adds it; False when the SKU is taken."""

    def find(self, sku: str) -> Product | None:
        """The product, if there is one."""

    def lock(self, sku: str) -> Product | None:
        """The product, which nobody else changes until the end of this transaction."""

    def save(self, product: Product) -> None:
        """Writes a product that was locked."""

    def search(self, words: str, first: int, count: int) -> tuple[Sequence[Product], int]:
        """`count` active products by SKU, from the `first` on, that have the words in them; and how many there are."""

    def after(self, sku: str, count: int) -> Sequence[Product]:
        """The next `count` products by SKU, active or not."""


class StockRoom(Protocol):
    """The repository of all stock."""

    def add(self, sku: str, received: int, low_stock_threshold: int) -> None:
        """Begins the stock of a new product."""

    def find(self, skus: Sequence[str]) -> Mapping[str, Stock]:
        """The stock of those SKUs that are known."""

    def move(self, moves: Sequence[Move]) -> Moved:
        """Makes all moves, or none when a SKU is short. Stock is locked by SKU, also when nothing comes of it."""

    def totals(self) -> Totals:
        """The sums over all products."""

    def watch(self, sku: str, low_stock_threshold: int) -> Stock:
        """Sets the threshold; the stock with it."""

    def note(self, sku: str, delta: int, reason: str, author: UUID) -> None:
        """Writes a correction into the journal."""


class Reservations(Protocol):
    """The repository of reservations."""

    def find(self, order_id: UUID) -> Reservation | None:
        """The reservation, if anything was ever asked for the order."""

    def lock(self, order_id: UUID, *, lines: bool = True) -> Reservation:
        """The reservation, new if need be, which nobody else changes until the end of this transaction.

        One without its lines, which is cheaper, serves for what does not change them.
        """

    def lock_due(self, now: datetime, limit: int) -> Sequence[Reservation]:
        """Some unconfirmed ones that are past their time; not those that others have locked."""

    def save(self, reservation: Reservation) -> None:
        """Writes a reservation that was locked."""


class UnitOfWork(Protocol):
    """One transaction over all repositories, and the events that leave with it."""

    @property
    def products(self) -> Products:
        """The catalogue."""

    @property
    def stock(self) -> StockRoom:
        """All stock."""

    @property
    def reservations(self) -> Reservations:
        """All reservations."""

    def __enter__(self) -> Self:
        """Begins it. Raises `DuplicateEvent` for an event that was handled before, `KeyTaken` for such a request."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Ends it; what was not committed is undone."""

    def publish(self, event: BaseModel, *, subject: str, sequence: int, correlation: str | None = None) -> None:
        """Notes an event that leaves with the commit."""

    def answer(self, outcome: object) -> None:
        """Keeps how the outcome is answered, with the commit, if the request may be repeated."""

    def answered(self, key: str) -> StoredAnswer | None:
        """What was answered to the request with that key, unless that is too long ago."""

    def commit(self) -> None:
        """Makes all of it true."""


class UnitOfWorkFactory(Protocol):
    """Makes the unit of work of a request, which may be repeated, or of an event."""

    def __call__(self, cause: Event | None = None, once: Once | None = None) -> UnitOfWork:
        """A new one, not begun yet."""
