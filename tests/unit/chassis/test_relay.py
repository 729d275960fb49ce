"""The relay's single turn, against an outbox and a publisher in memory."""

import time
from collections.abc import Collection, Sequence

import pytest
from prometheus_client import REGISTRY

from chassis.messaging.publisher import BrokerUnavailable, Message
from chassis.messaging.relay import BUSY_SECONDS, IDLE_SECONDS, Relay
from chassis.storage.outbox import Backlog, Publish, StoredEvent
from tests.polling import eventually

STORED = [StoredEvent(f"id-{number}", "thing.sold", "{}", None) for number in range(3)]


class ListOutbox:
    """An outbox in a list."""

    def __init__(self, events: Sequence[StoredEvent], *, free: bool = True) -> None:
        self.events = list(events)
        self.free = free
        self.days: int | None = None
        self.asked = 0
        self.old = 0

    def lead(self) -> bool:
        self.asked += 1
        return self.free

    def drain(self, publish: Publish, limit: int, skip: Collection[str]) -> int:
        batch = [event for event in self.events if event.id not in skip][:limit]
        confirmed = set(publish(batch)) if batch else set()
        self.events = [event for event in self.events if event.id not in confirmed]
        return len(confirmed)

    def backlog(self) -> Backlog:
        return Backlog(len(self.events), 0.0)

    def forget(self, days: int) -> int:
        self.days = days
        part = min(self.old, 2)
        self.old -= part
        return part

    def resign(self) -> None:
        """Nothing is held."""


class ListPublisher:
    """A publisher that keeps what it gets, and refuses some."""

    def __init__(self, refusing: Collection[str] = (), problem: str | None = None) -> None:
        self.sent: list[Message] = []
        self.problem = problem
        self._refusing = refusing

    def publish(self, messages: Sequence[Message], timeout: float = 10) -> dict[str, str]:
        self.sent += messages
        return {message.id: "returned: 312 NO_ROUTE" for message in messages if message.id in self._refusing}


def relay_of(outbox: ListOutbox, publisher: ListPublisher, batch_size: int) -> Relay:
    return Relay("shop", outbox, publisher, batch_size=lambda: batch_size, inbox_days=lambda: 14)


def test_confirmed_events_leave_the_outbox() -> None:
    """A full turn sends everything to the service's exchange under its type."""
    outbox, publisher = ListOutbox(STORED), ListPublisher()
    assert relay_of(outbox, publisher, 10).step() == 3
    assert outbox.events == []
    assert {(message.exchange, message.routing_key) for message in publisher.sent} == {("shop", "thing.sold")}


def test_refused_event_stays_and_blocks_nobody() -> None:
    """What the broker returned waits for a while; what came after it leaves."""
    outbox, publisher = ListOutbox(STORED), ListPublisher(refusing={"id-0"})
    relay = relay_of(outbox, publisher, 2)
    assert [relay.step(), relay.step(), relay.step()] == [1, 1, 0]
    assert outbox.events == [STORED[0]]
    assert [message.id for message in publisher.sent].count("id-0") == 1


def test_limits_may_change() -> None:
    """Each turn is by the numbers of that moment."""
    limits = {"batch": 1, "days": 14}
    outbox = ListOutbox(STORED)
    relay = Relay(
        "shop", outbox, ListPublisher(), batch_size=lambda: limits["batch"], inbox_days=lambda: limits["days"]
    )
    limits |= {"batch": 2, "days": 30}
    assert (relay.step(), outbox.days) == (2, 30)


def test_standby_sends_nothing() -> None:
    """Without the lease the outbox is left alone."""
    outbox, publisher = ListOutbox(STORED, free=False), ListPublisher()
    assert relay_of(outbox, publisher, 10).step() == 0
    assert (publisher.sent, outbox.events) == ([], STORED)


def test_broker_away_leaves_everything() -> None:
    """While nothing can be published, nothing is even claimed."""
    outbox = ListOutbox(STORED)
    with pytest.raises(BrokerUnavailable):
        relay_of(outbox, ListPublisher(problem="no connection"), 10).step()
    assert outbox.events == STORED


def test_pause_grows_while_idle() -> None:
    """Busy, the relay looks again at once; idle, ever less often, up to a bound."""
    relay = relay_of(ListOutbox(STORED), ListPublisher(), 10)
    relay.step()
    pauses = [relay.pause for _ in range(8) if relay.step() == 0]
    assert pauses[0] == BUSY_SECONDS * 2
    assert pauses[-1] == IDLE_SECONDS


def test_who_does_not_lead_tells_nothing_of_the_outbox() -> None:
    """What a former leader said of it must not be taken for the present."""
    outbox = ListOutbox([])
    relay = relay_of(outbox, ListPublisher(), 10)
    relay.step()
    assert REGISTRY.get_sample_value("outbox_backlog_events", {"service": "shop"}) == 0
    outbox.free = False
    relay.step()
    assert REGISTRY.get_sample_value("outbox_backlog_events", {"service": "shop"}) is None
    assert REGISTRY.get_sample_value("outbox_oldest_age_seconds", {"service": "shop"}) is None


def test_commits_do_not_wake_a_standby() -> None:
    """It would ask for the lease at each event that its process handles."""
    outbox = ListOutbox([], free=False)
    relay = relay_of(outbox, ListPublisher(), 10)
    relay.start()

    def assert_asked() -> None:
        assert outbox.asked == 1

    eventually(assert_asked)
    for _ in range(20):
        relay.wake()
        time.sleep(0.005)
    assert outbox.asked <= 2
    relay.stop()


def test_inbox_is_purged_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next part comes soon, while something is left; publishing goes on between them."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    outbox = ListOutbox(STORED)
    outbox.old = 5
    relay = relay_of(outbox, ListPublisher(), 1)
    left = []
    for _ in range(4):
        relay.step()
        left.append(outbox.old)
        now[0] += 2
    assert left == [3, 1, 0, 0]
    outbox.old = 1
    relay.step()
    assert outbox.old == 1
