"""Celery's consumer, taught to take plain CloudEvents: each becomes a request for its handler's task.

It leans on things that Celery does not promise (`create_task_handler`, a message's `_decoded_cache`), which is why
celery and kombu are pinned exactly; the tests would notice a change.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from celery.worker.consumer import Consumer
from kombu import Exchange, Queue
from kombu.message import Message as BrokerMessage

from chassis.identifiers import new_id
from chassis.logs import get_logger
from chassis.messaging.delivery import Delivery
from chassis.messaging.events import PoisonMessage, reason_of
from chassis.messaging.subscriptions import Subscriptions
from chassis.messaging.topology import event_queue, task_queue

log = get_logger()

POISON_TASK = "chassis.poison"
TURN_SECONDS = 1.0
RECONNECT = {"interval_start": 1, "interval_step": 1, "interval_max": 3}


def consumed_queues(service: str, publishers: Iterable[str]) -> list[Queue]:
    """The queues of a service: of its tasks, and one for each publisher that it listens to."""
    names = {task_queue(service): task_queue(service)} | {event_queue(service, each): each for each in publishers}
    # Declared beforehand by the broker's definitions; the service has no right to declare anything.
    return [
        Queue(
            name,
            Exchange(exchange, type="topic", no_declare=True),
            no_declare=True,
            queue_arguments={"x-queue-type": "quorum"},
        )
        for name, exchange in names.items()
    ]


class EventConsumer(Consumer):
    """Runs handlers of events in the worker's pool, so that Flower, tracing and shutdown see ordinary tasks."""

    connection_errors: tuple[type[Exception], ...]  # set by its base

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc, valid-type] # the stubs take it for a variable
        """Without native delayed delivery, which would bind extra queues and exchanges to the topic exchanges."""

        default_steps = [step for step in Consumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")]  # noqa: RUF012 - Celery's own attribute

    def ensure_connected(self, conn: Any) -> Any:
        """Celery's, but its pauses would grow to half a minute while the broker is away."""
        conn.ensure_connection = partial(conn.ensure_connection, **RECONNECT)
        return super().ensure_connected(conn)

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Any:
        """Celery's handler of messages, behind the translation of events."""
        handle = super().create_task_handler(*args, **kwargs)
        # Celery clears the timer when the connection is lost, and calls this again when there is a new one.
        self.timer.call_repeatedly(TURN_SECONDS, self.turn)
        self.turn()

        def on_message(message: BrokerMessage) -> Any:
            if not self._is_task(message):
                self._make_task(message)
            try:
                return handle(message)
            except self.connection_errors:
                raise
            except Exception as error:  # noqa: BLE001 - Celery expects no odd task, and would end the worker
                return self._refuse(message, error)

        return on_message

    def turn(self) -> None:
        """Every second, while the loop goes on: what the worker wants done in it."""
        for act in self.app.conf.quadrille_each_turn:
            act(self)

    def on_decode_error(self, message: BrokerMessage, exc: Exception) -> None:
        """A message that kombu could not even unpack: put aside, where Celery itself would acknowledge it."""
        if self._is_task(message):
            self._refuse(message, exc)
            return
        message.errors = []
        self._make_task(message, reason_of(exc))
        super().create_task_handler()(message)

    def _refuse(self, message: BrokerMessage, error: Exception) -> None:
        """Has the broker put aside what can be no task."""
        log.error("task_refused", reason=reason_of(error))
        message.reject_log_error(log, self.connection_errors)

    def _is_task(self, message: BrokerMessage) -> bool:
        return bool(message.delivery_info.get("exchange") == self.app.conf.task_default_exchange)

    def _make_task(self, message: BrokerMessage, unreadable: str | None = None) -> None:
        """Rewrites the message in place into a call of its handler's task.

        Nothing in here may raise, or the worker's main loop would end; and nothing may wait. So poison becomes a task
        as well: in the pool it is found out once more, and put aside.
        """
        subscriptions: Subscriptions = self.app.conf.quadrille_subscriptions
        delivery = Delivery.of(message, subscriptions.service, unreadable)
        try:
            event = delivery.event
        except PoisonMessage:
            task_id = str(new_id())
            headers = _task_headers(POISON_TASK, task_id, task_id, None, delivery)
        else:
            subscription = subscriptions.find(delivery.publisher, event.type)
            name = POISON_TASK if subscription is None else subscription.task_name
            headers = _task_headers(name, str(event.id), event.correlationid, event.causationid, delivery)
        message.headers = headers
        # Without a content type Celery takes the arguments as they are: they need not be written and read once more.
        message.content_type = message.content_encoding = None
        message.body = message._decoded_cache = ([], {"delivery": delivery}, {})  # type: ignore[assignment, attr-defined] # noqa: SLF001 - kombu hands out what it has decoded


def _task_headers(name: str, task_id: str, root: str, parent: str | None, delivery: Delivery) -> dict[str, Any]:
    """The headers of Celery's message protocol, version 2, and the trace that the task continues."""
    traceparent = delivery.headers.get("traceparent")
    return {
        "task": name, "id": task_id, "root_id": root, "parent_id": parent, "lang": "py", "argsrepr": "()",
        "kwargsrepr": "{}", "retries": delivery.rounds, "eta": None, "expires": None, "timelimit": [None, None],
        "group": None, "ignore_result": True, **({"traceparent": traceparent} if traceparent else {}),
    }  # fmt: skip
