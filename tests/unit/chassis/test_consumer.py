"""What Celery's consumer would do otherwise."""

from typing import Any

import pytest
from celery import Celery
from kombu.utils.limits import TokenBucket

from chassis.messaging.consumer import RECONNECT, EventConsumer
from chassis.tasks.commands import add_task
from chassis.tasks.rates import Rates
from chassis.worker.app import worker_configuration


class Connection:
    """Notes how it is told to connect."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}

    def ensure_connection(self, *_args: object, **options: Any) -> "Connection":
        self.options = options
        return self


class Unstarted(EventConsumer):
    """A consumer without its worker."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        self.first_connection_attempt = True


@pytest.fixture
def configured() -> Celery:
    app = Celery("stock")
    app.conf.update(worker_configuration("stock", ["shop"], "amqp://broker"))
    return app


def test_reconnects_within_seconds(configured: Celery) -> None:
    """Every pause stays short, and it never gives up."""
    connection = Connection()
    Unstarted(configured).ensure_connected(connection)
    assert RECONNECT.items() <= connection.options.items()
    assert configured.conf.broker_connection_max_retries is None


class Timer:
    """Notes for how long it is asked to wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def call_after(self, seconds: float, *_args: object, **_options: object) -> None:
        self.waits.append(seconds)


def test_rate_of_a_task_may_change(configured: Celery) -> None:
    """Within a turn, also for what waits already: at one an hour it would wait for most of that hour."""
    rates, done = ["1/h"], list[object]()
    configured.conf.quadrille_rates = limits = Rates()
    configured.conf.quadrille_each_turn = [limits.take_over]
    add_task(configured, "stock.send", lambda: None, (), lambda: rates[0])
    consumer: Any = Unstarted(configured)
    consumer.timer, consumer._limit_order, consumer._limit_move_to_pool = Timer(), 0, done.append  # noqa: SLF001 - Celery's own
    consumer.task_buckets = {"stock.send": consumer.bucket_for_task(configured.tasks["stock.send"])}
    bucket: TokenBucket = consumer.task_buckets["stock.send"]
    for request in ("first", "second"):
        consumer._limit_task(request, bucket, 1)  # noqa: SLF001 - as above
    consumer.turn()
    assert (done, round(consumer.timer.waits[-1])) == (["first"], 3600)
    rates[0] = "100/s"
    consumer.turn()
    assert consumer.timer.waits[-1] <= 0.01
    assert configured.tasks["stock.send"].rate_limit == "100/s"


def test_no_confirms_on_the_consumers_connection(configured: Celery) -> None:
    """A confirm that never comes would block the loop that notices a frozen broker: the relay's connection has them."""
    assert "confirm_publish" not in configured.conf.broker_transport_options


def test_native_delayed_delivery_is_off() -> None:
    """It would bind queues of its own to the topic exchanges."""
    assert not [step for step in EventConsumer.Blueprint.default_steps if "DelayedDelivery" in step]
