"""The reservation of one order: the rules as a table of what was, what comes, and what is then."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

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
from apps.inventory.domain.reservations import Closed, Reservation
from tests.unit.inventory.fakes import LATER, NOW

ORDER = UUID("0198f3a2-7c41-7d7e-9b55-3f0f5f1f2a10")
LINES = {"MUG": 2, "BAG": 1}
LISTED = (Line(sku="BAG", quantity=1), Line(sku="MUG", quantity=2))

EMPTY = Reservation(ORDER)
HELD = Reservation(ORDER, applied_revision=2, held_revision=2, expires_at=LATER, version=2, lines=LINES)
KEPT = replace(HELD, confirmed=True, version=3)
REFUSED = Reservation(ORDER, applied_revision=1, shortages=(Shortage(sku="MUG", asked=2, available=1),), version=1)
CANCELLED = Reservation(ORDER, applied_revision=2, closed=Closed.CANCELLED, version=4)
EXPIRED = replace(CANCELLED, closed=Closed.EXPIRED)
SOLD = replace(HELD, closed=Closed.SOLD, version=4)

RELEASED = StockReleased(order_id=ORDER, revision=2, lines=LISTED)
SALE = StockSold(order_id=ORDER, revision=2, lines=LISTED)

Step = Callable[[Reservation], object]


def cancel(reservation: Reservation) -> object:
    return reservation.cancel()


def confirm(revision: int) -> Step:
    return lambda reservation: reservation.confirm(revision)


def sell(revision: int) -> Step:
    return lambda reservation: reservation.sell(revision)


def expire(now: datetime) -> Step:
    return lambda reservation: reservation.expire(now)


def no_sale(revision: int, lines: tuple[Line, ...] = ()) -> StockSaleRejected:
    return StockSaleRejected(order_id=ORDER, revision=revision, lines=lines)


@pytest.mark.parametrize(
    ("before", "step", "result", "status"),
    [
        pytest.param(EMPTY, cancel, None, "cancelled", id="cancelled before anything was held"),
        pytest.param(HELD, cancel, RELEASED, "cancelled", id="cancelled"),
        pytest.param(KEPT, cancel, RELEASED, "cancelled", id="cancelled after the confirmation"),
        pytest.param(CANCELLED, cancel, None, "cancelled", id="cancelled twice"),
        pytest.param(EXPIRED, cancel, None, "cancelled", id="cancelled because it expired"),
        pytest.param(SOLD, cancel, None, "sold", id="cancelled too late"),
        pytest.param(EMPTY, confirm(1), False, "empty", id="confirmed before anything was held"),
        pytest.param(HELD, confirm(2), True, "confirmed", id="confirmed"),
        pytest.param(HELD, confirm(1), False, "held", id="an older revision confirmed"),
        pytest.param(KEPT, confirm(2), False, "confirmed", id="confirmed twice"),
        pytest.param(KEPT, confirm(1), False, "confirmed", id="an older one confirmed afterwards"),
        pytest.param(CANCELLED, confirm(2), False, "cancelled", id="confirmed after the end"),
        pytest.param(SOLD, confirm(2), False, "sold", id="confirmed after the sale"),
        pytest.param(KEPT, sell(2), SALE, "sold", id="sold"),
        pytest.param(HELD, sell(2), SALE, "sold", id="sold before the confirmation came"),
        pytest.param(SOLD, sell(2), SALE, "sold", id="sold twice"),
        pytest.param(KEPT, sell(3), no_sale(3, LISTED), "cancelled", id="another revision asked for"),
        pytest.param(EMPTY, sell(1), no_sale(1), "cancelled", id="nothing there to be sold"),
        pytest.param(CANCELLED, sell(2), no_sale(2), "cancelled", id="asked for after the end"),
        pytest.param(EXPIRED, sell(2), no_sale(2), "cancelled", id="asked for after it expired"),
        pytest.param(
            HELD, expire(LATER), StockExpired(order_id=ORDER, revision=2, lines=LISTED), "expired", id="past its time"
        ),
        pytest.param(HELD, expire(LATER - timedelta(seconds=1)), None, "held", id="not yet past its time"),
        pytest.param(KEPT, expire(LATER), None, "confirmed", id="confirmed ones do not expire"),
        pytest.param(REFUSED, expire(LATER), None, "empty", id="nothing there to expire"),
        pytest.param(SOLD, expire(LATER), None, "sold", id="sold ones do not expire"),
    ],
)
def test_step(before: Reservation, step: Step, result: object, status: str) -> None:
    """Each step returns its event and leaves the reservation in its status."""
    reservation = replace(before)
    assert (step(reservation), reservation.status) == (result, status)


@pytest.mark.parametrize("closed", [CANCELLED, EXPIRED])
def test_closed_reservation_holds_nothing(closed: Reservation) -> None:
    """What was let go is neither there nor ever awaited again."""
    assert (closed.lines, closed.held_revision, closed.awaits(9), closed.answer(2)) == ({}, 0, False, None)


@pytest.mark.parametrize("step", [cancel, sell(3), expire(LATER)], ids=["cancelled", "not sold", "expired"])
def test_release_leaves_nothing(step: Step) -> None:
    """However a hold ends but by its sale, no line of it is left."""
    reservation = replace(HELD)
    step(reservation)
    assert (reservation.lines, reservation.held_revision, reservation.confirmed) == ({}, 0, False)


@pytest.mark.parametrize(
    ("before", "step", "changes"),
    [(HELD, cancel, 1), (CANCELLED, cancel, 0), (HELD, confirm(2), 1), (KEPT, confirm(2), 0), (SOLD, sell(2), 0)],
)
def test_version_counts_changes(before: Reservation, step: Step, changes: int) -> None:
    """The version grows by one with a change, and not with a repetition."""
    reservation = replace(before)
    step(reservation)
    assert reservation.version == before.version + changes


def test_hold_answers_reserved() -> None:
    """A held revision is answered with the time until which it waits."""
    reservation = replace(EMPTY)
    reservation.hold(1, LINES, LATER)
    assert reservation.answer(1) == StockReserved(order_id=ORDER, revision=1, expires_at=LATER)


def test_newer_hold_is_to_be_confirmed_anew() -> None:
    """A confirmation belongs to its revision; the next hold waits for its own."""
    reservation = replace(KEPT)
    reservation.hold(3, {"MUG": 1}, NOW)
    assert (reservation.status, reservation.held_revision, reservation.expires_at) == ("held", 3, NOW)


def test_refusal_keeps_what_was_held() -> None:
    """A refused change leaves the hold as it is, confirmed, and tells what the order could have."""
    reservation = replace(KEPT)
    reservation.refuse(3, {"MUG": 9, "BAG": 1, "VASE": 1}, {"MUG": 5, "VASE": 0})
    shortages = (Shortage(sku="MUG", asked=9, available=7), Shortage(sku="VASE", asked=1, available=0))
    expected = StockRejected(order_id=ORDER, revision=3, held_revision=2, shortages=shortages)
    assert (reservation.answer(3), reservation.status, reservation.lines) == (expected, "confirmed", LINES)


@pytest.mark.parametrize("revision", [1, 2])
def test_only_newer_revisions_are_awaited(revision: int) -> None:
    """What was applied, or overtaken, is not applied again."""
    assert not HELD.awaits(revision)
    assert HELD.awaits(3)


def test_overtaken_revision_gets_no_answer() -> None:
    """Nobody waits for it any more."""
    assert HELD.answer(1) is None
