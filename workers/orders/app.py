"""The Celery app of the orders service: `celery -A workers.orders.app worker`."""

from pydantic import Field

from apps.orders import service
from apps.orders.bootstrap import parts
from apps.orders.settings import StorageSettings
from chassis.messaging.tasks import add_periodic_task
from chassis.messaging.worker import WorkerSettings, create_worker
from chassis.settings import load_settings
from chassis.survey import Survey
from workers.orders.events import subscriptions
from workers.orders.tasks import SWEEP, sweep_stale_orders


class OrdersWorkerSettings(WorkerSettings, StorageSettings):
    """The worker's settings; here, so that the API does not load Celery for them."""

    order_patience: float = Field(default=60.0, gt=0, description="seconds until an order asks again for its answer")
    order_tries: int = Field(default=3, ge=0, description="how often it asks again before it is cancelled")


settings = load_settings(OrdersWorkerSettings, "orders-worker")
mine = parts(settings)
app = create_worker(mine, subscriptions, [Survey("orders", lambda: service.count_open(mine.orders))])
add_periodic_task(app, SWEEP, lambda: sweep_stale_orders(mine.orders, settings), mine.transient_errors)
