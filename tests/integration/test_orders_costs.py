"""What a request costs in MongoDB, through the API and the service's own client: every command is counted."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from pydantic import SecretStr
from pymongo import monitoring

from apps.orders import service
from apps.orders.api.app import create_app
from apps.orders.api.parts import ApiParts
from apps.orders.domain.lines import Product
from apps.orders.domain.money import Money
from apps.orders.migrations import migrate
from apps.orders.storage import MongoCatalogue, MongoOrders
from chassis.settings import MongoSettings
from chassis.storage.mongo import create_mongo_client
from tests.contract.apis import KEYS, OWNER, SETTINGS, bearer
from tests.unit.orders.fakes import FakeAvailability
from tests.unit.orders.samples import heard

ORDERS = "/api/v1/orders"
TEA = {"lines": [{"sku": "TEA", "quantity": 2}]}
CUSTOMER, MANAGER = bearer("customer", user=OWNER), bearer("manager")
OF_THE_CONNECTION = {"hello", "saslStart", "saslContinue", "endSessions", "ping", "ismaster"}


class Commands(monitoring.CommandListener):
    """Notes what is sent, handshakes aside."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name not in OF_THE_CONNECTION:
            self.sent.append(dict(event.command))

    def succeeded(self, event: object) -> None:
        """Of no interest."""

    def failed(self, event: object) -> None:
        """Of no interest."""


COMMANDS = Commands()
monitoring.register(COMMANDS)


class Stores(NamedTuple):
    orders: MongoOrders
    catalogue: MongoCatalogue


@pytest.fixture(scope="module")
def stores(new_mongo_database: Callable[[], str]) -> Iterator[Stores]:
    """The stores over the client that the service makes, with tea in the catalogue."""
    settings = MongoSettings(mongo_url=SecretStr(new_mongo_database()))
    with create_mongo_client(settings, startup_timeout=5) as mongo:
        database = mongo.get_default_database()
        migrate(database)
        stores = Stores(MongoOrders(database), MongoCatalogue(database))
        stores.catalogue.keep(Product("TEA", "Tea", Money(Decimal("12.50"), "EUR"), active=True), 1)
        yield stores


@pytest.fixture
def client(stores: Stores) -> Iterator[FlaskClient]:
    """The API's client."""
    known = set(REGISTRY._collector_to_names)  # noqa: SLF001 - each app registers its metrics; one registry per process
    parts = ApiParts(stores.orders, stores.catalogue, FakeAvailability(), KEYS, SETTINGS)
    yield create_app(parts).test_client()
    for collector in set(REGISTRY._collector_to_names) - known:  # noqa: SLF001 - as above
        REGISTRY.unregister(collector)


@pytest.fixture
def placed(client: FlaskClient) -> UUID:
    """An order; nothing is counted yet."""
    order_id = client.post(ORDERS, json=TEA, headers=CUSTOMER).get_json()["id"]
    COMMANDS.sent.clear()
    return UUID(order_id)


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k-1"}])
def test_placing_is_one_write(client: FlaskClient, headers: dict[str, str]) -> None:
    """Order, timeline, event and, under a key, the answer are one insert, after one read of the catalogue by SKU."""
    COMMANDS.sent.clear()
    assert client.post(ORDERS, json=TEA, headers={**CUSTOMER, **headers}).status_code == 202

    *reads, insert = COMMANDS.sent
    assert [(each["find"], list(each["filter"])) for each in reads] == [
        *([("orders", ["idempotency_key"])] if headers else []),
        ("catalogue", ["_id"]),
    ]
    assert (insert["insert"], len(insert["documents"])) == ("orders", 1)
    assert insert["writeConcern"] == {"w": "majority", "j": True}


@pytest.mark.parametrize("path", ["", "/timeline"])
def test_reading_is_one_read_by_key(client: FlaskClient, placed: UUID, path: str) -> None:
    """An order, or its timeline, is one document."""
    assert client.get(f"{ORDERS}/{placed}{path}", headers=CUSTOMER).status_code == 200

    [find] = COMMANDS.sent
    assert (find["find"], find["filter"]) == ("orders", {"_id": str(placed)})


def assert_one_guarded_update(guard: str) -> None:
    """The only write is one update of one document under the guard, in the hands of the majority's journals."""
    [update] = [each for each in COMMANDS.sent if "find" not in each]
    [changed] = update["updates"]
    assert set(changed["q"]) == {"_id", guard}
    assert not changed.get("multi")
    assert update["writeConcern"] == {"w": "majority", "j": True}


def test_every_move_is_one_guarded_update(client: FlaskClient, stores: Stores, placed: UUID) -> None:
    """An answer, a change, a shipping, a cancellation: state, timeline, events and inbox go together or not at all."""
    service.stock_reserved(stores.orders, placed, 1, heard("stock.reserved", placed))
    assert_one_guarded_update("version")
    for method, path, headers in (
        ("PATCH", "", {**CUSTOMER, "If-Match": "*"}),
        ("POST", "/cancel", CUSTOMER),
    ):
        COMMANDS.sent.clear()
        assert client.open(f"{ORDERS}/{placed}{path}", method=method, json=TEA, headers=headers).status_code == 202
        assert_one_guarded_update("version")
    COMMANDS.sent.clear()
    service.stock_released(stores.orders, placed, heard("stock.released", placed))
    assert_one_guarded_update("inbox")


def test_shipping_is_one_guarded_update(client: FlaskClient, stores: Stores, placed: UUID) -> None:
    """As the other moves."""
    service.stock_reserved(stores.orders, placed, 1, heard("stock.reserved", placed))
    COMMANDS.sent.clear()
    assert client.post(f"{ORDERS}/{placed}/ship", headers=MANAGER).status_code == 202
    assert_one_guarded_update("version")
