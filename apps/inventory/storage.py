"""PostgreSQL: the repositories, and the unit of work that holds them.

Plain reads and writes are SQLAlchemy Core; where locks decide about right and wrong, the SQL is written out.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Connection, Row, column, func, or_, select, table, text, update
from sqlalchemy.dialects.postgresql import insert

from apps.inventory.domain.events import Shortage
from apps.inventory.domain.products import Money, Product
from apps.inventory.domain.reservations import Closed, Reservation
from apps.inventory.domain.stock import Lines, Move, Moved, Stock, Totals
from chassis.storage import postgres

_products = table(
    "products", *map(column, ("sku", "name", "description", "price_minor_units", "price_currency", "active", "version"))
)
_stock = table(
    "stock", *map(column, ("sku", "received", "available", "reserved", "sold", "low_stock_threshold", "version"))
)
_stock_journal = table("stock_journal", *map(column, ("sku", "delta", "reason", "author")))


class Products:
    """See `repositories.Products`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, product: Product) -> bool:
        """Waits for a transaction that adds the same SKU at this moment."""
        adding = insert(_products).values(_product_fields(product)).on_conflict_do_nothing()
        return self._connection.execute(adding.returning(_products.c.sku)).one_or_none() is not None

    def find(self, sku: str) -> Product | None:
        """See `repositories.Products`."""
        row = self._connection.execute(select(_products).where(_products.c.sku == sku)).one_or_none()
        return _product(row) if row else None

    def lock(self, sku: str) -> Product | None:
        """See `repositories.Products`."""
        locking = select(_products).where(_products.c.sku == sku).with_for_update(key_share=True)
        row = self._connection.execute(locking).one_or_none()
        return _product(row) if row else None

    def save(self, product: Product) -> None:
        """See `repositories.Products`."""
        saving = update(_products).where(_products.c.sku == product.sku).values(_product_fields(product))
        self._connection.execute(saving)

    def search(self, words: str, first: int, count: int) -> tuple[Sequence[Product], int]:
        """Looks for plain substrings: what a customer types holds no wildcards."""
        texts = (_products.c.sku, _products.c.name, _products.c.description)
        matching = or_(*(func.strpos(func.lower(each), words.lower()) > 0 for each in texts))
        found = select(_products).where(_products.c.active, matching)
        total = self._connection.execute(select(func.count()).select_from(found.subquery())).scalar_one()
        if first >= total:
            return [], total
        page = self._connection.execute(found.order_by(_products.c.sku).offset(first).limit(count))
        return [_product(row) for row in page], total

    def after(self, sku: str, count: int) -> Sequence[Product]:
        """See `repositories.Products`."""
        page = select(_products).where(_products.c.sku > sku).order_by(_products.c.sku).limit(count)
        return [_product(row) for row in self._connection.execute(page)]


def _product_fields(product: Product) -> dict[str, object]:
    return {
        "sku": product.sku,
        "name": product.name,
        "description": product.description,
        "price_minor_units": product.price.minor_units,
        "price_currency": product.price.currency,
        "active": product.active,
        "version": product.version,
    }


def _product(row: Row[Any]) -> Product:
    price = Money(row.price_minor_units, row.price_currency)
    return Product(row.sku, row.name, row.description, price, row.active, row.version)


