"""The MongoDB outbox' lease: one leads, another takes over when the lease ends."""

from collections.abc import Callable, Iterator

import pymongo
import pytest

from chassis.storage.mongo import Document
from chassis.storage.mongo_outbox import LEASE_SECONDS, MongoOutbox
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
