"""Celery's scheduler in memory, whose intervals may change: it takes them over at its next turn, within a second."""

from typing import Any

from celery import beat

from chassis import metrics
from chassis.logs import get_logger

log = get_logger()

LONGEST_SLEEP = 1.0  # how late a new interval may be; and the check of the turns must not take rest for standstill


def without_time_to_live(properties: dict[str, Any], **_: object) -> None:
    """Keeps a task that expires in its queue, where the broker would make a dead letter of it; before each is sent.

    The time is in its headers too: the worker drops what it gets too late, and nothing is left behind.
    """
    properties.pop("expiration", None)


class Beat(beat.Scheduler):
    """Celery's, which tells that it lives, and asks the app's `quadrille_schedule` what is due how often."""

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """See Celery."""
        self._take_over()
        delay = super().tick(*args, **kwargs)
        self.app.conf.quadrille_turns.note()
        return delay

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """See Celery, which would log its whole stack for each task while the broker is away."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except beat.SchedulingError as error:
            log.warning("task_not_sent", task=entry.task, reason=str(error))
        else:
            metrics.TASKS_SCHEDULED.labels(entry.task).inc()
            metrics.TASK_LAST_SCHEDULED.labels(entry.task).set_to_current_time()

    def _take_over(self) -> None:
        """Replaces the entries that have changed, each counting on from its last run: Celery then plans anew."""
        for name, wanted in self.app.conf.quadrille_schedule().items():
            metrics.TASK_INTERVAL.labels(name).set(wanted["schedule"])
            known = self.schedule[name]
            entry = self.Entry(**wanted, name=name, app=self.app, last_run_at=known.last_run_at)
            if entry != known:
                self.schedule[name] = entry
                log.info("task_interval_changed", task=name, seconds=wanted["schedule"])
