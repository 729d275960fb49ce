"""Private tasks: what the scheduler's beat tells a service to do, on the service's own queue of tasks."""

from collections.abc import Callable

from celery import Celery

from chassis.logs import get_logger

log = get_logger()


def add_periodic_task(app: Celery, name: str, act: Callable[[], None], transient: tuple[type[Exception], ...]) -> None:
    """Makes the worker know a task that comes again and again, so a transient error leaves it to the next time.

    Any other error makes a dead letter of it, as task_acks_on_failure says.
    """

    def run() -> None:
        try:
            act()
        except transient as error:
            log.warning("task_put_off", task=name, reason=f"{type(error).__name__}: {error}".splitlines()[0])

    app.task(name=name, shared=False)(run)
