"""The settings of inventory: what each of its processes reads from the environment."""

from datetime import timedelta

from pydantic import Field

from chassis.configuration.live import RELOADABLE
from chassis.settings import HttpSettings, PostgresProcessSettings, TokenSettings
from chassis.worker.app import WorkerSettings


class StorageSettings(PostgresProcessSettings):
    """What every process of the service reads."""


class ApiSettings(StorageSettings, TokenSettings, HttpSettings):
    """The API's."""


class InventoryWorkerSettings(WorkerSettings, StorageSettings):
    """The worker's."""

    hold_seconds: int = Field(
        default=900,
        ge=1,
        description="how long a hold waits for its order's confirmation",
        json_schema_extra=RELOADABLE,
    )

    @property
    def hold_time(self) -> timedelta:
        """The same as a span."""
        return timedelta(seconds=self.hold_seconds)


class SetupSettings(StorageSettings):
    """The set-up's."""

    demo_data: bool = Field(default=False, description="whether the demo catalogue is loaded")
