"""`make bench-relay`: how fast the relay empties each outbox into a real broker. Prints machine, versions and figures.

Each round fills an outbox with events of half a kilobyte and times the relay alone, from the first claim to the last
removal. The first round of each store warms up the servers and does not count; of the others the median does.
"""

import os
import platform
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from statistics import median

import pymongo
from sqlalchemy import Engine, create_engine, text
from testcontainers.core.docker_client import DockerClient

from catalogue.definitions import definitions
from chassis.identifiers import new_id
from chassis.logs import configure_logs
from chassis.messaging.events import Event
from chassis.messaging.publisher import Publisher
from chassis.messaging.relay import Relay
from chassis.messaging.subscriptions import Reading, Subscriptions
from chassis.rabbitmq_setup import with_passwords
from chassis.storage.mongo import Document
from chassis.storage.mongo_outbox import MongoOutbox
from chassis.storage.outbox import Outbox
from chassis.storage.postgres import MESSAGING_TABLES_V1
from chassis.storage.postgres_outbox import PostgresOutbox
from chassis.times import utc_now
from tests.integration.servers import PASSWORD, Broker, image_of, mongo_server, postgres_server, rabbitmq_server
from tests.polling import eventually

EVENTS = 10_000
ROUNDS = 5
BATCH = 200
RECIPE = "quadrille.recipe"  # the label of such an image
LIBRARIES = ("pika", "psycopg", "pymongo", "sqlalchemy")
BODY = '{"pad": "' + "x" * 500 + '"}'


class Heard(Reading):
    """The consumer reads nothing; its queue only has to be there."""


def ignore(_parts: object, _reading: Heard, _event: Event) -> None:
    """Never called: no worker runs."""


@contextmanager
def publisher_of(broker: Broker) -> Iterator[Publisher]:
    """A connected publisher with the rights of the service `shop`; `stock` has a queue for its events."""
    subscriptions = Subscriptions("stock")
    subscriptions.on("shop", "thing.sold", Heard)(ignore)
    template = definitions(["shop", "stock"], [subscriptions])
    passwords = {f"RABBITMQ_{user['name'].upper()}_PASSWORD": PASSWORD for user in template["users"]}
    broker.call("POST", "/definitions", with_passwords(template, passwords))
    publisher = Publisher(broker.url("shop"), "bench")
    publisher.start()
    eventually(lambda: connected(publisher), seconds=30)
    yield publisher
    publisher.stop()


def connected(publisher: Publisher) -> None:
    """Raises while it is not."""
    if publisher.problem is not None:
        raise RuntimeError(publisher.problem)


def fill_postgres(engine: Engine) -> Callable[[], Outbox]:
    """Makes the tables; returns what fills the outbox anew."""
    with engine.begin() as connection:
        connection.execute(text(MESSAGING_TABLES_V1))

    def fill() -> Outbox:
        rows = [{"id": str(new_id()), "type": "thing.sold", "body": BODY} for _ in range(EVENTS)]
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO outbox (id, type, body) VALUES (:id, :type, :body)"), rows)
        return PostgresOutbox(engine)

    return fill


def fill_mongo(client: pymongo.MongoClient[Document]) -> Callable[[], Outbox]:
    """Makes the index; returns what fills the outbox anew: one event in each of 10,000 documents."""
    database = client[f"bench_{secrets.token_hex(4)}"]
    orders = database["orders"]
    orders.create_index("relay", partialFilterExpression={"relay": True})

    def fill() -> Outbox:
        def entry() -> Document:
            event_id = str(new_id())
            return {"id": event_id, "type": "thing.sold", "body": BODY, "traceparent": None, "at": utc_now()}

        orders.insert_many(
            [{"_id": str(new_id()), "version": 1, "relay": True, "outbox": [entry()]} for _ in range(EVENTS)]
        )
        return MongoOutbox(orders, database["leases"])

    return fill


def timed(outbox: Outbox, publisher: Publisher) -> float:
    """Events a second until the outbox is empty."""
    relay = Relay("shop", outbox, publisher, batch_size=lambda: BATCH, inbox_days=lambda: 14)
    started = time.perf_counter()
    moved = 0
    while moved < EVENTS:
        moved += relay.step()
    seconds = time.perf_counter() - started
    outbox.resign()
    return moved / seconds


def main() -> int:
    """Prints the figures; 1 when a target is missed."""
    configure_logs("bench", "WARNING")
    with ExitStack() as stack:
        broker = stack.enter_context(rabbitmq_server())
        postgres_url = stack.enter_context(postgres_server()).replace("postgresql://", "postgresql+psycopg://")
        mongo_url = f"mongodb://{stack.enter_context(mongo_server())}/?authSource=admin"
        publisher = stack.enter_context(publisher_of(broker))
        client: pymongo.MongoClient[Document] = pymongo.MongoClient(
            mongo_url, w="majority", journal=True, tz_aware=True
        )
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        say(f"{os.cpu_count()} CPUs, {memory:.0f} GiB, Linux {platform.release()}, Python {platform.python_version()}")
        engine = create_engine(postgres_url)
        say(", ".join([*servers(broker, engine, client), *(f"{each} {version(each)}" for each in LIBRARIES)]))
        kept = [
            report("PostgreSQL", fill_postgres(engine), publisher, 3000),
            report("MongoDB", fill_mongo(client), publisher, 1000),
        ]
        client.close()
    return 0 if all(kept) else 1


def report(name: str, fill: Callable[[], Outbox], publisher: Publisher, target: int) -> bool:
    """Measures the rounds and prints their median."""
    timed(fill(), publisher)
    rates = [timed(fill(), publisher) for _ in range(ROUNDS)]
    shown = ", ".join(f"{rate:,.0f}" for rate in rates)
    say(f"{name}: {median(rates):,.0f} events/s (median of {shown}); wanted: {target:,}")
    return median(rates) >= target


def servers(broker: Broker, engine: Engine, client: pymongo.MongoClient[Document]) -> Iterator[str]:
    """What answers, in its own words, and where its image is from."""
    yield f"RabbitMQ {broker.call('GET', '/overview').json()['rabbitmq_version']} ({origin('rabbitmq')})"
    with engine.connect() as connection:
        yield f"PostgreSQL {connection.scalar(text('SHOW server_version'))} ({origin('postgres')})"
    yield f"MongoDB {client.admin.command('buildInfo')['version']} ({origin('mongo')})"


def origin(service: str) -> str:
    """The image's name; one that was built here for want of a registry may hold another program than it says."""
    built = RECIPE in DockerClient().client.images.get(image_of(service)).labels
    return image_of(service) + (", built by offline/" if built else "")


def say(line: str) -> None:
    """To the person who called."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
