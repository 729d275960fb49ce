"""The settings of the scheduler and of Flower; beside their apps, which are made when they are imported."""

from pathlib import Path
from typing import Any

from pydantic import AmqpDsn, Field

from chassis.configuration.live import RELOADABLE
from chassis.operations import OPERATIONS_PORT
from chassis.settings import EnvironmentSettings, ProcessSettings


def _interval(seconds: float, description: str) -> Any:
    # The alert TasksNotScheduled remembers for an hour when a task was sent, so the rarest must be late well before.
    return Field(default=seconds, ge=0.1, le=600, description=description, json_schema_extra=RELOADABLE)


class IntervalSettings(EnvironmentSettings):
    """How often the services do what they do by the clock, in seconds. The table of tasks names these settings."""

    orders_sweep_seconds: float = _interval(10, "how often orders that wait too long are looked for")
    holds_expiry_seconds: float = _interval(5, "how often holds that nobody confirmed are looked for")
    mails_sweep_seconds: float = _interval(2, "how often mails that are due are looked for")
    signing_key_check_seconds: float = _interval(600, "how often it is asked whether the next signing key is due")
    users_purge_seconds: float = _interval(60, "how often users clears away dead sessions, tokens and failures")
    notifications_purge_seconds: float = _interval(60, "how often notifications clears away old tickets and sessions")


class SchedulerSettings(ProcessSettings, IntervalSettings):
    """The broker, as the user `scheduler`, and the table."""

    broker_url: AmqpDsn = Field(description="RabbitMQ, as the user `scheduler`")
    schedule_file: Path = Field(default=Path("rabbitmq/schedule.json"), description="the table of tasks")
    operations_port: int = Field(default=OPERATIONS_PORT, ge=1, le=65535, description="of /metrics and /health")


class FlowerSettings(EnvironmentSettings):
    """Flower's: the broker alone."""

    broker_url: str = Field(description="RabbitMQ, as the user `flower`")