# One round trip for a whole order, because everybody who wants the same goods waits while the locks are held.
# `locked` takes the locks by SKU, so that two orders never wait for each other in a circle, and sees each row as the
# last owner of its lock left it. Nothing moves when any of them has too little. The update starts from the numbers of
# `locked`, not from those of `stock`: it would first try the row as it was before the wait, and a CHECK would refuse
# units that were given back in the meantime.
_MOVE = text("""
WITH moves AS (
    SELECT * FROM unnest(
        CAST(:skus AS text[]), CAST(:available AS bigint[]), CAST(:reserved AS bigint[]), CAST(:sold AS bigint[])
    ) AS moves (sku, available, reserved, sold)
),
locked AS (
    SELECT * FROM stock WHERE sku = ANY(:skus) ORDER BY sku FOR NO KEY UPDATE
),
short AS (
    SELECT moves.sku, coalesce(locked.available, 0) AS available
    FROM moves LEFT JOIN locked USING (sku)
    WHERE coalesce(locked.available, 0) + moves.available < 0
),
moved AS (
    UPDATE stock SET
        received = locked.received + moves.available + moves.reserved + moves.sold,
        available = locked.available + moves.available,
        reserved = locked.reserved + moves.reserved,
        sold = locked.sold + moves.sold,
        version = locked.version + 1
    FROM moves JOIN locked USING (sku)
    WHERE stock.sku = locked.sku AND NOT EXISTS (SELECT FROM short)
    RETURNING stock.*
)
SELECT sku, received, available, reserved, sold, low_stock_threshold, version FROM moved
UNION ALL
SELECT sku, NULL, available, NULL, NULL, NULL, NULL FROM short
""")


class StockRoom:
    """See `repositories.StockRoom`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, sku: str, received: int, low_stock_threshold: int) -> None:
        """See `repositories.StockRoom`."""
        numbers = {"received": received, "available": received, "reserved": 0, "sold": 0}
        adding = insert(_stock).values(sku=sku, **numbers, low_stock_threshold=low_stock_threshold, version=1)
        self._connection.execute(adding)

    def find(self, skus: Sequence[str]) -> Mapping[str, Stock]:
        """See `repositories.StockRoom`."""
        rows = self._connection.execute(select(_stock).where(_stock.c.sku.in_(skus)))
        return {row.sku: Stock(*row) for row in rows}

    def move(self, moves: Sequence[Move]) -> Moved:
        """See `repositories.StockRoom`."""
        columns = {
            "skus": [move.sku for move in moves],
            "available": [move.available for move in moves],
            "reserved": [move.reserved for move in moves],
            "sold": [move.sold for move in moves],
        }
        rows = self._connection.execute(_MOVE, columns).all()
        return Moved(
            stocks=[Stock(*row) for row in rows if row.received is not None],
            short={row.sku: row.available for row in rows if row.received is None},
        )

    def totals(self) -> Totals:
        """See `repositories.StockRoom`."""
        return Totals(*self._connection.execute(_TOTALS).one())

    def watch(self, sku: str, low_stock_threshold: int) -> Stock:
        """See `repositories.StockRoom`."""
        values = {"low_stock_threshold": low_stock_threshold, "version": _stock.c.version + 1}
        watching = update(_stock).where(_stock.c.sku == sku).values(values).returning(_stock)
        return Stock(*self._connection.execute(watching).one())

    def note(self, sku: str, delta: int, reason: str, author: UUID) -> None:
        """See `repositories.StockRoom`."""
        self._connection.execute(insert(_stock_journal).values(sku=sku, delta=delta, reason=reason, author=author))


_TOTALS = text("""
SELECT coalesce(sum(available), 0)::bigint, coalesce(sum(reserved), 0)::bigint, coalesce(sum(sold), 0)::bigint,
       count(*) FILTER (WHERE active AND available < low_stock_threshold)
