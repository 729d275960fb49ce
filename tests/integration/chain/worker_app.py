"""A small service for the tests of the chain, with real storage: `celery -A tests.integration.chain.worker_app worker`.

It listens to `shop` and to `stock`, and does what the event's data asks for: work, fail for a while (as `stock`; `mail`
does well), fail for good. On the scheduler's beat it counts, or makes a mistake. With CHAIN_USURPS its relay leads
without asking for the lease.
"""

import os
import time
from dataclasses import dataclass

from pydantic import BaseModel
from sqlalchemy import Engine, text

from chassis.broadcast import LiveInterests
from chassis.health import Health
from chassis.identifiers import new_id
from chassis.messaging.events import Event
from chassis.messaging.subscriptions import Reading, Subscriptions
from chassis.settings import PostgresSettings, load_settings
from chassis.storage.outbox import Outbox
from chassis.storage.postgres import TRANSIENT, UnitOfWork, create_postgres_engine
from chassis.storage.postgres_outbox import PostgresOutbox
from chassis.tasks.commands import add_periodic_task
from chassis.worker.app import WorkerSettings, create_worker

SCHEMA = """
CREATE TABLE effects (event_id uuid NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE attempts (event_id uuid NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE VIEW unfinished AS SELECT event_id FROM attempts EXCEPT SELECT event_id FROM effects;
"""


COUNT, MISTAKE = "chain.count", "chain.mistake"
LIVE = LiveInterests("mail", (("shop", "thing.sold"),))


class StillDown(Exception):
    """What the service calls transient."""


class ThingStored(BaseModel):
    """What it publishes for each thing sold."""

    thing: str


class ThingSold(Reading):
    """What it reads."""

    thing: str
    fail_times: int = 0
    mistake: bool = False
    seconds: float = 0


class Stored(Reading):
    """What it reads of itself and its like."""

    thing: str


class ChainSettings(WorkerSettings, PostgresSettings):
    """As a real service's."""


@dataclass(frozen=True)
class Parts:
    """As a real service's bootstrap makes them."""

    settings: ChainSettings
    engine: Engine
    health: Health
    outbox: Outbox
    transient_errors: tuple[type[Exception], ...] = (*TRANSIENT, StillDown)


class UsurpedOutbox(PostgresOutbox):
    """Leads whoever else does, as a leader would that does not know yet that it lost the lease."""

    def lead(self) -> bool:
        """Takes a connection and asks nobody."""
        if self._connection is None:
            self._connection = self._engine.connect()
        return True


def on_sold(parts: Parts, sold: ThingSold, event: Event) -> None:
    with parts.engine.begin() as connection:
        connection.execute(text("INSERT INTO attempts (event_id) VALUES (:id)"), {"id": event.id})
        attempts = connection.scalar(text("SELECT count(*) FROM attempts WHERE event_id = :id"), {"id": event.id})
    if SERVICE == "stock" and attempts is not None and attempts <= sold.fail_times:
        raise StillDown(f"attempt {attempts}")
    if sold.mistake:
        raise ZeroDivisionError("a mistake in the handler")
    with UnitOfWork(parts.engine, SERVICE, event) as work:
        time.sleep(sold.seconds)
        work.connection.execute(text("INSERT INTO effects (event_id) VALUES (:id)"), {"id": event.id})
        work.publish(ThingStored(thing=sold.thing), subject=sold.thing, sequence=1)
        work.commit()


def on_stored(parts: Parts, _stored: Stored, event: Event) -> None:
    with UnitOfWork(parts.engine, SERVICE, event) as work:
        work.connection.execute(text("INSERT INTO effects (event_id) VALUES (:id)"), {"id": event.id})
        work.commit()


def subscriptions_of(service: str) -> Subscriptions:
    """Stock hears the shop; mail hears both."""
    subscriptions = Subscriptions(service)
    subscriptions.on("shop", "thing.sold", ThingSold)(on_sold)
    if service == "mail":
        subscriptions.on("stock", "thing.stored", Stored)(on_stored)
    return subscriptions


def count(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO effects (event_id) VALUES (:id)"), {"id": new_id()})


def mistake() -> None:
    raise ZeroDivisionError("a mistake in the task")


SERVICE = os.environ.get("CHAIN_SERVICE", "")
if SERVICE:
    _settings = load_settings(ChainSettings, SERVICE)
    _engine = create_postgres_engine(_settings, startup_timeout=10)
    _outbox = UsurpedOutbox(_engine) if os.environ["CHAIN_USURPS"] else PostgresOutbox(_engine)
    app = create_worker(Parts(_settings, _engine, Health(), _outbox), subscriptions_of(SERVICE))
    add_periodic_task(app, COUNT, lambda: count(_engine), TRANSIENT)
    add_periodic_task(app, MISTAKE, mistake, TRANSIENT)
