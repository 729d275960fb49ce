"""The use cases of inventory. Each is one transaction of the unit of work that it is given.

Locks are always taken in one order, so that nobody waits in a circle: first the reservation, then all stock by SKU.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from pydantic import BaseModel

from apps.inventory import metrics
from apps.inventory.domain.events import StockLow, product_created, product_updated
from apps.inventory.domain.products import Money, Product
from apps.inventory.domain.refusals import ProductNotFound, ReservationNotFound, SkuTaken, StockBelowZero
from apps.inventory.domain.reservations import Reservation
from apps.inventory.domain.stock import Lines, Move, Moved, Stock, converge, correct, sell
from apps.inventory.repositories import UnitOfWork

COPIED_AT_ONCE = 100


class ProductChanges(TypedDict, total=False):
    """The fields of a product that a change may give."""

    name: str
    description: str
    price: Money
    active: bool


# Products


def create_product(uow: UnitOfWork, product: Product, received: int = 0, low_stock_threshold: int = 0) -> Product:
    """Adds a product with its first stock. Raises `SkuTaken`."""
    with uow:
        if not uow.products.add(product):
            raise SkuTaken(product.sku)
        uow.stock.add(product.sku, received, low_stock_threshold)
        uow.publish(product_created(product), subject=product.sku, sequence=product.version)
        uow.answer(product)
        uow.commit()
    return product


def change_product(
    uow: UnitOfWork, sku: str, low_stock_threshold: int | None = None, **changes: Unpack[ProductChanges]
) -> Product:
    """Changes what is given; says so only when something became different. Raises `ProductNotFound`."""
    with uow:
        product = uow.products.lock(sku)
        if product is None:
            raise ProductNotFound(sku)
        changed = replace(product, **changes)
        if changed != product:
            changed = replace(changed, version=product.version + 1)
            uow.products.save(changed)
            uow.publish(product_updated(changed), subject=sku, sequence=changed.version)
        if low_stock_threshold is not None:
            before = uow.stock.find([sku])[sku].low_stock_threshold
            stock = uow.stock.watch(sku, low_stock_threshold)
            if before <= stock.available < low_stock_threshold:
                _warn(uow, stock)
        uow.commit()
    return changed


def get_product(uow: UnitOfWork, sku: str) -> Product:
    """The product, active or not. Raises `ProductNotFound`."""
    with uow:
        product = uow.products.find(sku)
    if product is None:
        raise ProductNotFound(sku)
    return product


def search_products(uow: UnitOfWork, words: str, first: int, count: int) -> tuple[Sequence[Product], int]:
    """A page of the active products, and how many there are in all."""
    with uow:
        return uow.products.search(words, first, count)


def copy_products(uow: UnitOfWork, after: str) -> Sequence[Product]:
    """The next products by SKU, active or not, for a copy of the catalogue; none: that was all."""
    with uow:
        return uow.products.after(after, COPIED_AT_ONCE)


# Stock


def get_stock(uow: UnitOfWork, sku: str) -> Stock:
    """The product's numbers. Raises `ProductNotFound`."""
    with uow:
        stock = uow.stock.find([sku]).get(sku)
    if stock is None:
        raise ProductNotFound(sku)
    return stock


def get_availability(uow: UnitOfWork, skus: Sequence[str]) -> dict[str, int]:
    """What could be held of each SKU at this moment; 0 of an unknown one."""
    with uow:
        found = uow.stock.find(skus)
    return {sku: found[sku].available if sku in found else 0 for sku in skus}


def count_stock(uow: UnitOfWork) -> None:
    """Tells the sums over all products."""
    with uow:
        totals = uow.stock.totals()
    for state in ("available", "reserved", "sold"):
        metrics.UNITS.labels(state).set(getattr(totals, state))
    metrics.PRODUCTS_LOW.set(totals.low)


