"""The settings of inventory: what each of its processes reads from the environment."""

from datetime import timedelta

from pydantic import Field

from chassis.messaging.worker import WorkerSettings
from chassis.settings import PostgresSettings, ProcessSettings, TokenSettings


class StorageSettings(ProcessSettings, PostgresSettings):
    """What every process of the service reads."""


class ApiSettings(StorageSettings, TokenSettings):
    """The API's."""


class InventoryWorkerSettings(WorkerSettings, StorageSettings):
    """The worker's."""

    hold_time: timedelta = Field(
        default=timedelta(minutes=15), gt=timedelta(0), description="how long a hold waits for its confirmation"
    )


class SetupSettings(StorageSettings):
    """The set-up's."""

    demo_data: bool = False
