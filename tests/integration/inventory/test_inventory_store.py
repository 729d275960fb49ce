"""The store: what is kept, found, refused, and undone."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from apps.inventory import service
from apps.inventory.domain.products import Money, Product
from apps.inventory.domain.refusals import ReservationNotFound, StockBelowZero
from apps.inventory.domain.stock import Totals, converge
from chassis.identifiers import new_id
from chassis.times import utc_now
from tests.integration.inventory.conftest import Inventory, Together


def test_refused_change_keeps_the_hold(inventory: Inventory) -> None:
    """The lines of before stay held, and the refusal with its shortages can be repeated."""
    sku, other, order = inventory.add(9), inventory.add(1), new_id()
    inventory.hold(order, 1, {sku: 2})
    service.confirm(inventory.uow(), order, 1)
    for _ in range(2):
        inventory.hold(order, 2, {sku: 3, other: 2, "UNKNOWN": 1})
    found = inventory.reservation(order)
    assert (found.lines, found.status) == ({sku: 2}, "confirmed")
    assert [(each.sku, each.available) for each in found.shortages] == [(other, 1), ("UNKNOWN", 0)]
    assert inventory.answers(order) == ["stock.reserved", "stock.rejected", "stock.rejected"]
    assert (inventory.numbers(sku), inventory.numbers(other)) == ((7, 2, 0), (1, 0, 0))


def test_uncommitted_work_leaves_no_trace(inventory: Inventory) -> None:
    """Stock and reservation are one transaction, and its end without a commit undoes it."""
    sku, order = inventory.add(9), new_id()
    with inventory.uow() as uow:
        uow.stock.move(converge({}, {sku: 2}))
        uow.reservations.lock(order)
    assert inventory.numbers(sku) == (9, 0, 0)
    with pytest.raises(ReservationNotFound):
        inventory.reservation(order)


@pytest.mark.parametrize("change", ["available = -1, received = 8", "reserved = 1", "received = 10", "sold = -9"])
def test_database_itself_guards_the_equation(inventory: Inventory, change: str) -> None:
    """Whoever writes: numbers that do not add up, or are below zero, are not taken."""
    sku = inventory.add(9)
    with pytest.raises(IntegrityError), inventory.engine.begin() as connection:
        connection.execute(text(f"UPDATE stock SET {change} WHERE sku = :sku"), {"sku": sku})  # noqa: S608


def test_products_are_kept_as_they_were_given(inventory: Inventory) -> None:
    """Every field comes back, and a change is stored under the next version."""
    sku = inventory.add(1)
    changed = service.change_product(
        inventory.uow(), sku, name="Näme", description="Two\nlines", price=Money(1234, "KWD"), active=False
    )
    assert service.get_product(inventory.uow(), sku) == changed == Product(
        sku, "Näme", "Two\nlines", Money(1234, "KWD"), active=False, version=2
    )  # fmt: skip


def test_search_finds_plain_words(inventory: Inventory) -> None:
    """Pages of active products by SKU; what stands for anything in SQL stands for itself here."""
    skus = sorted(inventory.add(1) for _ in range(4))
    for sku in skus:
        service.change_product(inventory.uow(), sku, name=f"100 % {sku}")
    service.change_product(inventory.uow(), skus[0], active=False)
    found, total = service.search_products(inventory.uow(), "100 %", 1, 5)
    assert ([product.sku for product in found], total) == (skus[2:], 3)
    assert service.search_products(inventory.uow(), "1%0", 0, 5) == ([], 0)
    assert service.search_products(inventory.uow(), skus[1].lower(), 0, 5)[1] == 1
    assert service.search_products(inventory.uow(), "100 %", 10**30, 5) == ([], 3)


def test_sku_is_given_to_one_of_many(inventory: Inventory, together: Together) -> None:
    """Of those who add the same SKU at the same moment, one succeeds; the others are refused, not failed."""
    product = Product("CONTESTED", "A product", "", Money(1, "EUR"))
    results = together(*(partial(service.create_product, inventory.uow(), product, each) for each in range(8)))
    assert sorted(type(result).__name__ for result in results) == ["Product"] + ["SkuTaken"] * 7


def test_corrections_are_journaled(inventory: Inventory) -> None:
    """The journal holds what was counted, and nothing of what was refused."""
    sku, author = inventory.add(5), new_id()
    service.correct_stock(inventory.uow(), sku, 3, "delivery", author)
    with pytest.raises(StockBelowZero):
        service.correct_stock(inventory.uow(), sku, -9, "broken", author)
    with inventory.engine.connect() as connection:
        found = text("SELECT delta, reason, author FROM stock_journal WHERE sku = :sku")
        assert [tuple(row) for row in connection.execute(found, {"sku": sku})] == [(3, "delivery", author)]
    assert inventory.numbers(sku) == (8, 0, 0)


def test_totals_are_those_of_all_products(inventory: Inventory) -> None:
    """Sums over everything; low are the active ones under their threshold."""

    def totals() -> Totals:
        with inventory.uow() as uow:
            return uow.stock.totals()

    before = totals()
    low, plenty, retired = inventory.add(5), inventory.add(9), inventory.add(1)
    for sku in (low, plenty, retired):
        service.change_product(inventory.uow(), sku, low_stock_threshold=5)
    service.change_product(inventory.uow(), retired, active=False)
    inventory.hold(new_id(), 1, {low: 1, plenty: 2})
    assert totals() == Totals(before.available + 12, before.reserved + 3, before.sold, before.low + 1)


def test_low_stock_is_told(inventory: Inventory) -> None:
    """By a threshold that rises above the stock, and by a hold that falls below it."""
    sku = inventory.add(9)
    for threshold in (10, 9):
        service.change_product(inventory.uow(), sku, low_stock_threshold=threshold)
    inventory.hold(new_id(), 1, {sku: 1})
    with inventory.engine.connect() as connection:
        told = text("SELECT body::jsonb -> 'data' ->> 'available' FROM outbox WHERE type = 'stock.low' ORDER BY seq")
        assert connection.execute(told).scalars().all()[-2:] == ["9", "8"]


def test_hold_is_released_by_expiry(inventory: Inventory) -> None:
    """Several at once, also where they hold the same product; a confirmed one stays."""
    sku, due, kept = inventory.add(9), [new_id(), new_id()], new_id()
    for order in (*due, kept):
        inventory.hold(order, 1, {sku: 2})
    service.confirm(inventory.uow(), kept, 1)
    service.expire_due(inventory.uow(), utc_now() + timedelta(hours=1), 100)
    assert [inventory.reservation(order).status for order in (*due, kept)] == ["expired", "expired", "confirmed"]
    assert (inventory.numbers(sku), inventory.answers(due[0])[-1]) == ((7, 2, 0), "stock.expired")


def test_setup_can_be_repeated(new_postgres_database: Callable[[], str]) -> None:
    """The second run of the one-off job succeeds and changes nothing."""
    url = new_postgres_database()
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "CONSUL_HTTP_TOKEN": "unused", "DEMO_DATA": "true"}
    made = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "apps.inventory.setup"], env=environment, capture_output=True, text=True, check=True
        )
        made.append(json.loads(done.stdout.splitlines()[-1])["made"])
    assert made == [12, 0]
