"""Many hands at once: nothing is oversold, nobody waits in a circle, and each race has one winner."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest

from apps.inventory import service
from apps.inventory.domain.reservations import Closed, Reservation
from apps.inventory.domain.stock import Lines, converge
from chassis.identifiers import new_id
from chassis.messaging.events import DuplicateEvent, publication
from chassis.times import utc_now
from tests.integration.inventory.conftest import THREADS, Inventory, Nothing, Together
from tests.polling import eventually


class Customer:
    """One of many who want the same few products, and who change their minds."""

    def __init__(self, inventory: Inventory, skus: list[str], seed: int) -> None:
        self._inventory = inventory
        self._skus = skus
        self._random = random.Random(seed)  # noqa: S311 - repeatable

    def order(self) -> None:
        """An order's whole life: held, perhaps changed, then kept, sold, cancelled or forgotten."""
        order, revision = new_id(), self._random.choice((1, 1, 2))
        for each in range(1, revision + 1):
            self._inventory.hold(order, each, self._lines())
        ends: list[Callable[[], None]] = [
            lambda: service.confirm(self._inventory.uow(), order, revision),
            lambda: service.sell_held(self._inventory.uow(), order, revision),
            lambda: service.cancel(self._inventory.uow(), order),
            lambda: None,
        ]
        self._random.choice(ends)()

    def _lines(self) -> Lines:
        return {sku: self._random.randint(1, 3) for sku in self._random.sample(self._skus, 3)}


@pytest.mark.slow
def test_crowd_gets_no_more_than_there_is(inventory: Inventory) -> None:
    """16 at once for 6 products: no oversell, no deadlock, and the numbers add up at every moment."""
    skus = [inventory.add(250) for _ in range(6)]
    deadlocks, done = inventory.deadlocks(), threading.Event()

    def shop(seed: int) -> None:
        customer = Customer(inventory, skus, seed)
        for _ in range(60):
            customer.order()

    def forget() -> int:
        """Expires what nobody confirmed, a few at a time, while the others go on."""
        return service.expire_due(inventory.uow(), utc_now() + timedelta(hours=1), 3)

    def repeat(task: Callable[[], int]) -> list[int]:
        results = []
        while not done.is_set():
            results.append(task())
        return results

    with ThreadPoolExecutor(THREADS + 2) as pool:
        audits, expiries = pool.submit(repeat, inventory.mistakes), pool.submit(repeat, forget)
        shoppers = [pool.submit(shop, seed) for seed in range(THREADS)]
        failures = [each.exception() for each in shoppers]
        done.set()
    assert failures == [None] * THREADS
    assert (len(audits.result()) > 10, sum(audits.result()), sum(expiries.result()) > 0) == (True, 0, True)
    assert (inventory.mistakes(), inventory.deadlocks() - deadlocks) == (0, 0)


def test_last_units_are_held_exactly_once(inventory: Inventory, together: Together) -> None:
    """More buyers than units, all at the same moment: as many are served as there are units."""
    sku = inventory.add(THREADS // 2)
    orders = [new_id() for _ in range(THREADS)]
    together(*(partial(inventory.hold, order, 1, {sku: 1}) for order in orders))
    answers = sorted(answer for order in orders for answer in inventory.answers(order))
    assert answers == ["stock.rejected"] * (THREADS // 2) + ["stock.reserved"] * (THREADS // 2)
    assert inventory.numbers(sku) == (0, THREADS // 2, 0)


def test_event_delivered_many_times_at_once_counts_once(inventory: Inventory, together: Together) -> None:
    """One delivery does the work, the others learn that it is done."""
    sku, order = inventory.add(9), new_id()
    event = publication(Nothing(), source="orders", subject=str(order), sequence=1, correlation=None, cause=None)
    results = together(*(partial(inventory.hold, order, 1, {sku: 2}, event) for _ in range(8)))
    assert [type(result) for result in results if result is not None] == [DuplicateEvent] * 7
    assert (inventory.numbers(sku), inventory.answers(order)) == ((7, 2, 0), ["stock.reserved"])


def test_revision_asked_many_times_at_once_is_held_once(inventory: Inventory, together: Together) -> None:
    """Different events that ask for the same: one hold, the same answer to each."""
    sku, order = inventory.add(9), new_id()
    results = together(*(partial(inventory.hold, order, 1, {sku: 2}) for _ in range(8)))
    assert results == [None] * 8
    assert (inventory.numbers(sku), inventory.answers(order)) == ((7, 2, 0), ["stock.reserved"] * 8)


def test_units_given_back_during_the_wait_can_be_held(inventory: Inventory) -> None:
    """Who waited for a lock sees what its owner left, not what was there before."""
    sku, first, second = inventory.add(5), new_id(), new_id()
    inventory.hold(first, 1, {sku: 4})
    with inventory.uow() as uow, ThreadPoolExecutor(1) as pool:
        uow.reservations.lock(first)
        uow.stock.move(converge({sku: 4}, {}))
        uow.reservations.save(Reservation(first, closed=Closed.CANCELLED))
        waiting = pool.submit(inventory.hold, second, 1, {sku: 3})
        eventually(inventory.assert_somebody_waits)
        uow.commit()
        waiting.result(10)
    assert inventory.answers(second) == ["stock.reserved"]


@pytest.mark.parametrize("seed", range(10))
def test_revisions_at_once_end_with_the_newest(inventory: Inventory, together: Together, seed: int) -> None:
    """In whatever order they get their turn, what is held in the end is what was asked last."""
    skus, order = [inventory.add(9) for _ in range(3)], new_id()
    revisions = {revision: dict.fromkeys(skus[revision % 2 :], revision) for revision in range(1, 7)}
    shuffled = random.Random(seed).sample(sorted(revisions), len(revisions))  # noqa: S311 - repeatable
    assert together(*(partial(inventory.hold, order, each, revisions[each]) for each in shuffled)) == [None] * 6
    held = inventory.reservation(order)
    assert (held.held_revision, held.lines) == (6, revisions[6])
    assert ([inventory.numbers(sku) for sku in skus], inventory.mistakes()) == ([(3, 6, 0)] * 3, 0)


@pytest.mark.parametrize("attempt", range(10))
def test_cancel_wins_over_a_hold(inventory: Inventory, together: Together, attempt: int) -> None:
    """Whichever comes first: in the end nothing is held, and nothing ever will be."""
    sku, order = inventory.add(9), new_id()
    together(
        partial(inventory.hold, order, 1, {sku: 2}),
        partial(inventory.hold, order, 2, {sku: 4}),
        lambda: service.cancel(inventory.uow(), order),
    )
    inventory.hold(order, 3, {sku: 1})
    assert (inventory.reservation(order).status, inventory.numbers(sku)) == ("cancelled", (9, 0, 0))


@pytest.mark.parametrize("attempt", range(10))
def test_sale_and_cancel_have_one_winner(inventory: Inventory, together: Together, attempt: int) -> None:
    """What is sold stays sold, what is cancelled is never sold."""
    sku, order = inventory.add(9), new_id()
    inventory.hold(order, 1, {sku: 2})
    together(
        lambda: service.sell_held(inventory.uow(), order, 1),
        lambda: service.cancel(inventory.uow(), order),
    )
    sold = inventory.reservation(order).status == "sold"
    assert inventory.numbers(sku) == ((7, 0, 2) if sold else (9, 0, 0))
    assert inventory.answers(order)[1:] == (["stock.sold"] if sold else ["stock.released", "stock.sale_rejected"])
