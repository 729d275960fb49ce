"""What workers tell Flower: one try each."""

from typing import Any, cast

import pytest
from celery import Celery
from kombu import Connection

from chassis.worker.monitoring import OneTryDispatcher, OneTryEvents


class Unreachable:
    """A producer whose connection is gone."""

    def __init__(self) -> None:
        self.retries: list[bool] = []

    def publish(self, *_: Any, retry: bool, **__: Any) -> None:
        self.retries.append(retry)
        raise ConnectionResetError("gone")


@pytest.fixture
def dispatcher() -> OneTryDispatcher:
    """The one that Celery makes of our class, without a server."""
    made = Celery("test", events=OneTryEvents).events.Dispatcher(Connection("memory://"), enabled=False)
    assert isinstance(made, OneTryDispatcher)
    return made


def test_heart_does_not_wait_in_the_loop(dispatcher: OneTryDispatcher) -> None:
    """Celery's heart asks for retries; it gets its error at once, and with it the consumer connects anew."""
    producer = Unreachable()
    with pytest.raises(ConnectionResetError):
        dispatcher.publish("worker-heartbeat", {}, cast("Any", producer), retry=True)
    assert producer.retries == [False]


def test_events_of_tasks_wait(dispatcher: OneTryDispatcher) -> None:
    """They fail no task; the next dispatcher takes them over."""
    producer = Unreachable()
    dispatcher.publish("task-started", {}, cast("Any", producer))
    successor = Celery("test", events=OneTryEvents).events.Dispatcher(Connection("memory://"), enabled=False)
    successor.extend_buffer(dispatcher)
    assert producer.retries == [False]
    assert [key for _, key in successor._outbound_buffer] == ["task.started"]  # noqa: SLF001 - nothing else shows it
