"""The chain's surroundings: a broker with the generated topology, databases, and workers as processes of their own."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Protocol

import pika
import pytest
from pydantic import BaseModel
from sqlalchemy import Engine, create_engine, text

from catalogue.definitions import definitions
from chassis.identifiers import new_id
from chassis.messaging.events import CONTENT_TYPE, encode, publication
from chassis.rabbitmq_setup import with_passwords
from chassis.storage.postgres import MESSAGING_TABLES_V1
from tests.integration.chain.worker_app import LIVE, SCHEMA, subscriptions_of
from tests.integration.servers import PASSWORD, Broker, free_port
from tests.polling import eventually

ROOT = Path(__file__).parents[3]


class ThingSold(BaseModel):
    """The shop's event."""

    thing: str
    fail_times: int = 0
    mistake: bool = False
    seconds: float = 0


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


class Shop:
    """Publishes the shop's events, as its relay would."""

    def __init__(self, broker: Broker) -> None:
        self._url = broker.url("shop")

    def sell(self, **data: object) -> str:
        """One event; returns its id."""
        model = ThingSold.model_validate({"thing": "chair", **data})
        event = publication(model, source="shop", subject=model.thing, sequence=1, correlation=None, cause=None)
        self.send(encode(event).encode(), message_id=str(event.id))
        return str(event.id)

    def send(self, body: bytes, times: int = 1, routing_key: str = "thing.sold", **properties: object) -> None:
        """Any message at all, confirmed."""
        given = {"content_type": CONTENT_TYPE, "delivery_mode": 2, **properties}
        with pika.BlockingConnection(pika.URLParameters(self._url)) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            for _ in range(times):
                channel.basic_publish("shop", routing_key, body, pika.BasicProperties(**given), mandatory=True)

    def send_shuffled(self, events: int, copies: int) -> None:
        """So many events, each so many times, in any order."""
        made = [
            publication(ThingSold(thing="chair"), source="shop", subject="c", sequence=1, correlation=None, cause=None)
            for _ in range(events)
        ]
        bodies = [encode(event).encode() for event in made for _ in range(copies)]
        random.shuffle(bodies)
        for body in bodies:
            self.send(body)


@pytest.fixture
def shop(chain_broker: Broker) -> Shop:
    return Shop(chain_broker)


class WorkerProcess:
    """A worker of the chain, with its database."""

    def __init__(self, service: str, database_url: str, broker: Broker, log: Path) -> None:
        self.service = service
        self.engine = create_engine(database_url)
        self.log = log
        self._database_url = database_url
        self._broker = broker
        self._port = free_port()

    def start(self, fail_point: str = "", *, usurps: bool = False) -> "WorkerProcess":
        """Starts it and waits until it consumes; with a fail-point it may be dead before."""
        environment = {
            "PATH": os.environ["PATH"],
            "CHAIN_SERVICE": self.service,
            "DATABASE_URL": self._database_url,
            "BROKER_URL": self._broker.url(self.service),
            "CONSUL_HTTP_ADDR": "http://127.0.0.1:1",
            "CONSUL_HTTP_TOKEN": "unused",
            "OPERATIONS_PORT": str(self._port),
            "EVENT_RETRY_ROUNDS": "2",
            "FAIL_POINT": fail_point,
            "CHAIN_USURPS": "yes" if usurps else "",
        }
        command = [sys.executable, "-m", "celery", "-A", "tests.integration.chain.worker_app", "worker", "--pool"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "threads", "--concurrency", "8", "--without-mingle", "--without-gossip"],
                cwd=ROOT, env=environment, stdout=output, stderr=output,
            )  # fmt: skip
        if not fail_point:
            eventually(self.assert_ready, seconds=30)
        return self

    def ask(self, path: str) -> tuple[int, str]:
        """Status and body of what its operations port answers."""
        # Closed in any case: a worker that is killed amid an answer would leave the socket to the garbage collector.
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=5)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have the labels."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        lines = [line for line in self.ask("/metrics")[1].splitlines() if line.startswith((f"{name}{{", f"{name} "))]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if all(each in line for each in wanted))

    def assert_ready(self) -> None:
        """The process runs and says that it is well."""
        assert self.process.poll() is None, self.log.read_text()
        status, report = self.ask("/health/ready")
        assert status == 200, report

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends it and waits."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)

    def count(self, table: str, event_id: str | None = None) -> int:
        """Rows of a table, all or of one event."""
        condition = "" if event_id is None else " WHERE event_id = :id"
        with self.engine.connect() as connection:
            return int(connection.scalar(text(f"SELECT count(*) FROM {table}{condition}"), {"id": event_id}) or 0)  # noqa: S608 - names of the tests


class StartWorker(Protocol):
    """Starts a worker of the service; one that usurps relays without the lease."""

    def __call__(self, service: str, fail_point: str = "", *, usurps: bool = False) -> WorkerProcess: ...


@pytest.fixture
def start_worker(
    chain_broker: Broker, new_postgres_database: Callable[[], str], tmp_path: Path
) -> Iterator[StartWorker]:
    """Starts workers with a fresh database and empty queues; stops all of them at the end."""
    workers: list[WorkerProcess] = []

    def start(service: str, fail_point: str = "", *, usurps: bool = False) -> WorkerProcess:
        url = next(
            (each.engine.url.render_as_string(hide_password=False) for each in workers if each.service == service), None
        )
        if url is None:
            url = new_postgres_database()
            _create_tables(create_engine(url))
        worker = WorkerProcess(service, url, chain_broker, tmp_path / f"{service}-{new_id()}.log")
        workers.append(worker)
        return worker.start(fail_point, usurps=usurps)

    _purge(chain_broker)
    yield start
    for worker in workers:
        worker.stop(signal.SIGKILL)
        worker.engine.dispose()


def _create_tables(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text(MESSAGING_TABLES_V1 + SCHEMA))
    engine.dispose()


def _purge(broker: Broker) -> None:
    for queue in broker.call("GET", "/queues/quadrille").json():
        if not queue["name"].startswith("celeryev"):
            broker.call("DELETE", f"/queues/quadrille/{queue['name']}/contents")


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
