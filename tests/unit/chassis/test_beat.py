"""Celery's scheduler takes over other intervals while it runs."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery

from chassis.health import Turns
from chassis.tasks.beat import LONGEST_SLEEP, Beat
from chassis.tasks.schedule import as_beat_schedule, read_schedule
from chassis.tasks.settings import IntervalSettings

TABLE = read_schedule(
    '[{"service": "orders", "task": "sweep", "every": "orders_sweep_seconds"},'
    ' {"service": "users", "task": "purge", "every": "users_purge_seconds"}]'
)
OFTEN = 0.1


class Noting(Beat):
    """Sends nothing."""

    producer: Any = None

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.sent: list[tuple[str, float]] = []

    def send_task(self, *args: Any, **options: Any) -> None:
        self.sent.append((args[0], options["expires"]))


Change = Callable[..., None]


@pytest.fixture
def changing() -> tuple[Noting, Change]:
    """A scheduler, and what changes its intervals, which are long at first."""
    intervals = [IntervalSettings(orders_sweep_seconds=600, users_purge_seconds=600)]

    def change(**seconds: float) -> None:
        intervals[0] = intervals[0].model_copy(update=seconds)

    app = Celery("scheduler", broker="memory://", set_as_current=False)
    app.conf.update(
        beat_schedule=as_beat_schedule(TABLE, intervals[0]),
        beat_max_loop_interval=LONGEST_SLEEP,
        quadrille_turns=Turns("beat"),
        quadrille_schedule=lambda: as_beat_schedule(TABLE, intervals[0]),
    )
    return Noting(app=app), change


def test_shorter_interval_counts_at_once(changing: tuple[Noting, Change]) -> None:
    """The task need not come once more by the old one; nor does it outlive the new one. The others stay."""
    beat, change = changing
    assert beat.tick() <= LONGEST_SLEEP
    change(orders_sweep_seconds=OFTEN)
    beat.tick()
    time.sleep(2 * OFTEN)
    beat.tick()
    assert beat.sent == [("sweep", OFTEN)]


def test_longer_interval_counts_from_the_last_run(changing: tuple[Noting, Change]) -> None:
    """What was due by the old one waits."""
    beat, change = changing
    change(orders_sweep_seconds=OFTEN)
    beat.tick()
    time.sleep(2 * OFTEN)
    change(orders_sweep_seconds=600)
    assert beat.tick() == LONGEST_SLEEP
    assert beat.sent == []


def test_change_leaves_the_time_of_other_tasks(changing: tuple[Noting, Change]) -> None:
    """Whoever changes one interval again and again does not put off the others."""
    beat, change = changing
    before = beat.schedule["purge"].last_run_at, beat.schedule["sweep"].last_run_at
    for seconds in (20, 30):
        change(orders_sweep_seconds=seconds)
        beat.tick()
    assert (beat.schedule["purge"].last_run_at, beat.schedule["sweep"].last_run_at) == before
