"""Celery's buckets of tokens, as the rates lean on them."""

from typing import Any

import pytest
from celery import Celery
from kombu.utils.limits import TokenBucket

from chassis.tasks.commands import add_task
from chassis.tasks.rates import Rates
from tests.unit.chassis.unstarted import Unstarted, configured_app


class Timer:
    """Notes for how long it is asked to wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def call_after(self, seconds: float, *_args: object, **_options: object) -> None:
        self.waits.append(seconds)


@pytest.fixture
def configured() -> Celery:
    app = configured_app()
    app.conf.quadrille_rates = limits = Rates()
    app.conf.quadrille_each_turn = [limits.take_over]
    return app


def test_rate_of_a_task_may_change(configured: Celery) -> None:
    """Within a turn, also for what waits already: at one an hour it would wait for most of that hour."""
    rates, done = ["1/h"], list[object]()
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
