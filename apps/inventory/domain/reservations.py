"""Reservations: what is held for one order, whatever the order in which its messages come.

An order has revisions; `hold` and `refuse` apply one, and only one newer than all before. Closing is for good: a
reservation that was cancelled, sold or expired holds nothing ever again, which makes a cancelled one the tombstone that
a late hold runs into.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.inventory.domain.events import (
    Line,
    Shortage,
    StockExpired,
    StockRejected,
    StockReleased,
    StockReserved,
    StockSaleRejected,
    StockSold,
)
from apps.inventory.domain.stock import Lines


class Closed(StrEnum):
    """Why a reservation can hold nothing any more."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SOLD = "sold"


@dataclass
class Reservation:
    """What is held for one order. `lines` are those of `held_revision`, held or, once closed as sold, sold."""

    order_id: UUID
    applied_revision: int = 0
    held_revision: int = 0
    confirmed: bool = False
    closed: Closed | None = None
    expires_at: datetime | None = None
    shortages: Sequence[Shortage] = ()
    version: int = 0
    lines: Lines = field(default_factory=dict)

    @property
    def status(self) -> str:
        """In one word: empty, held, confirmed, or how it was closed."""
        if self.closed is not None:
            return self.closed
        return "confirmed" if self.confirmed else "held" if self.held_revision else "empty"

    def awaits(self, revision: int) -> bool:
        """Whether the revision is still to be applied."""
        return self.closed is None and revision > self.applied_revision

    def hold(self, revision: int, lines: Lines, expires_at: datetime) -> None:
        """Applies a revision whose lines could all be held."""
        self.applied_revision = self.held_revision = revision
        self.lines = dict(lines)
        self.expires_at = expires_at
        self.confirmed = False
        self.shortages = ()
        self.version += 1

    def refuse(self, revision: int, asked: Lines, short: Lines) -> None:
        """Applies a revision that could not be held: what was held stays, as confirmed as it was."""
        self.applied_revision = revision
        self.shortages = tuple(
            Shortage(sku=sku, asked=asked[sku], available=available + self.lines.get(sku, 0))
            for sku, available in sorted(short.items())
        )
        self.version += 1

    def answer(self, revision: int) -> StockReserved | StockRejected | None:
        """The answer to the revision that was applied last, the same as often as it is asked for; None to others."""
        if self.closed is not None or revision != self.applied_revision:
            return None
        if self.shortages:
            return StockRejected(
                order_id=self.order_id,
                revision=revision,
                held_revision=self.held_revision,
                shortages=tuple(self.shortages),
            )
        return StockReserved.model_validate(
            {"order_id": self.order_id, "revision": revision, "expires_at": self.expires_at}
        )

    def confirm(self, revision: int) -> bool:
        """Makes the hold of exactly that revision permanent; a newer hold stays as it is."""
        if self.closed is not None or self.confirmed or not revision == self.held_revision > 0:
            return False
        self.confirmed = True
        self.version += 1
        return True

    def cancel(self) -> StockReleased | None:
        """Closes it, unless it was sold. The event, when something was held."""
        if self.closed is Closed.SOLD:
            return None
        revision, lines = self._release(Closed.CANCELLED)
        return StockReleased(order_id=self.order_id, revision=revision, lines=lines) if lines else None

    def expire(self, now: datetime) -> StockExpired | None:
        """Closes it, when it holds something that nobody confirmed in time."""
        if self.closed is not None or self.confirmed or self.expires_at is None or self.expires_at > now:
            return None
        revision, lines = self._release(Closed.EXPIRED)
        return StockExpired(order_id=self.order_id, revision=revision, lines=lines)

    def sell(self, revision: int) -> StockSold | StockSaleRejected:
        """Closes it: as sold, when it holds exactly that revision; otherwise nothing is left. Says the same again."""
        if self.closed is None and revision == self.held_revision > 0:
            self.closed = Closed.SOLD
            self.confirmed = False
            self.version += 1
        if self.closed is Closed.SOLD:
            return StockSold(order_id=self.order_id, revision=self.held_revision, lines=_listed(self.lines))
        _, lines = self._release(Closed.CANCELLED)
        return StockSaleRejected(order_id=self.order_id, revision=revision, lines=lines)

    def _release(self, closed: Closed) -> tuple[int, tuple[Line, ...]]:
        """Closes it, holding nothing. Returns the revision and the lines that were held."""
        revision, lines = self.held_revision, _listed(self.lines)
        if self.closed is not closed:
            self.version += 1
        self.closed = closed
        self.held_revision = 0
        self.confirmed = False
        self.expires_at = None
        self.lines = {}
        return revision, lines


def _listed(lines: Lines) -> tuple[Line, ...]:
    return tuple(Line(sku=sku, quantity=quantity) for sku, quantity in sorted(lines.items()))
