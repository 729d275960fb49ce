"""The settings of the scheduler and of Flower; beside their apps, which are made when they are imported."""

from pathlib import Path

from pydantic import AmqpDsn, Field

from chassis.operations import OPERATIONS_PORT
from chassis.settings import EnvironmentSettings, ProcessSettings


class SchedulerSettings(ProcessSettings):
    """The broker, as the user `scheduler`, and the table."""

    broker_url: AmqpDsn = Field(description="RabbitMQ, as the user `scheduler`")
    schedule_file: Path = Field(default=Path("rabbitmq/schedule.json"), description="the table of tasks")
    operations_port: int = Field(default=OPERATIONS_PORT, ge=1, le=65535, description="of /metrics and /health")


class FlowerSettings(EnvironmentSettings):
    """Flower's: the broker alone."""

    broker_url: str = Field(description="RabbitMQ, as the user `flower`")
