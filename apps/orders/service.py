"""The use cases of orders: what customers ask for, and what is heard from inventory. API and worker call the same.

`owner` narrows what is found to one customer's orders; None sees all (staff, and the saga itself).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from apps.orders import metrics
from apps.orders.domain import answers
from apps.orders.domain.events import Shortage
from apps.orders.domain.lines import AskedLine, Product, price_lines
from apps.orders.domain.order import (
    ENDED,
    REQUESTED_BY_CUSTOMER,
    REQUESTED_BY_STAFF,
    Order,
    Status,
    Transition,
)
from apps.orders.domain.refusals import InsufficientStock, OrderNotFound, VersionMismatch
from apps.orders.domain.refusals import Shortage as Short
from apps.orders.domain.timeline import Timeline
from apps.orders.repositories import Availability, Catalogue, Heard, Orders, Products
from chassis.http.idempotency import Receipt
from chassis.identifiers import new_id
from chassis.logs import get_logger
from chassis.messaging.events import Event
from chassis.telemetry import continued
from chassis.times import utc_now

log = get_logger()

ATTEMPTS = 10
SWEPT_AT_ONCE = 500


class Contended(Exception):
    """Others moved the order each time before this move was written: worth another try a little later."""


# What customers and staff ask for


def place_order(
    orders: Orders,
    catalogue: Catalogue,
    availability: Availability,
    customer_id: UUID,
    asked: Sequence[AskedLine],
    receipt: Callable[[Order], Receipt | None] = lambda _order: None,
) -> Order:
    """Takes the order, unless it is known beforehand that it cannot be held; the saga decides about it.

    Costs one read of the catalogue and one write. `receipt` makes of the new order what a repetition is answered.
    """
    lines = price_lines(asked, catalogue.find(_skus(asked)), {})
    _refuse_short(asked, availability.of(_skus(asked)))
    placing = Order.place(new_id(), customer_id, lines, utc_now())
    orders.add(placing, receipt(placing.order))
    _tell(None, placing.order)
    return placing.order


def view_order(orders: Orders, order_id: UUID, owner: UUID | None) -> Order:
    """The order, by one read. Raises `OrderNotFound`."""
    return _visible(orders.find(order_id), owner)


def view_timeline(orders: Orders, order_id: UUID, owner: UUID | None) -> Timeline:
    """What happened to the order. Raises `OrderNotFound`."""
    timeline = orders.timeline(order_id)
    if timeline is None or owner not in (None, timeline.customer_id):
        raise OrderNotFound("There is no such order.")
    return timeline


def change_order(
    orders: Orders,
    catalogue: Catalogue,
    order_id: UUID,
    owner: UUID | None,
    asked: Sequence[AskedLine],
    seen: Collection[int] | None,
) -> Order:
    """Asks for other lines, if the order is at one of the versions that the client has `seen` (None: at any)."""

    def step(order: Order) -> Transition:
        if seen is not None and order.version not in seen:
            raise VersionMismatch("The order has moved since you read it: read it again.")
        return order.change(price_lines(asked, products, order.agreed))

    products = catalogue.find(_skus(asked))
    return _move(orders, order_id, step, owner=owner)


def cancel_order(orders: Orders, order_id: UUID, owner: UUID | None) -> Order:
    """Cancels the order; a cancelled one stays as it is."""
    reason = REQUESTED_BY_STAFF if owner is None else REQUESTED_BY_CUSTOMER
    return _move(orders, order_id, lambda order: order.cancel(reason), owner=owner)


def ship_order(orders: Orders, order_id: UUID) -> Order:
    """Asks inventory to sell what is held."""
    return _move(orders, order_id, Order.ship)


# What is heard from inventory


def stock_reserved(orders: Orders, order_id: UUID, revision: int, cause: Event) -> Order:
    """The revision is held."""
    return _hear(orders, order_id, lambda order: order.reserved(revision), Heard(cause, answers.reserved(revision)))


def stock_rejected(
    orders: Orders, order_id: UUID, revision: int, held_revision: int, shortages: Sequence[Shortage], cause: Event
) -> Order:
    """The revision cannot be held; `held_revision` still is (0: none)."""
    heard = Heard(cause, answers.rejected(revision, shortages))
    return _hear(orders, order_id, lambda order: order.rejected(revision, held_revision, shortages), heard)


def stock_expired(orders: Orders, order_id: UUID, cause: Event) -> Order:
    """The hold ran out."""
    return _hear(orders, order_id, Order.expired, Heard(cause, answers.EXPIRED))


def stock_sold(orders: Orders, order_id: UUID, cause: Event) -> Order:
    """The goods are sold."""
    return _hear(orders, order_id, Order.sold, Heard(cause, answers.SOLD))


def stock_sale_rejected(orders: Orders, order_id: UUID, cause: Event) -> Order:
    """The goods could not be sold."""
    return _hear(orders, order_id, Order.sale_rejected, Heard(cause, answers.SALE_REJECTED))


def stock_released(orders: Orders, order_id: UUID, cause: Event) -> Order:
    """What was held for a cancelled order is free again. The order has ended; its timeline tells of it."""
    order = _visible(orders.find(order_id, cause), None)
    orders.note(order_id, Heard(cause, answers.RELEASED))
    return order


@dataclass(frozen=True)
class Patience:
    """How long orders wait for an answer until they ask again, and how often they do."""

    wait: timedelta
    tries: int


def sweep(orders: Orders, patience: Patience) -> int:
    """Lets the orders that have waited too long ask again, or end; returns how many they were.

    Several may sweep at once: each order is written under the guard of its version, and waits anew after that. What it
    asks again stays in the trace in which it has asked first.
    """
    since = utc_now() - patience.wait

    def step(order: Order) -> Transition | None:
        return order.ask_again(patience.tries) if order.updated_at < since else None

    stale = orders.unanswered(since, SWEPT_AT_ONCE)
    for order_id, traceparent in stale.items():
        with continued(traceparent):
            _move(orders, order_id, step)
    return len(stale)


def count_open(orders: Orders) -> None:
    """Tells how many orders are in each state that is no end; those that have ended are counted as they move."""
    for status, number in orders.in_states([status for status in Status if status not in ENDED]).items():
        metrics.ORDERS_IN_STATE.labels(status).set(number)


def keep_product(catalogue: Catalogue, product: Product, sequence: int) -> None:
    """Brings the copy of the catalogue up to date; older news than what is known changes nothing."""
    if catalogue.keep(product, sequence):
        log.info("product_kept", sku=product.sku, sequence=sequence)


def rebuild_catalogue(catalogue: Catalogue, products: Products) -> tuple[int, int]:
    """Brings the whole copy up to date; returns how many products were read, and how many written."""
    written = [catalogue.keep(product, sequence) for product, sequence in products]
    return len(written), sum(written)


def _hear(orders: Orders, order_id: UUID, step: Callable[[Order], Transition | None], heard: Heard) -> Order:
    """Lets the order step on what was heard; where that leads nowhere, only its timeline tells of it."""
    order, moved = _stepped(orders, order_id, step, None, heard)
    if not moved:
        orders.note(order_id, Heard(heard.event, answers.late(heard.detail)))
    return order


def _move(
    orders: Orders, order_id: UUID, step: Callable[[Order], Transition | None], owner: UUID | None = None
) -> Order:
    """Lets the order step, if it may; the order as it is afterwards."""
    return _stepped(orders, order_id, step, owner, None)[0]


def _stepped(
    orders: Orders,
    order_id: UUID,
    step: Callable[[Order], Transition | None],
    owner: UUID | None,
    heard: Heard | None,
) -> tuple[Order, bool]:
    """Reads, steps and writes, again from the start whenever somebody else was faster; and whether there was a step."""
    for _ in range(ATTEMPTS):
        order = _visible(orders.find(order_id, heard.event if heard else None), owner)
        transition = step(order)
        if transition is None:
            return order, False
        transition = transition.at(utc_now())
        if orders.save(order, transition, heard):
            _tell(order, transition.order)
            return transition.order, True
    raise Contended(f"order {order_id} was moved by others {ATTEMPTS} times in a row")


def _visible(order: Order | None, owner: UUID | None) -> Order:
    if order is None or owner not in (None, order.customer_id):
        raise OrderNotFound("There is no such order.")
    return order


def _refuse_short(asked: Sequence[AskedLine], available: Mapping[str, int] | None) -> None:
    """Raises `InsufficientStock` for a definite no. What inventory says nothing about is left to the saga."""
    known = {} if available is None else available
    short = [line for line in asked if known.get(line.sku, line.quantity) < line.quantity]
    if short:
        raise InsufficientStock([Short(sku=line.sku, asked=line.quantity, available=known[line.sku]) for line in short])


def _skus(asked: Sequence[AskedLine]) -> list[str]:
    return [line.sku for line in asked]


def _tell(before: Order | None, order: Order) -> None:
    """Log and metrics of a move that is written."""
    if before is None or before.status is not order.status:
        metrics.ORDERS_MOVED.labels(order.status).inc()
    asked = order.reason in {REQUESTED_BY_CUSTOMER, REQUESTED_BY_STAFF}
    if before is not None and before.status is Status.PENDING is not order.status and not asked:
        metrics.SAGA_SECONDS.labels(order.status).observe((order.updated_at - order.created_at).total_seconds())
    log.info("order_moved", order_id=str(order.id), status=order.status, revision=order.revision, version=order.version)
