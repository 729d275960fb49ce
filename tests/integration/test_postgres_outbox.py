"""The PostgreSQL outbox: its lease, what a relay finds in it, and the inbox's memory."""

import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence

import pytest
from pydantic import BaseModel
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from chassis.messaging.events import DuplicateEvent, Event, publication
from chassis.storage import postgres_outbox
from chassis.storage.outbox import StoredEvent
from chassis.storage.postgres import MESSAGING_TABLES_V1, UnitOfWork
from chassis.storage.postgres_outbox import PostgresOutbox
from tests.polling import eventually


class ThingSold(BaseModel):
    """What the service tells."""

    number: int


@pytest.fixture
def engine(new_postgres_database: Callable[[], str]) -> Iterator[Engine]:
    """A database with the tables of the chain."""
    engine = create_engine(new_postgres_database())
    with engine.begin() as connection:
        connection.execute(text(MESSAGING_TABLES_V1))
    yield engine
    engine.dispose()


@pytest.fixture
def leader(engine: Engine) -> Iterator[PostgresOutbox]:
    """The outbox as the leading relay sees it."""
    outbox = PostgresOutbox(engine)
    assert outbox.lead()
    yield outbox
    outbox.resign()


def sell(engine: Engine, *numbers: int) -> None:
    for number in numbers:
        with UnitOfWork(engine, "shop") as work:
            work.publish(ThingSold(number=number), subject="thing", sequence=number)
            work.commit()


class Broker:
    """Confirms every event, or none."""

    def __init__(self, *, confirms: bool = True) -> None:
        self.ids: list[str] = []
        self.numbers: list[int] = []
        self._confirms = confirms

    def publish(self, events: Sequence[StoredEvent]) -> Collection[str]:
        """Notes them."""
        self.ids += [event.id for event in events]
        self.numbers += [json.loads(event.body).get("data", {}).get("number") for event in events]
        return self.ids[-len(events) :] if self._confirms else []


def leads(outbox: PostgresOutbox) -> None:
    assert outbox.lead()


def test_one_of_two_leads(engine: Engine, leader: PostgresOutbox) -> None:
    """The other stands by until the first resigns."""
    second = PostgresOutbox(engine)
    assert (second.lead(), leader.lead()) == (False, True)
    leader.resign()
    assert second.lead()
    second.resign()


def test_lost_connection_is_a_lost_lease(engine: Engine, leader: PostgresOutbox) -> None:
    """The server ends the leader's session: another takes over at once, and the old one cannot drain."""
    with engine.connect() as connection:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        connection.execute(text(ended))
    second = PostgresOutbox(engine)
    eventually(lambda: leads(second))
    with pytest.raises(Exception, match="terminating connection"):
        leader.drain(Broker().publish, 10, ())
    second.resign()


def test_silent_leader_is_succeeded(engine: Engine, leader: PostgresOutbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A leader that froze loses the lease, and knows it when it wakes. One that counts what waits is not silent."""
    leader.resign()
    monkeypatch.setattr(postgres_outbox, "LEASE_SECONDS", 2)
    assert leader.lead()
    second = PostgresOutbox(engine)
    counted_until = time.monotonic() + 2 * postgres_outbox.LEASE_SECONDS
    while time.monotonic() < counted_until:
        leader.backlog()
        assert not second.lead()
        time.sleep(0.2)
    eventually(lambda: leads(second), seconds=postgres_outbox.LEASE_SECONDS + 3)
    with pytest.raises(OperationalError):
        leader.drain(Broker().publish, 10, ())
    second.resign()


def test_confirmed_events_leave_in_order(engine: Engine, leader: PostgresOutbox) -> None:
    """Batch by batch, the oldest first."""
    sell(engine, 1, 2, 3)
    broker = Broker()
    while leader.drain(broker.publish, 2, ()):
        pass
    assert broker.numbers == [1, 2, 3]
    assert leader.backlog().events == 0


def test_unconfirmed_events_stay(engine: Engine, leader: PostgresOutbox) -> None:
    """What the broker did not take is there the next time; what is to be skipped does not hold up the others."""
    sell(engine, 1, 2)
    silent, broker = Broker(confirms=False), Broker()
    assert leader.drain(silent.publish, 1, ()) == 0
    assert leader.drain(broker.publish, 10, silent.ids) == 1
    assert leader.backlog().events == 1
    assert not set(broker.ids) & set(silent.ids)


def test_late_commit_is_not_skipped(engine: Engine, leader: PostgresOutbox) -> None:
    """An event whose number was taken before another's, and which commits after it, leaves all the same."""
    with engine.connect() as early:
        early.execute(text("INSERT INTO outbox (id, type, body) VALUES (gen_random_uuid(), 'thing.sold', '{}')"))
        sell(engine, 2)
        assert leader.drain(Broker().publish, 10, ()) == 1
        early.commit()
    assert leader.drain(Broker().publish, 10, ()) == 1


def test_rolled_back_work_says_nothing(engine: Engine, leader: PostgresOutbox) -> None:
    """No commit, no event."""
    with UnitOfWork(engine, "shop") as work:
        work.publish(ThingSold(number=1), subject="thing", sequence=1)
    assert leader.drain(Broker().publish, 10, ()) == 0


def test_inbox_forgets_only_what_is_old(engine: Engine, leader: PostgresOutbox) -> None:
    """After the retention period an id is gone; a younger one still refuses its event's second delivery."""
    old, young = (an_event(number) for number in range(2))
    for event in (old, young):
        handle(engine, event)
    with engine.begin() as connection:
        aged = "UPDATE inbox SET received_at = now() - interval '15 days' WHERE event_id = :id"
        connection.execute(text(aged), {"id": old.id})
    assert leader.forget(14) == 1
    handle(engine, old)
    with pytest.raises(DuplicateEvent):
        handle(engine, young)


def test_inbox_forgets_in_small_parts(engine: Engine, leader: PostgresOutbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million rows at once would hold up the relay, and run into the limit of a statement."""
    monkeypatch.setattr(postgres_outbox, "FORGET_AT_ONCE", 2)
    for number in range(3):
        handle(engine, an_event(number))
    with engine.begin() as connection:
        connection.execute(text("UPDATE inbox SET received_at = now() - interval '15 days'"))
    assert [leader.forget(14) for _ in range(3)] == [2, 1, 0]


def an_event(number: int) -> Event:
    return publication(
        ThingSold(number=number), source="shop", subject="thing", sequence=1, correlation=None, cause=None
    )


def handle(engine: Engine, event: Event) -> None:
    with UnitOfWork(engine, "stock", event) as work:
        work.commit()
