"""The MongoDB outbox: its lease, and what two leaders at once would do."""

from collections.abc import Callable, Collection, Iterator, Sequence

import pymongo
import pytest
from pymongo.collection import Collection as MongoCollection

from chassis.storage.mongo import Document
from chassis.storage.mongo_outbox import LEASE_SECONDS, MongoOutbox
from chassis.storage.outbox import StoredEvent
from chassis.times import utc_now
from tests.polling import eventually


@pytest.fixture
def pair(new_mongo_database: Callable[[], str]) -> Iterator[tuple[MongoOutbox, MongoOutbox]]:
    """Two relays' views of one service's outbox."""
    with pymongo.MongoClient[Document](new_mongo_database(), tz_aware=True) as client:
        database = client.get_default_database()
        yield MongoOutbox(database["orders"], database["leases"]), MongoOutbox(database["orders"], database["leases"])


def leads(outbox: MongoOutbox) -> None:
    assert outbox.lead()


def test_one_of_two_leads(pair: tuple[MongoOutbox, MongoOutbox]) -> None:
    """Whoever asks first; asking again changes nothing."""
    first, second = pair
    assert [first.lead(), second.lead(), first.lead(), second.lead()] == [True, False, True, False]


def test_resigning_frees_the_lease_at_once(pair: tuple[MongoOutbox, MongoOutbox]) -> None:
    """A clean stop makes nobody wait; resigning without the lease takes it from nobody."""
    first, second = pair
    first.lead()
    second.resign()
    assert not second.lead()
    first.resign()
    assert second.lead()


def test_silent_leader_is_succeeded(pair: tuple[MongoOutbox, MongoOutbox]) -> None:
    """A leader that died or froze loses the lease within seconds, and knows it when it wakes."""
    first, second = pair
    first.lead()
    eventually(lambda: leads(second), seconds=LEASE_SECONDS + 3)
    assert not first.lead()


@pytest.fixture
def documents(new_mongo_database: Callable[[], str]) -> Iterator[MongoCollection[Document]]:
    """A collection with one marked document, whose outbox holds one event."""
    with pymongo.MongoClient[Document](new_mongo_database(), tz_aware=True) as client:
        collection = client.get_default_database()["orders"]
        collection.insert_one({"_id": "a", "version": 1, "relay": True, "outbox": [entry("first")]})
        yield collection


def entry(name: str) -> Document:
    return {"id": name, "type": "order.placed", "body": "{}", "traceparent": None, "at": utc_now()}


def test_two_leaders_at_once_lose_nothing(documents: MongoCollection[Document]) -> None:
    """Both publish what both have read, which the subscribers' inboxes absorb; what came between stays."""
    database = documents.database
    first, second = (MongoOutbox(documents, database["leases"]) for _ in range(2))
    published: list[str] = []

    def publish(events: Sequence[StoredEvent]) -> Collection[str]:
        published.extend(event.id for event in events)
        return [event.id for event in events]

    def publish_amid_the_other(events: Sequence[StoredEvent]) -> Collection[str]:
        second.drain(publish, 10, ())
        change = {"$push": {"outbox": entry("second")}, "$set": {"relay": True}, "$inc": {"version": 1}}
        documents.update_one({"_id": "a"}, change)
        return publish(events)

    first.drain(publish_amid_the_other, 10, ())
    assert published == ["first", "first"]
    left = documents.find_one({"_id": "a"})
    assert left is not None
    assert [event["id"] for event in left["outbox"]] == ["second"]
    assert left["relay"] is True


def test_mark_without_events_is_taken_away(documents: MongoCollection[Document]) -> None:
    """A leader may die between its two writes for a document; the mark would take a place in each batch for ever."""
    documents.update_one({"_id": "a"}, {"$set": {"outbox": []}})
    outbox = MongoOutbox(documents, documents.database["leases"])
    assert outbox.drain(lambda _events: [], 10, ()) == 0
    assert documents.find_one({"relay": True}) is None
