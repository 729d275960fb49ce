"""The stores of the chain's workers, as the tests make them and look into them."""

from collections.abc import Mapping
from typing import Protocol

import pymongo
from sqlalchemy import create_engine, text

from chassis.storage.mongo import Document, outgoing
from chassis.storage.postgres import MESSAGING_TABLES_V1
from tests.integration.chain.shop import THINGS
from tests.integration.chain.worker_app import SCHEMA


class Store(Protocol):
    """One worker's store, which its heirs use too."""

    app: str
    """The module of the worker that has such a store."""

    def environment(self, service: str) -> Mapping[str, str]:
        """What that module wants to be told."""

    def count(self, table: str, event_id: str | None = None) -> int:
        """Entries of `effects`, `outbox` and the like, all or of one event."""

    def effects(self) -> list[str]:
        """The events' ids, each as often as it had its effect."""

    def close(self) -> None:
        """Lets go of the server."""


class PostgresStore:
    """A database with the tables of the chain and of the worker."""

    app = "tests.integration.chain.worker_app"

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine = create_engine(url)
        with self._engine.begin() as connection:
            connection.execute(text(MESSAGING_TABLES_V1 + SCHEMA))

    def environment(self, service: str) -> Mapping[str, str]:
        return {"CHAIN_SERVICE": service, "DATABASE_URL": self._url}

    def count(self, table: str, event_id: str | None = None) -> int:
        condition = "" if event_id is None else " WHERE event_id = :id"
        with self._engine.connect() as connection:
            return int(connection.scalar(text(f"SELECT count(*) FROM {table}{condition}"), {"id": event_id}) or 0)  # noqa: S608 - names of the tests

    def effects(self) -> list[str]:
        with self._engine.connect() as connection:
            return [str(event_id) for event_id in connection.scalars(text("SELECT event_id FROM effects"))]

    def close(self) -> None:
        self._engine.dispose()


class MongoStore:
    """A database whose documents hold everything, one for each thing that the shop sells."""

    app = "tests.integration.chain.mongo_worker_app"

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = pymongo.MongoClient[Document](url)
        self._things = self._client.get_default_database()["things"]
        self._things.insert_many(
            {"_id": thing, "version": 1, "effects": [], "inbox": [], **outgoing([])} for thing in THINGS
        )

    def environment(self, service: str) -> Mapping[str, str]:
        return {"MONGO_SERVICE": service, "MONGO_URL": self._url}

    def count(self, table: str, event_id: str | None = None) -> int:
        found = self._entries(table)
        return len(found) if event_id is None else found.count(event_id)

    def effects(self) -> list[str]:
        return [str(entry) for entry in self._entries("effects")]

    def close(self) -> None:
        self._client.close()

    def _entries(self, name: str) -> list[object]:
        return [entry for document in self._things.find() for entry in document[name]]
