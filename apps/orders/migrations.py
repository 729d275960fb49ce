"""Migrations of the orders database: ordered, each run once and recorded; `apps.orders.setup` runs what is missing.

A migration must be harmless when run twice: it is recorded after it has run, and two set-ups may overlap.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database

from chassis.logs import get_logger
from chassis.storage.mongo import Document
from chassis.times import utc_now

log = get_logger()


@dataclass(frozen=True)
class Migration:
    """One step. `number` orders and names it for ever."""

    number: int
    title: str
    run: Callable[[Database[Document]], None]


def _index_relay(database: Database[Document]) -> None:
    # Only orders with outgoing events are in it, so it stays small, and a quiet order costs it nothing.
    marked = {"relay": True}
    database["orders"].create_index([("relay", ASCENDING)], name="relay", partialFilterExpression=marked)


def _index_lists(database: Database[Document]) -> None:
    orders = database["orders"]
    orders.create_index([("customer_id", ASCENDING), ("_id", DESCENDING)], name="customer_newest_first")
    orders.create_index([("status", ASCENDING), ("_id", DESCENDING)], name="status_newest_first")


def _index_idempotency_keys(database: Database[Document]) -> None:
    # Unique among the orders that have a key: this is what makes one of parallel repetitions win.
    keyed = {"idempotency_key": {"$exists": True}}
    database["orders"].create_index(
        [("idempotency_key", ASCENDING)], name="idempotency_key", unique=True, partialFilterExpression=keyed
    )


MIGRATIONS = (
    Migration(1, "index the orders that have outgoing events", _index_relay),
    Migration(2, "index the lists of orders", _index_lists),
    Migration(3, "index the keys of requests", _index_idempotency_keys),
)


def migrate(database: Database[Document], migrations: Sequence[Migration] = MIGRATIONS) -> list[int]:
    """Runs the migrations that are not recorded yet, in their order; returns their numbers."""
    records = database["migrations"]
    done = {record["_id"] for record in records.find()}
    missing = [migration for migration in migrations if migration.number not in done]
    for migration in missing:
        migration.run(database)
        record = {"title": migration.title, "at": utc_now()}
        records.update_one({"_id": migration.number}, {"$setOnInsert": record}, upsert=True)
        log.info("migration_applied", number=migration.number, title=migration.title)
    return [migration.number for migration in missing]
