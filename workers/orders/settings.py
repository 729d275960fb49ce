"""The settings of the orders worker; here, so that the API does not load Celery for them."""

from pydantic import Field

from apps.orders.settings import StorageSettings
from chassis.configuration.live import RELOADABLE
from chassis.worker.app import WorkerSettings


class OrdersWorkerSettings(WorkerSettings, StorageSettings):
    """The worker's."""

    order_patience: float = Field(
        default=60.0, gt=0, description="seconds until an order asks again for its answer", json_schema_extra=RELOADABLE
    )
    order_tries: int = Field(
        default=3, ge=0, description="how often it asks again before it is cancelled", json_schema_extra=RELOADABLE
    )
