"""The use cases that are more than one reservation's rules, on a store in memory."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from apps.inventory import service
from apps.inventory.domain.events import ProductCreated, ProductUpdated, StockLow, StockRejected, StockReserved
from apps.inventory.domain.products import Money
from apps.inventory.domain.refusals import ProductNotFound, ReservationNotFound, SkuTaken, StockBelowZero
from tests.unit.inventory.fakes import LATER, MUG, NOW, Store

AUTHOR = uuid4()


def test_new_product_is_told_with_its_version() -> None:
    """The catalogue's readers learn of it, and in which order to believe what they hear."""
    store = Store()
    service.create_product(store(), MUG, 5)
    [published] = store.state.published
    assert isinstance(published.event, ProductCreated)
    assert (published.event.price.amount, published.subject, published.sequence) == ("12.50", "MUG", 1)
    assert store.numbers("MUG") == (5, 0, 0)


def test_taken_sku_is_refused() -> None:
    """The product that is there stays as it is."""
    store = Store(MUG=5)
    with pytest.raises(SkuTaken):
        service.create_product(store(), MUG, 9)
    assert (store.numbers("MUG"), store.events) == ((5, 0, 0), [])


def test_changed_product_is_told_whole() -> None:
    """The event says all fields, under the next version."""
    store = Store(MUG=5)
    service.change_product(store(), "MUG", price=Money.of(Decimal(13), "EUR"), active=False)
    [published] = store.state.published
    assert isinstance(published.event, ProductUpdated)
    assert (published.event.price.amount, published.event.active, published.sequence) == ("13.00", False, 2)


def test_change_to_the_same_says_nothing() -> None:
    """A change that changes nothing makes no version."""
    store = Store(MUG=5)
    assert service.change_product(store(), "MUG", name=MUG.name).version == 1
    assert store.events == []


def test_unknown_product_is_not_found() -> None:
    """Reading, changing and correcting all say so."""
    store = Store()
    with pytest.raises(ProductNotFound):
        service.get_product(store(), "MUG")
    with pytest.raises(ProductNotFound):
        service.get_stock(store(), "MUG")
    with pytest.raises(ProductNotFound):
        service.change_product(store(), "MUG", name="Mug")
    with pytest.raises(ProductNotFound):
        service.correct_stock(store(), "MUG", 1, "found", AUTHOR)


def test_correction_is_journaled() -> None:
    """What came in is available, and who said why is kept."""
    store = Store(MUG=5)
    assert service.correct_stock(store(), "MUG", 3, "delivery", AUTHOR).received == 8
    assert (store.numbers("MUG"), store.state.journal) == ((8, 0, 0), [("MUG", 3, "delivery", AUTHOR)])


def test_correction_leaves_what_is_held() -> None:
    """Only what is free can be taken away."""
    store = Store(MUG=5)
    service.hold(store(), uuid4(), 1, {"MUG": 4}, LATER)
    with pytest.raises(StockBelowZero):
        service.correct_stock(store(), "MUG", -2, "broken", AUTHOR)
    assert (store.numbers("MUG"), store.state.journal) == ((1, 4, 0), [])


def test_all_lines_or_none() -> None:
    """One short line refuses the whole order, and every short line is named; an unknown SKU has none available."""
    store = Store(MUG=5, BAG=1)
    service.hold(store(), uuid4(), 1, {"MUG": 2, "BAG": 2, "NOPE": 1}, LATER)
    [answer] = store.events
    assert isinstance(answer, StockRejected)
    assert [(each.sku, each.asked, each.available) for each in answer.shortages] == [("BAG", 2, 1), ("NOPE", 1, 0)]
    assert (store.numbers("MUG"), store.numbers("BAG")) == ((5, 0, 0), (1, 0, 0))


def test_change_moves_only_the_difference() -> None:
    """A change can use what the order holds already."""
    store, order = Store(MUG=5, BAG=1, PEN=9), uuid4()
    service.hold(store(), order, 1, {"MUG": 4, "BAG": 1}, LATER)
    service.hold(store(), order, 2, {"MUG": 5, "PEN": 2}, LATER)
    assert isinstance(store.events[-1], StockReserved)
    assert [store.numbers(sku) for sku in ("MUG", "BAG", "PEN")] == [(0, 5, 0), (1, 0, 0), (7, 2, 0)]


def test_answer_belongs_to_its_order() -> None:
    """The envelope names the order, and the version of its reservation."""
    store, order = Store(MUG=5), uuid4()
    service.hold(store(), order, 1, {"MUG": 9}, LATER)
    service.hold(store(), order, 2, {"MUG": 1}, LATER)
    envelopes = [(each.subject, each.correlation, each.sequence) for each in store.state.published]
    assert envelopes == [(str(order), str(order), 1), (str(order), str(order), 2)]


def test_low_stock_is_told_once_per_crossing() -> None:
    """The warning comes when the threshold is crossed, not again below it, and anew after the stock recovered."""
    store, first, second = Store(MUG=5), uuid4(), uuid4()
    service.change_product(store(), "MUG", low_stock_threshold=4)
    service.hold(store(), first, 1, {"MUG": 1}, LATER)
    assert not any(isinstance(event, StockLow) for event in store.events)
    service.hold(store(), second, 1, {"MUG": 1}, LATER)
    service.hold(store(), second, 2, {"MUG": 2}, LATER)
    service.cancel(store(), second)
    service.correct_stock(store(), "MUG", -1, "broken", AUTHOR)
    low = [event.available for event in store.events if isinstance(event, StockLow)]
    assert low == [3, 3]


def test_threshold_that_rises_above_the_stock_is_a_crossing() -> None:
    """The warning comes once, and not again for what was low already."""
    store = Store(MUG=5)
    for threshold in (5, 6, 8, 6):
        service.change_product(store(), "MUG", low_stock_threshold=threshold)
    low = [(event.available, event.threshold) for event in store.events if isinstance(event, StockLow)]
    assert low == [(5, 6)]


def test_expiry_takes_only_what_is_due() -> None:
    """Confirmed holds and those with time left stay; at most the limit is closed at once."""
    store, due, kept, young = Store(MUG=9), [uuid4(), uuid4(), uuid4()], uuid4(), uuid4()
    for order in (*due, kept):
        service.hold(store(), order, 1, {"MUG": 1}, NOW)
    service.hold(store(), young, 1, {"MUG": 1}, LATER)
    service.confirm(store(), kept, 1)
    expired = [service.expire_due(store(), NOW + timedelta(seconds=1), 2) for _ in range(3)]
    assert (expired, store.numbers("MUG")) == ([2, 1, 0], (7, 2, 0))


def test_availability_of_unknown_products_is_none() -> None:
    """The answer has every SKU that was asked for, in the order of asking."""
    assert list(service.get_availability(Store(MUG=5)(), ["NOPE", "MUG"]).items()) == [("NOPE", 0), ("MUG", 5)]


def test_unknown_reservation_is_not_found() -> None:
    """An order that inventory never heard of has none."""
    with pytest.raises(ReservationNotFound):
        service.get_reservation(Store()(), uuid4())
