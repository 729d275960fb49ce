"""The Celery app of the orders service: `celery -A workers.orders.app worker`."""

from apps.orders.bootstrap import parts
from apps.orders.settings import StorageSettings
from chassis.messaging.worker import WorkerSettings, create_worker
from chassis.settings import load_settings
from workers.orders.events import subscriptions


class OrdersWorkerSettings(WorkerSettings, StorageSettings):
    """The worker's settings; here, so that the API does not load Celery for them."""


app = create_worker(parts(load_settings(OrdersWorkerSettings, "orders-worker")), subscriptions)
