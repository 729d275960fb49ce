"""The order: its states, and the transitions on customers' commands and on inventory's answers.

pending ──reserved──▶ confirmed ──ship──▶ shipping ──sold──▶ shipped ■
   │ └────rejected──▶ rejected ■ │  ▲        └──sale_rejected──▶ cancelled ■
   │                      change │  │ reserved, or rejected (keeps what is held)
   └──cancel, expired            ▼  │
          ▼                    changing
      cancelled ■ ◀── cancel or expired, from pending, confirmed or changing

An answer that changes nothing (a duplicate, late, or for an older revision) gives None; a command that is not allowed
raises a refusal. No state waits for ever: what gets no answer asks again, and pending or changing ends as cancelled
after the last try. Orders are values: a transition makes a new one, and whoever stores it guards by `version`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from apps.orders.domain import events
from apps.orders.domain.lines import Line, Lines, total
from apps.orders.domain.money import Money
from apps.orders.domain.refusals import OrderNotCancellable, OrderNotChangeable, OrderNotShippable

MAX_REVISIONS = 100  # bounds the document, whatever a customer does while inventory is silent

INSUFFICIENT_STOCK = "insufficient_stock"
RESERVATION_EXPIRED = "reservation_expired"
SALE_REJECTED = "sale_rejected"
NO_ANSWER = "no_answer"
REQUESTED_BY_CUSTOMER = "requested_by_customer"
REQUESTED_BY_STAFF = "requested_by_staff"


class Status(StrEnum):
    """The states of an order."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    CHANGING = "changing"
    SHIPPING = "shipping"
    SHIPPED = "shipped"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


