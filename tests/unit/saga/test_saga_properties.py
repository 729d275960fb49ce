"""The saga under any interleaving: customers, staff, expiry and the sweeper against a bus that repeats and reorders.

Hypothesis invents the steps. After each of them the stock adds up, what is held is what some revision asked, and what
has ended stays ended; when nothing is under way any more, every order has an end and every hold has a live order.
"""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from apps.inventory import service as inventory
from apps.orders import service as orders
from apps.orders.domain.lines import AskedLine
from apps.orders.domain.order import Status
from apps.orders.domain.refusals import Refusal
from chassis.times import utc_now
from tests.unit.inventory.fakes import Store
from tests.unit.orders.fakes import FakeAvailability, FakeCatalogue
from tests.unit.orders.samples import CUSTOMER, product
from tests.unit.saga.bus import Saga

SKUS = ("CUP", "TEA")
STOCK = 5
MOST_ORDERS = 4
ENDS = {Status.SHIPPED, Status.REJECTED, Status.CANCELLED}
AT_ONCE = orders.Patience(timedelta(days=-1), tries=2)  # whatever waits at all waits too long

lines = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), min_size=1).map(
    lambda asked: [AskedLine(sku, quantity) for sku, quantity in sorted(asked.items())]
)
anyone = st.integers(0, MOST_ORDERS - 1)
anything = st.integers(0, 30)


class SagaMachine(RuleBasedStateMachine):
    """Every step that somebody may take, and the rules that hold whatever they take."""

    def __init__(self) -> None:
        super().__init__()
        self.saga = Saga(Store(**dict.fromkeys(SKUS, STOCK)), FakeCatalogue(*(product(sku) for sku in SKUS)))
        self.ended: dict[UUID, Status] = {}

    # What people and clocks do

    @precondition(lambda self: len(self.saga.orders.orders) < MOST_ORDERS)
    @rule(asked=lines)
    def place(self, asked: list[AskedLine]) -> None:
        orders.place_order(self.saga.orders, self.saga.catalogue, FakeAvailability(), CUSTOMER, asked)
        self.saga.collect()

    @rule(number=anyone, asked=lines)
    def change(self, number: int, asked: list[AskedLine]) -> None:
        self._command(orders.change_order, number, CUSTOMER, asked, None)

    @rule(number=anyone)
    def cancel(self, number: int) -> None:
        self._command(orders.cancel_order, number, CUSTOMER)

    @rule(number=anyone)
    def ship(self, number: int) -> None:
        self._command(orders.ship_order, number)

    @rule(count=st.integers(1, 2))
    def expire(self, count: int) -> None:
        inventory.expire_due(self.saga.store(), utc_now() + timedelta(days=1), count)
        self.saga.collect()

    @rule()
    def sweep(self) -> None:
        orders.sweep(self.saga.orders, AT_ONCE)
        self.saga.collect()

    # What the bus does

    @precondition(lambda self: self.saga.under_way)
    @rule(index=anything, acknowledge=st.booleans())
    def deliver(self, index: int, *, acknowledge: bool) -> None:
        self.saga.deliver(index % len(self.saga.under_way), acknowledge=acknowledge)

    @precondition(lambda self: self.saga.under_way)
    @rule(index=anything)
    def duplicate(self, index: int) -> None:
        self.saga.under_way.append(self.saga.under_way[index % len(self.saga.under_way)])

    @rule()
    def come_to_rest(self) -> None:
        while self.saga.under_way:
            self.saga.deliver(0)
        held = {each.order_id: each for each in self.saga.store.state.reservations.values() if each.held_revision}
        for order in self.saga.orders.orders.values():
            reservation = held.pop(order.id, None)
            assert order.status in ENDS | {Status.CONFIRMED}
            if order.status is Status.CONFIRMED:
                assert reservation is not None
                assert (reservation.held_revision, reservation.confirmed) == (order.held_revision, True)
            elif order.status is Status.SHIPPED:
                assert reservation is not None
                assert (reservation.held_revision, reservation.closed) == (order.held_revision, "sold")
            else:
                assert reservation is None
        assert not held

    def teardown(self) -> None:
        self.come_to_rest()

    # What holds at every moment

    @invariant()
    def stock_adds_up(self) -> None:
        holding: Counter[str] = Counter()
        sold: Counter[str] = Counter()
        for each in self.saga.store.state.reservations.values():
            (sold if each.closed == "sold" else holding).update(each.lines)
        for sku in SKUS:
            available, reserved, gone = self.saga.store.numbers(sku)
            assert min(available, reserved, gone) >= 0
            assert (available + reserved + gone, reserved, gone) == (STOCK, holding[sku], sold[sku])

    @invariant()
    def hold_is_what_its_revision_asked(self) -> None:
        asked = self._asked()
        for each in self.saga.store.state.reservations.values():
            if each.held_revision:
                assert dict(each.lines) == asked[each.order_id, each.held_revision]

    @invariant()
    def what_has_ended_stays_ended(self) -> None:
        now = {order.id: order.status for order in self.saga.orders.orders.values()}
        assert {order_id: now[order_id] for order_id in self.ended} == self.ended
        self.ended |= {order_id: status for order_id, status in now.items() if status in ENDS}

    def _command(self, use_case: Any, number: int, *arguments: Any) -> None:
        """Does it to one of the orders; what the rules refuse changes nothing."""
        known = list(self.saga.orders.orders)
        if number >= len(known):
            return
        collaborators = (
            [self.saga.orders, self.saga.catalogue] if use_case is orders.change_order else [self.saga.orders]
        )
        with suppress(Refusal):
            use_case(*collaborators, known[number], *arguments)
        self.saga.collect()

    def _asked(self) -> dict[tuple[UUID, int], dict[str, int]]:
        """The lines of every revision, as its question had them."""
        told = [event.model_dump() for event in self.saga.orders.published]
        return {
            (each["order_id"], each["revision"]): {line["sku"]: line["quantity"] for line in each["lines"]}
            for each, event in zip(told, self.saga.orders.published, strict=True)
            if type(event).__name__ in ("OrderPlaced", "OrderChanged")
        }


@pytest.mark.timeout(300)
def test_saga() -> None:
    """Whatever happens, and in whatever order, the rules hold."""
    run_state_machine_as_test(SagaMachine, settings=settings(max_examples=150, stateful_step_count=40, deadline=None))