FROM stock JOIN products USING (sku)
""")
_FIND_RESERVATION = text("""
SELECT reservations.*, coalesce(lines, '{}') AS lines
FROM reservations, LATERAL (
    SELECT jsonb_object_agg(sku, quantity) AS lines FROM reservation_lines WHERE order_id = reservations.order_id
) AS held
WHERE order_id = :order_id
""")
# Makes the row or waits for it, and locks it in both cases: with DO NOTHING there would be nothing to return.
_LOCK_RESERVATION = text("""
INSERT INTO reservations (order_id) VALUES (:order_id)
ON CONFLICT (order_id) DO UPDATE SET version = reservations.version
RETURNING *
""")
_LOCK_DUE = text("""
SELECT * FROM reservations
WHERE held_revision > 0 AND NOT confirmed AND closed IS NULL AND expires_at <= :now
ORDER BY expires_at LIMIT :limit
FOR UPDATE SKIP LOCKED
""")
# A statement of its own: as a part of the one that waits for the lock it would see the lines of before the wait.
_LINES = text("SELECT order_id, sku, quantity FROM reservation_lines WHERE order_id = ANY(:order_ids)")
_SAVE_RESERVATION = text("""
WITH saved AS (
    UPDATE reservations SET
        applied_revision = :applied_revision,
        held_revision = :held_revision,
        confirmed = :confirmed,
        closed = :closed,
        expires_at = :expires_at,
        shortages = CAST(:shortages AS jsonb),
        version = :version
    WHERE order_id = :order_id
),
gone AS (
    DELETE FROM reservation_lines WHERE order_id = :order_id AND sku = ANY(:gone)
)
INSERT INTO reservation_lines (order_id, sku, quantity)
SELECT :order_id, * FROM unnest(CAST(:skus AS text[]), CAST(:quantities AS bigint[]))
ON CONFLICT (order_id, sku) DO UPDATE SET quantity = excluded.quantity
""")


class Reservations:
    """See `repositories.Reservations`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stored: dict[UUID, Lines] = {}

    def find(self, order_id: UUID) -> Reservation | None:
        """See `repositories.Reservations`."""
        row = self._connection.execute(_FIND_RESERVATION, {"order_id": order_id}).one_or_none()
        return _reservation(row, row.lines) if row else None

    def lock(self, order_id: UUID, *, lines: bool = True) -> Reservation:
        """See `repositories.Reservations`."""
        row = self._connection.execute(_LOCK_RESERVATION, {"order_id": order_id}).one()
        if lines:
            return self._with_lines([row])[0]
        self._stored[order_id] = {}
        return _reservation(row, {})

    def lock_due(self, now: datetime, limit: int) -> Sequence[Reservation]:
        """See `repositories.Reservations`."""
        return self._with_lines(self._connection.execute(_LOCK_DUE, {"now": now, "limit": limit}).all())

    def save(self, reservation: Reservation) -> None:
        """Writes, of the lines, only what became different."""
        stored, lines = self._stored[reservation.order_id], reservation.lines
        changed = {sku: quantity for sku, quantity in lines.items() if stored.get(sku) != quantity}
        columns = {
            "order_id": reservation.order_id,
            "applied_revision": reservation.applied_revision,
            "held_revision": reservation.held_revision,
            "confirmed": reservation.confirmed,
            "closed": reservation.closed,
            "expires_at": reservation.expires_at,
            "shortages": json.dumps([shortage.model_dump() for shortage in reservation.shortages]),
            "version": reservation.version,
            "gone": [sku for sku in stored if sku not in lines],
            "skus": list(changed),
            "quantities": list(changed.values()),
        }
        self._connection.execute(_SAVE_RESERVATION, columns)
        self._stored[reservation.order_id] = lines

    def _with_lines(self, rows: Sequence[Row[Any]]) -> list[Reservation]:
        lines: dict[UUID, dict[str, int]] = {row.order_id: {} for row in rows}
        holding = [row.order_id for row in rows if row.held_revision]  # the others have no lines
        if holding:
            for order_id, sku, quantity in self._connection.execute(_LINES, {"order_ids": holding}):
                lines[order_id][sku] = quantity
        self._stored.update(lines)
        return [_reservation(row, lines[row.order_id]) for row in rows]


def _reservation(row: Row[Any], lines: Lines) -> Reservation:
    return Reservation(
        order_id=row.order_id,
        applied_revision=row.applied_revision,
        held_revision=row.held_revision,
        confirmed=row.confirmed,
        closed=Closed(row.closed) if row.closed else None,
        expires_at=row.expires_at,
        shortages=tuple(Shortage.model_validate(shortage) for shortage in row.shortages),
        version=row.version,
        lines=lines,
    )


class UnitOfWork(postgres.UnitOfWork):
    """One transaction of inventory. See `repositories.UnitOfWork`."""

    products: Products
    stock: StockRoom
    reservations: Reservations

    def __enter__(self) -> Self:
        super().__enter__()
        self.products = Products(self.connection)
        self.stock = StockRoom(self.connection)
        self.reservations = Reservations(self.connection)
        return self
