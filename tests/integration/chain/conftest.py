"""The chain's surroundings: a broker with the generated topology, databases, and workers as processes of their own."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Protocol

import pika
import pytest

from catalogue.definitions import definitions
from chassis.identifiers import new_id
from chassis.rabbitmq_setup import with_passwords
from tests.integration.chain.ending import Ending
from tests.integration.chain.shop import Shop
from tests.integration.chain.stores import MongoStore, PostgresStore, Store
from tests.integration.chain.worker_app import LIVE, subscriptions_of
from tests.integration.chain.worker_process import WorkerProcess
from tests.integration.servers import PASSWORD, Broker


@pytest.fixture(scope="session")
def chain_broker(broker: Broker) -> Broker:
    """The broker with shop, stock and mail, every user with the test password."""
    template = definitions(["shop", "stock", "mail"], [subscriptions_of("stock"), subscriptions_of("mail")], [LIVE])
    passwords = {f"RABBITMQ_{user['name'].upper()}_PASSWORD": PASSWORD for user in template["users"]}
    complete = with_passwords(template, passwords)
    # Shorter than in production, so that the tests need not wait.
    for queue in complete["queues"]:
        if "x-message-ttl" in queue["arguments"]:
            queue["arguments"]["x-message-ttl"] = 500
    broker.call("POST", "/definitions", complete)
    rights = {"configure": ".*", "write": ".*", "read": ".*"}
    broker.call("PUT", "/permissions/quadrille/guest", rights)
    return broker


@pytest.fixture
def shop(chain_broker: Broker) -> Shop:
    return Shop(chain_broker)


class StartWorker(Protocol):
    """Starts a worker of the service, on MongoDB if wanted; one that usurps relays without the lease."""

    def __call__(
        self, service: str, fail_point: str = "", *, usurps: bool = False, mongo: bool = False
    ) -> WorkerProcess: ...


@pytest.fixture
def start_worker(chain_broker: Broker, new_store: Callable[[bool], Store], tmp_path: Path) -> Iterator[StartWorker]:
    """Starts workers, each service's with a fresh store and empty queues; stops all of them at the end."""
    workers: list[WorkerProcess] = []
    stores: dict[str, Store] = {}

    def start(service: str, fail_point: str = "", *, usurps: bool = False, mongo: bool = False) -> WorkerProcess:
        if service not in stores:
            stores[service] = new_store(mongo)
        worker = WorkerProcess(service, stores[service], chain_broker, tmp_path / f"{service}-{new_id()}.log")
        workers.append(worker)
        return worker.start(fail_point, usurps=usurps)

    _purge(chain_broker)
    yield start
    for worker in workers:
        worker.stop(signal.SIGKILL)
    for store in stores.values():
        store.close()


@pytest.fixture
def new_store(request: pytest.FixtureRequest) -> Callable[[bool], Store]:
    """Makes empty stores, on MongoDB or PostgreSQL. The server starts when the first is wanted."""

    def create(mongo: bool) -> Store:  # noqa: FBT001 - the one thing to say
        if mongo:
            return MongoStore(request.getfixturevalue("new_mongo_database")())
        return PostgresStore(request.getfixturevalue("new_postgres_database")())

    return create


def _purge(broker: Broker) -> None:
    for queue in broker.call("GET", "/queues/quadrille").json():
        if not queue["name"].startswith("celeryev"):
            broker.call("DELETE", f"/queues/quadrille/{queue['name']}/contents")


@pytest.fixture
def ending(chain_broker: Broker, shop: Shop) -> Ending:
    return Ending(chain_broker, shop)


@pytest.fixture
def dead_letters(chain_broker: Broker) -> Callable[[str], list[SimpleNamespace]]:
    """Takes the dead letters out of a queue."""

    def take(queue: str) -> list[SimpleNamespace]:
        found: list[SimpleNamespace] = []
        url = chain_broker.administrator_url
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            channel = connection.channel()
            while True:
                method, properties, body = channel.basic_get(f"{queue}.dead", auto_ack=True)
                if method is None:
                    return found
                found.append(SimpleNamespace(headers=properties.headers, body=body))

    return take
