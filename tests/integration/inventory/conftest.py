"""Inventory over its own database, and many hands at once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import BaseModel
from sqlalchemy import Engine, TextClause, create_engine, text

from apps.inventory import migrations, service
from apps.inventory.domain.products import Money, Product
from apps.inventory.domain.reservations import Reservation
from apps.inventory.domain.stock import Lines
from apps.inventory.storage import UnitOfWork
from chassis.identifiers import new_id
from chassis.messaging.events import Event
from chassis.storage.migrations import migrate
from chassis.times import utc_now

THREADS = 16

# All in one statement, so that it sees one moment.
AUDIT = text("""
WITH lines AS (
    SELECT sku,
        coalesce(sum(quantity) FILTER (WHERE closed IS NULL), 0) AS held,
        coalesce(sum(quantity) FILTER (WHERE closed = 'sold'), 0) AS sold
    FROM reservation_lines JOIN reservations USING (order_id) GROUP BY sku
)
SELECT count(*) FROM stock LEFT JOIN lines USING (sku)
WHERE received <> available + reserved + stock.sold OR least(available, reserved, stock.sold) < 0
    OR reserved <> coalesce(held, 0) OR stock.sold <> coalesce(lines.sold, 0)
""")


Together = Callable[..., list[object]]


class Nothing(BaseModel):
    """The data of an event that only has to be one."""


class Inventory:
    """The service over its own database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def uow(self, cause: Event | None = None) -> UnitOfWork:
        return UnitOfWork(self.engine, "inventory", cause)

    def add(self, received: int) -> str:
        """A new product; returns its SKU."""
        sku = f"SKU-{new_id().hex[-12:].upper()}"
        product = Product(sku, "A product", "Of a test", Money.of(Decimal("12.50"), "EUR"))
        service.create_product(self.uow(), product, received)
        return sku

    def hold(self, order: UUID, revision: int, lines: Lines, cause: Event | None = None) -> None:
        """Holds for a quarter of an hour."""
        service.hold(self.uow(cause), order, revision, lines, utc_now() + timedelta(minutes=15))

    def numbers(self, sku: str) -> tuple[int, int, int]:
        """Available, reserved and sold."""
        stock = service.get_stock(self.uow(), sku)
        return stock.available, stock.reserved, stock.sold

    def reservation(self, order: UUID) -> Reservation:
        return service.get_reservation(self.uow(), order)

    def mistakes(self) -> int:
        """SKUs whose numbers do not add up, or do not agree with the reservations, at this moment."""
        return self._number(AUDIT)

    def deadlocks(self) -> int:
        """How many the server had to break in this database."""
        return self._number(text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))

    def assert_somebody_waits(self) -> None:
        """A transaction waits for another's lock."""
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        assert self._number(text(waiting)) == 1

    def answers(self, order: UUID) -> list[str]:
        """The types of the events about an order, in the order of writing."""
        found = text("SELECT type FROM outbox WHERE body::jsonb ->> 'subject' = :order ORDER BY seq")
        with self.engine.connect() as connection:
            return list(connection.execute(found, {"order": str(order)}).scalars())

    def _number(self, statement: TextClause) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(statement).scalar_one())


@pytest.fixture(scope="module")
def inventory(new_postgres_database: Callable[[], str]) -> Iterator[Inventory]:
    """The service on a fresh database."""
    engine = create_engine(new_postgres_database(), pool_size=THREADS + 4, max_overflow=0)
    migrate(engine, Path(migrations.__file__).parent)
    yield Inventory(engine)
    engine.dispose()


@pytest.fixture
def together() -> Iterator[Together]:
    """Runs functions at the same moment; returns what they returned, or raised."""
    with ThreadPoolExecutor(THREADS) as pool:

        def run(*functions: Callable[[], object]) -> list[object]:
            start = threading.Barrier(len(functions))

            def one(function: Callable[[], object]) -> object:
                start.wait(10)
                return function()

            running = [pool.submit(one, function) for function in functions]
            return [each.exception() or each.result() for each in running]

        yield run
