"""Celery's consumer, taught to take plain CloudEvents: each becomes a request for its handler's task.

It leans on two things that Celery does not promise (`create_task_handler`, a message's `_decoded_cache`), which is why
celery and kombu are pinned exactly; the tests with poisonous messages would notice a change.
"""

import json
import time
from functools import partial
from typing import Any, Protocol

from celery.worker.consumer import Consumer
from kombu.message import Message as BrokerMessage

from chassis.identifiers import new_id
from chassis.logs import get_logger
from chassis.messaging.delivery import Delivery
from chassis.messaging.events import PoisonMessage
from chassis.messaging.topology import tasks

log = get_logger()

PARK_TASK = "chassis.park"
TURN_SECONDS = 1.0
STALLED_SECONDS = 15.0
RECONNECT = {"interval_start": 1, "interval_step": 1, "interval_max": 3}


class Router(Protocol):
    """Finds the name of the task that handles an event; raises `PoisonMessage` when there is none."""

    def __call__(self, publisher: str, event_type: str) -> str:
        """The task's name."""


class Turns:
    """When the consumer's main loop last turned. It stands still without a connection, and when it is stuck."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def note(self) -> None:
        """The loop has turned."""
        self._last = time.monotonic()

    @property
    def problem(self) -> str | None:
        """None while it turns, otherwise for how long it has not."""
        still = time.monotonic() - self._last
        return None if still < STALLED_SECONDS else f"the consumer has not turned for {still:.0f} s"


class EventConsumer(Consumer):
    """Runs handlers of events in the worker's pool, so that Flower, tracing and shutdown see ordinary tasks."""

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
        service: str = self.app.conf.quadrille_service
        route: Router = self.app.conf.quadrille_router

        # Celery clears the timer when the connection is lost, and calls this again when there is a new one.
        self.timer.call_repeatedly(TURN_SECONDS, self._note_turn)
        self._note_turn()

        def on_message(message: BrokerMessage) -> Any:
            if not self._is_task(message):
                _as_task(message, service, route)
            return handle(message)

        return on_message

    def on_decode_error(self, message: BrokerMessage, exc: Exception) -> None:
        """A message that kombu could not even unpack: put aside, where Celery itself would acknowledge it."""
        if self._is_task(message):
            log.error("task_undecodable", reason=str(exc))
            message.reject_log_error(log, self.connection_errors)  # type: ignore[attr-defined] # set by its base
            return
        message.errors = []
        _as_poison(message, Delivery.of(message, self.app.conf.quadrille_service), f"{type(exc).__name__}: {exc}")
        super().create_task_handler()(message)

    def _note_turn(self) -> None:
        self.app.conf.quadrille_turns.note()

    def _is_task(self, message: BrokerMessage) -> bool:
        return bool(message.delivery_info.get("exchange") == tasks(self.app.conf.quadrille_service))


def _as_task(message: BrokerMessage, service: str, route: Router) -> None:
    """Rewrites the message in place into a call of its handler's task, or of the one that parks poison.

    Nothing in here may raise: the worker's main loop would end. Parking waits for a confirm, hence in the pool too.
    """
    delivery = Delivery.of(message, service)
    try:
        event = delivery.event()
        name = route(delivery.publisher, event.type)
    except PoisonMessage as poison:
        _as_poison(message, delivery, str(poison))
        return
    headers = _task_headers(name, str(event.id), event.correlationid, event.causationid, delivery)
    _rewrite(message, headers, {"delivery": delivery.as_arguments()})


def _as_poison(message: BrokerMessage, delivery: Delivery, reason: str) -> None:
    task_id = str(new_id())
    headers = _task_headers(PARK_TASK, task_id, task_id, None, delivery)
    _rewrite(message, headers, {"delivery": delivery.as_arguments(), "reason": reason})


def _rewrite(message: BrokerMessage, headers: dict[str, Any], arguments: dict[str, Any]) -> None:
    """Gives the message the form of Celery's message protocol, version 2."""
    message.headers = headers
    message.body = json.dumps([[], arguments, {}])
    message.content_type, message.content_encoding = "application/json", "utf-8"
    message._decoded_cache = None  # type: ignore[attr-defined] # noqa: SLF001 - kombu would hand out what it decoded before


def _task_headers(name: str, task_id: str, root: str, parent: str | None, delivery: Delivery) -> dict[str, Any]:
    traceparent = delivery.headers.get("traceparent")
    return {
        "task": name, "id": task_id, "root_id": root, "parent_id": parent, "lang": "py", "argsrepr": "()",
        "kwargsrepr": "{}", "retries": delivery.rounds, "eta": None, "expires": None, "timelimit": [None, None],
        "group": None, "ignore_result": True, **({"traceparent": traceparent} if traceparent else {}),
    }  # fmt: skip