def correct_stock(uow: UnitOfWork, sku: str, delta: int, reason: str, author: UUID) -> Stock:
    """Counts goods in or out, and keeps the reason. Raises `ProductNotFound`, `StockBelowZero`."""
    with uow:
        if not uow.stock.find([sku]):
            raise ProductNotFound(sku)
        moved = _move(uow, correct(sku, delta))
        if moved.short:
            raise StockBelowZero(sku, moved.short[sku])
        uow.stock.note(sku, delta, reason, author)
        uow.answer(moved.stocks[0])
        uow.commit()
    return moved.stocks[0]


# Reservations


def get_reservation(uow: UnitOfWork, order_id: UUID) -> Reservation:
    """What is held for the order. Raises `ReservationNotFound`."""
    with uow:
        reservation = uow.reservations.find(order_id)
    if reservation is None:
        raise ReservationNotFound(order_id)
    return reservation


def hold(uow: UnitOfWork, order_id: UUID, revision: int, lines: Lines, expires_at: datetime) -> None:
    """Holds exactly these lines for the order, or what was held before; answers with an event.

    A revision that is not newer than the applied one changes nothing: the last answer is repeated, others get none.
    """
    with uow:
        reservation = uow.reservations.lock(order_id)
        if reservation.awaits(revision):
            moved = _move(uow, converge(reservation.lines, lines))
            if moved.short:
                reservation.refuse(revision, lines, moved.short)
            else:
                reservation.hold(revision, lines, expires_at)
            uow.reservations.save(reservation)
        _say(uow, reservation, reservation.answer(revision))
        uow.commit()


def confirm(uow: UnitOfWork, order_id: UUID, revision: int) -> None:
    """Makes the hold of that revision permanent."""
    with uow:
        reservation = uow.reservations.lock(order_id, lines=False)
        if reservation.confirm(revision):
            uow.reservations.save(reservation)
        uow.commit()


def cancel(uow: UnitOfWork, order_id: UUID) -> None:
    """Releases what is held, and leaves a tombstone for holds that come later."""
    with uow:
        reservation = uow.reservations.lock(order_id)
        held = reservation.lines
        event = reservation.cancel()
        _move(uow, converge(held, reservation.lines))
        uow.reservations.save(reservation)
        _say(uow, reservation, event)
        uow.commit()


def sell_held(uow: UnitOfWork, order_id: UUID, revision: int) -> None:
    """Makes the hold of exactly that revision a sale; answers with an event."""
    with uow:
        reservation = uow.reservations.lock(order_id)
        held = {} if reservation.closed else reservation.lines
        event = reservation.sell(revision)
        _move(uow, sell(held) if reservation.lines else converge(held, {}))
        uow.reservations.save(reservation)
        _say(uow, reservation, event)
        uow.commit()


def expire_due(uow: UnitOfWork, now: datetime, limit: int) -> int:
    """Closes up to `limit` holds that nobody confirmed in time; returns how many.

    What they held is released by one move, because several would lock stock in no order.
    """
    with uow:
        released: Counter[str] = Counter()
        due = uow.reservations.lock_due(now, limit)
        for reservation in due:
            released.update(reservation.lines)
            event = reservation.expire(now)
            uow.reservations.save(reservation)
            _say(uow, reservation, event)
        _move(uow, converge(released, {}))
        uow.commit()
    return len(due)


def _move(uow: UnitOfWork, moves: Sequence[Move]) -> Moved:
    """Makes the moves, all or none, and warns of each SKU that runs low by them."""
    if not moves:
        return Moved()
    moved = uow.stock.move(moves)
    by_sku = {move.sku: move for move in moves}
    for stock in moved.stocks:
        if stock.fell_low(by_sku[stock.sku]):
            _warn(uow, stock)
    return moved


def _warn(uow: UnitOfWork, stock: Stock) -> None:
    low = StockLow(sku=stock.sku, available=stock.available, threshold=stock.low_stock_threshold)
    uow.publish(low, subject=stock.sku, sequence=stock.version)


def _say(uow: UnitOfWork, reservation: Reservation, event: BaseModel | None) -> None:
    if event is not None:
        order_id = str(reservation.order_id)
        uow.publish(event, subject=order_id, sequence=reservation.version, correlation=order_id)
