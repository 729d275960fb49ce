"""The Celery app of the scheduler: `celery -A chassis.messaging.scheduler beat`. It tells services when to do what.

A task that nobody took in time expires, since the next one is as good. So there is nothing to remember over a restart,
the schedule is kept in memory, and a second scheduler would do no harm.
"""

import atexit
from typing import Any

from celery import Celery, beat, signals
from kombu import Producer

from chassis import metrics
from chassis.discovery import Registration
from chassis.health import Health, Turns
from chassis.logs import configure_logs, get_logger
from chassis.messaging.configuration import Following
from chassis.messaging.schedule import as_beat_schedule, read_schedule
from chassis.messaging.settings import SchedulerSettings
from chassis.messaging.topology import SCHEDULER
from chassis.operations import OperationsServer
from chassis.settings import load_settings

log = get_logger()

LONGEST_SLEEP = 5.0  # so that the check of the turns does not take rest for standstill


class Lasting(Producer):
    """Sends tasks without a time to live in the broker, which would make dead letters of those that expire.

    The time is in their headers too: the worker drops what it gets too late, and nothing is left behind.
    """

    def publish(self, *args: Any, **options: Any) -> Any:
        """See kombu."""
        return super().publish(*args, **{**options, "expiration": None})


class Beat(beat.Scheduler):
    """Celery's scheduler in memory, which tells that it lives."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "Producer": Lasting})

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """See Celery."""
        delay = super().tick(*args, **kwargs)
        turns.note()
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


settings = load_settings(SchedulerSettings, SCHEDULER)
table = read_schedule(settings.schedule_file.read_text())
for due in table:
    metrics.TASK_INTERVAL.labels(due.task).set(due.seconds)
turns = Turns("beat")
app = Celery(SCHEDULER, broker=str(settings.broker_url))
app.conf.update(
    beat_schedule=as_beat_schedule(table),
    beat_scheduler=Beat,
    beat_max_loop_interval=LONGEST_SLEEP,
    broker_connection_max_retries=None,
)
_health = Health()
_health.add("beat", lambda: turns.problem)
_configuration = Following(settings)
_operations = OperationsServer(_health, settings.operations_port, _configuration)
_registration = Registration.of_worker(settings, SCHEDULER, settings.operations_port)


def _start(**_: object) -> None:
    _configuration.start()
    _operations.start()
    _registration.start()
    atexit.register(_registration.stop)


signals.setup_logging.connect(lambda **_: configure_logs(SCHEDULER, settings.log_level), weak=False)
signals.beat_init.connect(_start, weak=False)
