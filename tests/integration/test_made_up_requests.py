"""Orders and inventory over their real stores, under requests that are made up from their documents."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

import pymongo
import pytest
from flask import Flask
from prometheus_client import REGISTRY
from sqlalchemy import create_engine

from apps.inventory import migrations
from apps.inventory import service as inventory
from apps.inventory.api.app import create_app as create_inventory
from apps.inventory.api.parts import ApiParts as InventoryParts
from apps.inventory.domain.products import Money as Price
from apps.inventory.domain.products import Product as Described
from apps.inventory.storage import UnitOfWork
from apps.orders import service as orders
from apps.orders.api.app import create_app as create_orders
from apps.orders.api.parts import ApiParts as OrdersParts
from apps.orders.domain.lines import AskedLine, Product
from apps.orders.domain.money import Money
from apps.orders.migrations import migrate as migrate_orders
from apps.orders.storage import MongoCatalogue, MongoOrders
from chassis.storage.migrations import migrate as migrate_inventory
from chassis.storage.mongo import Document
from tests.contract.apis import KEYS, OWNER, SETTINGS, bearer
from tests.made_up_requests import ask_everything
from tests.unit.orders.fakes import FakeAvailability

pytestmark = pytest.mark.timeout(300)

CALLERS = (bearer("customer", user=OWNER), bearer("manager"))


@pytest.fixture(autouse=True)
def _own_metrics() -> Iterator[None]:
    known = set(REGISTRY._collector_to_names)  # noqa: SLF001 - each app registers its metrics; one registry per process
    yield
    for collector in set(REGISTRY._collector_to_names) - known:  # noqa: SLF001 - as above
        REGISTRY.unregister(collector)


@pytest.fixture
def inventory_api(new_postgres_database: Callable[[], str]) -> Iterator[Flask]:
    """Inventory, with some teas."""
    engine = create_engine(new_postgres_database())
    migrate_inventory(engine, Path(migrations.__file__).parent)
    unit_of_work = partial(UnitOfWork, engine, "inventory")
    inventory.create_product(unit_of_work(), Described("TEA", "Tea", "", Price.of(Decimal("12.50"), "EUR")), 5)
    yield create_inventory(InventoryParts(unit_of_work, KEYS, SETTINGS))
    engine.dispose()


@pytest.fixture
def mongo(new_mongo_database: Callable[[], str]) -> Iterator[pymongo.MongoClient[Document]]:
    """A client of a database of its own."""
    with pymongo.MongoClient[Document](new_mongo_database(), tz_aware=True, w="majority", journal=True) as client:
        yield client


def test_inventory(inventory_api: Flask) -> None:
    """Whatever is asked, PostgreSQL takes it or the rules refuse it."""
    met = ask_everything(inventory_api, "/api/v1/inventory/openapi.json", CALLERS, {"sku": "TEA"}, examples=12)
    assert met >= {("POST /api/v1/products", 201), ("POST /api/v1/products/{sku}/stock", 200)}


def test_orders(mongo: pymongo.MongoClient[Document]) -> None:
    """Whatever is asked, MongoDB takes it or the rules refuse it."""
    database = mongo.get_default_database()
    migrate_orders(database)
    stored, catalogue = MongoOrders(database), MongoCatalogue(database)
    catalogue.keep(Product("TEA", "Tea", Money(Decimal("12.50"), "EUR"), active=True), 1)
    order = orders.place_order(stored, catalogue, FakeAvailability(), OWNER, [AskedLine("TEA", 2)])
    app = create_orders(OrdersParts(stored, catalogue, FakeAvailability(), KEYS, SETTINGS))
    known = {"sku": "TEA", "order_id": str(order.id)}
    met = ask_everything(app, "/api/v1/orders/openapi.json", CALLERS, known, examples=12)
    assert met >= {("POST /api/v1/orders", 202), ("POST /api/v1/orders/{order_id}/cancel", 202)}
