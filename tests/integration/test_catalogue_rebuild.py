"""The copy of the catalogue, made anew by HTTP from a real inventory into a real MongoDB."""

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

import pymongo
import pytest
from prometheus_client import REGISTRY
from pymongo.database import Database
from sqlalchemy import create_engine
from werkzeug.serving import make_server

from apps.inventory import migrations
from apps.inventory import service as inventory
from apps.inventory.api.app import create_app
from apps.inventory.api.parts import ApiParts
from apps.inventory.domain.products import Money as Price
from apps.inventory.domain.products import Product as Described
from apps.inventory.repositories import UnitOfWorkFactory
from apps.inventory.storage import UnitOfWork
from apps.orders import service
from apps.orders.domain.lines import Product
from apps.orders.domain.money import Money
from apps.orders.products import SCOPE, InventoryProducts
from apps.orders.storage import MongoCatalogue
from chassis.http.client import ServiceClient, ServiceUnavailable
from chassis.http.keys import CachedKeys
from chassis.http.service_tokens import ServiceTokens
from chassis.settings import TokenSettings
from chassis.storage.migrations import migrate
from chassis.storage.mongo import Document
from tests.unit.forwardauth.tokens import Signer

SKUS = [f"TEA-{number:03}" for number in range(103)]


class At:
    """A resolver that knows one address."""

    def __init__(self, port: int) -> None:
        self._port = port

    def url(self, _service: str) -> str:
        return f"http://127.0.0.1:{self._port}"


@pytest.fixture
def unit_of_work(new_postgres_database: Callable[[], str]) -> Iterator[UnitOfWorkFactory]:
    """An inventory with more products than a page has, of which the first is not sold any more."""
    engine = create_engine(new_postgres_database())
    migrate(engine, Path(migrations.__file__).parent)
    unit_of_work = partial(UnitOfWork, engine, "inventory")
    for sku in SKUS:
        inventory.create_product(unit_of_work(), Described(sku, "Tea", "", Price.of(Decimal("12.5"), "EUR")))
    inventory.change_product(unit_of_work(), SKUS[0], active=False)
    yield unit_of_work
    engine.dispose()


@pytest.fixture(scope="module")
def signer() -> Signer:
    """The key that the users service signs with."""
    return Signer("first")


@pytest.fixture(scope="module")
def tokens(signer: Signer) -> ServiceTokens:
    """Those of orders."""
    return ServiceTokens(lambda: {"access_token": signer.token(sub="orders", scope=SCOPE), "expires_in": 600})


@pytest.fixture
def products(unit_of_work: UnitOfWorkFactory, signer: Signer, tokens: ServiceTokens) -> Iterator[InventoryProducts]:
    """Its catalogue over HTTP."""
    known = set(REGISTRY._collector_to_names)  # noqa: SLF001 - each app registers its metrics; one registry per process
    parts = ApiParts(unit_of_work, CachedKeys(lambda: [signer.jwk]), TokenSettings())
    http = make_server("127.0.0.1", 0, create_app(parts), threaded=True)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield InventoryProducts(ServiceClient("inventory-api", At(http.server_port)), tokens)  # type: ignore[arg-type] # no Consul here
    http.shutdown()
    thread.join()
    http.server_close()
    for collector in set(REGISTRY._collector_to_names) - known:  # noqa: SLF001 - as above
        REGISTRY.unregister(collector)


@pytest.fixture
def database(new_mongo_database: Callable[[], str]) -> Iterator[Database[Document]]:
    """Orders' database."""
    with pymongo.MongoClient[Document](new_mongo_database(), tz_aware=True) as client:
        yield client.get_default_database()


def tea(sku: str, price: str = "12.50", *, active: bool = True) -> Product:
    return Product(sku, "Tea", Money(Decimal(price), "EUR"), active)


def test_lost_and_damaged_copy_is_mended(database: Database[Document], products: InventoryProducts) -> None:
    """What is missing comes back, what is wrong is corrected, and what is newer than the answer stays."""
    catalogue = MongoCatalogue(database)
    catalogue.keep(tea(SKUS[1], "99.00"), 1)
    catalogue.keep(tea(SKUS[2], "13.00"), 2)

    assert service.rebuild_catalogue(catalogue, products) == (103, 102)
    found = catalogue.find(SKUS)
    assert len(found) == 103
    assert found[SKUS[0]] == tea(SKUS[0], active=False)
    assert found[SKUS[1]] == tea(SKUS[1])
    assert found[SKUS[2]] == tea(SKUS[2], "13.00")
    assert not catalogue.keep(tea(SKUS[0]), 1)


def test_inventory_away_is_said(tokens: ServiceTokens) -> None:
    """No answer ends the command, it does not empty the catalogue."""
    nobody = InventoryProducts(ServiceClient("inventory-api", At(9), attempts=1), tokens)  # type: ignore[arg-type] # as above
    with pytest.raises(ServiceUnavailable):
        list(nobody)
