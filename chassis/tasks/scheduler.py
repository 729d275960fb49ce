"""The Celery app of the scheduler: `celery -A chassis.tasks.scheduler beat`. It tells services when to do what.

A task that nobody took in time expires, since the next one is as good. So there is nothing to remember over a restart,
the schedule is kept in memory, and a second scheduler would do no harm.
"""

import atexit

from celery import Celery, signals

from chassis.configuration.following import Following
from chassis.discovery import Registration
from chassis.health import Health, Turns
from chassis.logs import configure_logs
from chassis.messaging.topology import SCHEDULER
from chassis.operations import OperationsServer
from chassis.settings import load_settings
from chassis.tasks.beat import LONGEST_SLEEP, Beat, without_time_to_live
from chassis.tasks.schedule import as_beat_schedule, read_schedule
from chassis.tasks.settings import SchedulerSettings

settings = load_settings(SchedulerSettings, SCHEDULER)
table = read_schedule(settings.schedule_file.read_text())
turns = Turns("beat")
app = Celery(SCHEDULER, broker=str(settings.broker_url))
app.conf.update(
    quadrille_turns=turns,
    quadrille_schedule=lambda: as_beat_schedule(table, settings.live.current),
    beat_schedule=as_beat_schedule(table, settings),
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
signals.before_task_publish.connect(without_time_to_live, weak=False)
