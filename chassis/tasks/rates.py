"""Rates of tasks: how much of each a worker's process does at most. They may change while it runs.

It leans on Celery's buckets of tokens, which are nothing that Celery promises; the tests would notice a change.
"""

from collections.abc import Callable
from typing import Any

from celery.utils.time import rate
from celery.worker.consumer import Consumer

from chassis.logs import get_logger

log = get_logger()


class Rates:
    """What is wanted of each task that has a rate, as Celery writes it: `50/s`."""

    def __init__(self) -> None:
        self._wanted: dict[str, Callable[[], str]] = {}

    def add(self, task: str, wanted: Callable[[], str]) -> None:
        """Has the task go by the rate that `wanted` returns at the time."""
        self._wanted[task] = wanted

    def take_over(self, consumer: Consumer) -> None:
        """Gives the consumer the rates that have changed; called in its loop."""
        for name, wanted in self._wanted.items():
            self._limit(consumer, consumer.app.tasks[name], wanted())

    @staticmethod
    def _limit(consumer: Any, task: Any, wanted: str) -> None:
        if task.rate_limit == wanted:
            return
        task.rate_limit = wanted
        bucket = consumer.task_buckets[task.name]
        bucket.fill_rate = rate(wanted)
        # Those that wait have been put off by the old rate, perhaps for long.
        consumer._schedule_bucket_request(bucket)  # noqa: SLF001 - nothing public does it
        log.info("task_rate_changed", task=task.name, rate=wanted)
