"""The worker process: a Celery app whose threads pool runs the handlers, with relay, health and discovery beside it."""

from collections.abc import Sequence
from typing import Any, Protocol

from celery import Celery, signals
from celery.apps import worker as apps_worker
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from pydantic import Field

from chassis.configuration.following import Following
from chassis.discovery import Registration
from chassis.health import Health, Turns
from chassis.logs import configure_logs, get_logger
from chassis.messaging.connection import HEARTBEAT_SECONDS
from chassis.messaging.consumer import POISON_TASK, consumed_queues
from chassis.messaging.delivery import Delivery, take_unreadable_properties
from chassis.messaging.handling import Handling
from chassis.messaging.publisher import Publisher
from chassis.messaging.relay import Relay
from chassis.messaging.subscriptions import Subscriptions
from chassis.messaging.topology import task_queue
from chassis.operations import OPERATIONS_PORT, OperationsServer
from chassis.settings import BrokerSettings, ProcessSettings
from chassis.storage.outbox import Outbox
from chassis.survey import Survey
from chassis.tasks.rates import Rates
from chassis.telemetry import configure_telemetry
from chassis.worker.monitoring import OneTryEvents
from chassis.worker.watchdog import Watchdog

log = get_logger()


class WorkerSettings(ProcessSettings, BrokerSettings):
    """What every worker needs; a service's own settings add to it."""

    operations_port: int = Field(default=OPERATIONS_PORT, ge=1, le=65535, description="of /metrics and /health")


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


class _Component(Protocol):
    """What runs beside Celery's consumer."""

    def start(self) -> None:
        """With the worker."""

    def stop(self) -> None:
        """After the last handler has ended."""


def create_worker(parts: WorkerParts, subscriptions: Subscriptions, surveys: Sequence[Survey] = ()) -> Celery:
    """The Celery app of a service's worker: `celery -A workers.<service>.app worker`."""
    take_unreadable_properties()
    service = subscriptions.service
    settings, live = parts.settings, parts.settings.live
    publisher = Publisher(str(settings.broker_url), f"{service}-relay")
    relay = Relay(
        service,
        parts.outbox,
        publisher,
        batch_size=lambda: live.current.relay_batch_size,
        inbox_days=lambda: live.current.inbox_retention_days,
    )
    handling = Handling(
        subscriptions,
        parts,
        parts.transient_errors,
        lambda: live.current.event_retry_rounds,
        publisher,
        relay.wake,
    )
    app = Celery(service, events=OneTryEvents)
    app.conf.update(worker_configuration(service, subscriptions.publishers(), str(settings.broker_url)))
    app.conf.quadrille_subscriptions = subscriptions
    turns, rates = Turns("consumer"), Rates()
    app.conf.quadrille_rates = rates  # `add_task` adds to them
    app.conf.quadrille_each_turn = [lambda _: turns.note(), rates.take_over]
    _register_tasks(app, handling)
    parts.health.add("broker", lambda: publisher.problem)
    parts.health.add("consumer", lambda: turns.problem)
    parts.health.add("relay", lambda: relay.problem)
    configuration = Following(settings)
    operations = OperationsServer(parts.health, settings.operations_port, configuration)
    registration = Registration.of_worker(settings, f"{service}-worker", settings.operations_port)
    watchdog = Watchdog(turns, lambda: publisher.problem)
    _connect_signals(
        [configuration, publisher, relay, operations, registration, *surveys, watchdog], settings, f"{service}-worker"
    )
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
        "task_ignore_result": True,  # events have no caller
        "task_store_errors_even_if_ignored": False,
        "task_create_missing_queues": False,
        "task_default_queue": task_queue(service),
        "task_default_exchange": task_queue(service),
        "task_default_routing_key": task_queue(service),
        "task_queues": consumed_queues(service, publishers),
        "worker_consumer": "chassis.messaging.consumer:EventConsumer",
        "worker_pool": "threads",
        "worker_prefetch_multiplier": 1,  # a message for each thread: what is held may be large, and goes by memory
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # a thread cannot be cancelled
        "worker_enable_remote_control": False,  # its fan-out exchange would let any worker stop all others
        "worker_hijack_root_logger": False,
        "worker_send_task_events": True,
        "event_queue_exclusive": True,
        "control_queue_exclusive": True,
    }


def _register_tasks(app: Celery, handling: Handling) -> None:
    """One task per handler, and one for poison; all have the same body."""

    def handle(delivery: Delivery) -> None:
        try:
            handling.handle(delivery)
        finally:
            delivery.forget_body()

    for name in {POISON_TASK, *(each.task_name for each in handling.subscriptions)}:
        app.task(name=name)(handle)


def _say(message: str, *_streams: object) -> None:
    # Celery prints what it says on a signal; in the containers' logs every line is JSON.
    log.info("celery_says", words=message)


def _connect_signals(components: Sequence[_Component], settings: WorkerSettings, name: str) -> None:
    def start(**_: object) -> None:
        configure_telemetry(name, settings)
        CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
        for each in components:
            each.start()

    def stop(**_: object) -> None:
        for each in reversed(components):
            each.stop()

    vars(apps_worker)["safe_say"] = _say
    signals.setup_logging.connect(lambda **_: configure_logs(name, settings.log_level), weak=False)
    signals.worker_init.connect(start, weak=False)
    signals.worker_shutdown.connect(stop, weak=False)
