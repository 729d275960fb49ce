"""Commands of one service: what itself, or the scheduler, tells it to do, on the service's own queue of tasks."""

from collections.abc import Callable
from typing import Any, TypeVarTuple

from celery import Celery
from celery.exceptions import OperationalError

from chassis.logs import get_logger
from chassis.messaging.topology import task_queue

log = get_logger()

Arguments = TypeVarTuple("Arguments")


def add_periodic_task(app: Celery, name: str, act: Callable[[], None], transient: tuple[type[Exception], ...]) -> None:
    """Makes the worker know a task that comes again and again, so a transient error leaves it to the next time.

    Any other error makes a dead letter of it, as task_acks_on_failure says.
    """
    add_task(app, name, act, transient)


def add_task(
    app: Celery,
    name: str,
    act: Callable[[*Arguments], None],
    transient: tuple[type[Exception], ...],
    rate: Callable[[], str] | None = None,
) -> None:
    """Makes the worker know a task that somebody sends again if it was not done: it is acknowledged in any case.

    `rate` is the most that this process does of it, as Celery writes it: `50/s`. It may change: see `rates`.
    """

    def run(*arguments: *Arguments) -> None:
        try:
            act(*arguments)
        except transient as error:
            log.warning("task_put_off", task=name, reason=f"{type(error).__name__}: {error}".splitlines()[0])

    app.task(name=name, shared=False, rate_limit=rate and rate())(run)
    if rate is not None:
        app.conf.quadrille_rates.add(name, rate)


class TaskSender:
    """Sends one kind of task to the service's own queue. It may get lost: the sender has a sweep for that."""

    def __init__(self, service: str, name: str) -> None:
        self._name = name
        self._exchange = task_queue(service)
        self._app: Celery | None = None

    def bind(self, app: Celery) -> None:
        """Sends through this app, which is made after the parts that hold the sender."""
        self._app = app

    def send(self, *arguments: Any) -> None:
        """Sends one, without waiting for the broker to confirm it. Arguments are JSON."""
        if self._app is None:
            raise RuntimeError("send() before bind()")
        try:
            self._app.send_task(
                self._name,
                args=arguments,
                exchange=self._exchange,
                routing_key=self._exchange,
                declare=[],  # the topology is there
                ignore_result=True,
                retry=False,
            )
        except (OperationalError, OSError) as error:
            log.warning("task_not_sent", task=self._name, reason=type(error).__name__)
