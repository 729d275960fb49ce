"""The worker process: a Celery app whose threads pool runs the handlers, with relay, health and discovery beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from celery import Celery, signals
from celery.apps import worker as apps_worker
from kombu import Exchange, Queue
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from pydantic import Field

from chassis.discovery import Registration
from chassis.health import Health
from chassis.logs import configure_logs, get_logger
from chassis.messaging.connection import HEARTBEAT_SECONDS
from chassis.messaging.consumer import PARK_TASK, Turns
from chassis.messaging.delivery import Delivery
from chassis.messaging.events import PoisonMessage
from chassis.messaging.handling import Handling, task_name
from chassis.messaging.publisher import Publisher
from chassis.messaging.relay import Relay
from chassis.messaging.subscriptions import Subscriptions
from chassis.messaging.topology import event_queue, tasks
from chassis.operations import OPERATIONS_PORT, OperationsServer
from chassis.settings import BrokerSettings, ProcessSettings
from chassis.storage.outbox import Outbox
from chassis.survey import Survey
from chassis.telemetry import configure_telemetry

log = get_logger()


class WorkerSettings(ProcessSettings, BrokerSettings):
    """What every worker needs; a service's own settings add to it."""

    operations_port: int = Field(default=OPERATIONS_PORT, ge=1, le=65535)


class WorkerParts(Protocol):
    """What a service's bootstrap hands to its worker."""

    @property
    def settings(self) -> WorkerSettings:
        """The checked settings."""

    @property
    def health(self) -> Health:
        """The checks of what the service depends on."""

    @property
    def outbox(self) -> Outbox:
        """The service's outbox."""

    @property
    def transient_errors(self) -> tuple[type[Exception], ...]:
        """Errors that are worth another try."""


@dataclass(frozen=True)
class _Runtime:
    """What runs beside Celery's consumer, started and stopped with it."""

    publisher: Publisher
    relay: Relay
    operations: OperationsServer
    registration: Registration
    surveys: Sequence[Survey]

    def start(self) -> None:
        self.publisher.start()
        self.relay.start()
        self.operations.start()
        self.registration.start()
        for survey in self.surveys:
            survey.start()

    def stop(self) -> None:
        self.registration.stop()
        for survey in self.surveys:
            survey.stop()
        self.relay.stop()
        self.publisher.stop()
        self.operations.stop()


def create_worker(parts: WorkerParts, subscriptions: Subscriptions, surveys: Sequence[Survey] = ()) -> Celery:
    """The Celery app of a service's worker: `celery -A workers.<service>.app worker`."""
    service = subscriptions.service
    settings = parts.settings
    publisher = Publisher(str(settings.broker_url), f"{service}-relay")
    relay = Relay(
        service,
        parts.outbox,
        publisher,
        batch_size=settings.relay_batch_size,
        inbox_days=settings.inbox_retention_days,
    )
    handling = Handling(
        subscriptions, parts, parts.transient_errors, settings.event_retry_rounds, publisher, relay.wake
    )
    app = Celery(service)
    app.conf.update(worker_configuration(service, subscriptions.publishers(), str(settings.broker_url)))
    names = _register_tasks(app, handling)

    def route(publisher: str, event_type: str) -> str:
        try:
            return names[publisher, event_type]
        except KeyError:
            raise PoisonMessage(f"no handler for {event_type} of {publisher}") from None

    app.conf.quadrille_service = service
    app.conf.quadrille_router = route
    app.conf.quadrille_turns = turns = Turns()
    parts.health.add("broker", lambda: publisher.problem)
    parts.health.add("consumer", lambda: turns.problem)
    parts.health.add("relay", lambda: relay.problem)
    operations = OperationsServer(parts.health, settings.operations_port)
    registration = Registration.of_worker(settings, f"{service}-worker", settings.operations_port)
    _connect_signals(_Runtime(publisher, relay, operations, registration, surveys), settings, f"{service}-worker")
    return app


def worker_configuration(service: str, publishers: list[str], broker_url: str) -> dict[str, Any]:
    """Celery's settings. The reasons are measured: each line guards against a loss or a stall that was seen."""
    return {
        "broker_url": broker_url,
        "broker_heartbeat": HEARTBEAT_SECONDS,
        "broker_heartbeat_checkrate": 2,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_channel_error_retry": True,
        "task_acks_late": True,
        "task_acks_on_failure": False,  # what escapes a handler's task goes to the retry queue, never away
        "task_acks_on_timeout": False,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,  # events have no caller
        "task_store_errors_even_if_ignored": False,
        "task_create_missing_queues": False,
        "task_default_queue": tasks(service),
        "task_default_exchange": tasks(service),
        "task_default_routing_key": tasks(service),
        "task_queues": [_queue(name, exchange) for name, exchange in _queues(service, publishers)],
        "worker_consumer": "chassis.messaging.consumer:EventConsumer",
        "worker_pool": "threads",
        "worker_prefetch_multiplier": 4,
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # a thread cannot be cancelled
        "worker_enable_remote_control": False,  # its fan-out exchange would let any worker stop all others
        "worker_hijack_root_logger": False,
        "worker_send_task_events": True,
        "event_queue_exclusive": True,
        "control_queue_exclusive": True,
    }


def _queues(service: str, publishers: list[str]) -> list[tuple[str, str]]:
    return [*((event_queue(service, publisher), publisher) for publisher in publishers), (tasks(service),) * 2]


def _queue(name: str, exchange: str) -> Queue:
    # Declared beforehand by the broker's definitions; the service has no right to declare anything.
    return Queue(
        name,
        Exchange(exchange, type="topic", no_declare=True),
        no_declare=True,
        queue_arguments={"x-queue-type": "quorum"},
    )


def _register_tasks(app: Celery, handling: Handling) -> dict[tuple[str, str], str]:
    """One task per handler, all with the same body; and the one that puts poison aside."""

    def handle(delivery: dict[str, Any]) -> None:
        handling.handle(Delivery(**delivery))

    def park(delivery: dict[str, Any], reason: str) -> None:
        handling.handle_poison(Delivery(**delivery), reason)

    names = {}
    for subscription in handling.subscriptions:
        name = names[subscription.publisher, subscription.event_type] = task_name(subscription)
        app.task(name=name)(handle)
    app.task(name=PARK_TASK)(park)
    return names


def _say(message: str, *_streams: object) -> None:
    # Celery prints what it says on a signal; in the containers' logs every line is JSON.
    log.info("celery_says", words=message)


def _connect_signals(runtime: _Runtime, settings: WorkerSettings, name: str) -> None:
    endpoint = settings.otel_exporter_otlp_endpoint

    def start(**_: object) -> None:
        configure_telemetry(name, str(endpoint) if endpoint else None)
        CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
        runtime.start()

    def stop(**_: object) -> None:
        runtime.stop()

    vars(apps_worker)["safe_say"] = _say
    signals.setup_logging.connect(lambda **_: configure_logs(name, settings.log_level), weak=False)
    signals.worker_init.connect(start, weak=False)
    signals.worker_shutdown.connect(stop, weak=False)