WAITING = frozenset({Status.PENDING, Status.CHANGING})
OPEN = WAITING | {Status.CONFIRMED}
ENDED = frozenset({Status.SHIPPED, Status.REJECTED, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class Order:
    """One order.

    `revision` is the newest that was asked, `held_revision` the one that inventory holds (0: none). `revisions` has
    the lines of those that may still turn out to be held: inventory may refuse the newest and name any of them.
    `repeats` counts how often the present question to inventory was asked again.
    """

    id: UUID
    customer_id: UUID
    status: Status
    revision: int
    held_revision: int
    version: int
    revisions: Mapping[int, Lines]
    reason: str | None
    created_at: datetime
    updated_at: datetime
    repeats: int = 0

    @property
    def lines(self) -> Lines:
        """The held lines, or the asked ones while nothing is held."""
        return self.revisions[self.held_revision or max(self.revisions)]

    @property
    def total(self) -> Money:
        """The price of `lines`."""
        return total(self.lines)

    @property
    def agreed(self) -> Mapping[str, Line]:
        """The newest line of each product in the order: what a change keeps the prices of."""
        return {line.sku: line for revision in sorted(self.revisions) for line in self.revisions[revision]}

    # Commands

    @classmethod
    def place(cls, order_id: UUID, customer_id: UUID, lines: Lines, now: datetime) -> "Transition":
        """A new order, which asks inventory to hold its lines."""
        order = cls(order_id, customer_id, Status.PENDING, 1, 0, 1, {1: lines}, None, now, now)
        return Transition(order, (_event(order, events.OrderPlaced, **_priced(lines)),))

    def change(self, lines: Lines) -> "Transition":
        """The next revision. What is held stays held until inventory has answered."""
        if self.status not in OPEN:
            raise OrderNotChangeable(f"An order that is {self.status} cannot be changed.")
        if self.revision >= MAX_REVISIONS:
            raise OrderNotChangeable(f"An order cannot be changed more than {MAX_REVISIONS - 1} times.")
        revision = self.revision + 1
        changed = self._with(
            status=Status.PENDING if self.status is Status.PENDING else Status.CHANGING,
            revision=revision,
            revisions={**self.revisions, revision: lines},
            reason=None,
        )
        return Transition(changed, (_event(changed, events.OrderChanged, **_priced(lines)),))

    def cancel(self, reason: str) -> "Transition | None":
        """The end, whatever is in flight; None when the order is cancelled already."""
        if self.status is Status.CANCELLED:
            return None
        if self.status not in OPEN:
            raise OrderNotCancellable(f"An order that is {self.status} cannot be cancelled.")
        return self._cancelled(reason)

    def ship(self) -> "Transition":
        """The first step of shipping: only inventory knows whether the goods are still held."""
        if self.status is not Status.CONFIRMED:
            raise OrderNotShippable(f"An order that is {self.status} cannot be shipped.")
        shipping = self._with(status=Status.SHIPPING)
        return Transition(shipping, (_event(shipping, events.OrderShipRequested, revision=self.held_revision),))

    # Inventory's answers, and its silence

    def ask_again(self, tries: int) -> "Transition | None":
        """The same question once more, or, after so many tries, the end; None when no answer is awaited.

        Shipping has no end of its own: the goods may be sold already, which inventory alone can tell.
        """
        if self.status is Status.SHIPPING:
            return self._asked_again(events.OrderShipRequested, revision=self.held_revision)
        if self.status not in WAITING:
            return None
        if self.repeats >= tries:
            return self._cancelled(NO_ANSWER)
        kind = events.OrderPlaced if self.revision == 1 else events.OrderChanged
        return self._asked_again(kind, **_priced(self.revisions[self.revision]))

    def reserved(self, revision: int) -> "Transition | None":
        """All lines of the revision are held."""
        if self.status not in WAITING or revision != self.revision:
            return None
        return self._confirmed(revision, None)

    def rejected(self, revision: int, held_revision: int, shortages: Sequence[events.Shortage]) -> "Transition | None":
        """The revision cannot be held: back to the one that still is, or the end when none is."""
        if self.status not in WAITING or revision != self.revision:
            return None
        refusal = {"reason": INSUFFICIENT_STOCK, "shortages": tuple(shortages)}
        if not held_revision:
            ended = self._with(
                status=Status.REJECTED, held_revision=0, revisions=self._newest(), reason=INSUFFICIENT_STOCK
            )
            return Transition(ended, (_event(ended, events.OrderRejected, **refusal),))
        kept = self._confirmed(held_revision, INSUFFICIENT_STOCK)
        refused = _event(kept.order, events.OrderChangeRejected, held_revision=held_revision, **refusal)
        return replace(kept, events=(refused, *kept.events))

    def expired(self) -> "Transition | None":
        """The hold ran out before its confirmation arrived; inventory has closed the reservation."""
        if self.status not in OPEN:
            return None
        return self._cancelled(RESERVATION_EXPIRED)

    def sold(self) -> "Transition | None":
        """The goods are sold: the second step of shipping."""
        if self.status is not Status.SHIPPING:
            return None
        shipped = self._with(status=Status.SHIPPED)
        event = _event(shipped, events.OrderShipped, revision=self.held_revision, **_priced(self.lines))
        return Transition(shipped, (event,))

    def sale_rejected(self) -> "Transition | None":
        """The goods are no longer held: the order cannot be shipped."""
        if self.status is not Status.SHIPPING:
            return None
        return self._cancelled(SALE_REJECTED)

    def _asked_again(self, kind: type[events.OrderEvent], **fields: Any) -> "Transition":
        again = self._with(repeats=self.repeats + 1)
        return Transition(again, (_event(again, kind, **fields),), note="No answer yet: asked again.")

    def _confirmed(self, held_revision: int, reason: str | None) -> "Transition":
        lines = self.revisions[held_revision]
        confirmed = self._with(
            status=Status.CONFIRMED, held_revision=held_revision, revisions={held_revision: lines}, reason=reason
        )
        event = _event(confirmed, events.OrderConfirmed, revision=held_revision, **_priced(lines))
        return Transition(confirmed, (event,))

    def _cancelled(self, reason: str) -> "Transition":
        cancelled = self._with(status=Status.CANCELLED, held_revision=0, revisions=self._newest(), reason=reason)
        return Transition(cancelled, (_event(cancelled, events.OrderCancelled, reason=reason),))

    def _newest(self) -> Mapping[int, Lines]:
        newest = max(self.revisions)
        return {newest: self.revisions[newest]}

    def _with(self, **changes: Any) -> "Order":
        return replace(self, version=self.version + 1, **{"repeats": 0, **changes})


@dataclass(frozen=True, slots=True)
class Transition:
    """A move of an order: the order after it, and the events that tell of it.

    A `note` stands in the timeline in place of the events' own words.
    """

    order: Order
    events: tuple[events.OrderEvent, ...]
    note: str | None = None

    @property
    def details(self) -> tuple[str, ...]:
        """What the timeline says of each event."""
        return tuple(self.note or event.detail for event in self.events)

    def at(self, now: datetime) -> "Transition":
        """The same move with its time."""
        return replace(self, order=replace(self.order, updated_at=now))


def _event(order: Order, kind: type[events.OrderEvent], **fields: Any) -> events.OrderEvent:
    return kind(**{"order_id": order.id, "customer_id": order.customer_id, "revision": order.revision, **fields})


def _priced(lines: Lines) -> dict[str, Any]:
    money = total(lines)
    return {
        "lines": tuple(events.OrderedLine(sku=line.sku, quantity=line.quantity) for line in lines),
        "total": events.Total(amount=money.text, currency=money.currency),
    }
