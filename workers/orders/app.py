"""The Celery app of the orders service: `celery -A workers.orders.app worker`."""

from apps.orders import service
from apps.orders.bootstrap import parts
from chassis.settings import load_settings
from chassis.survey import Survey
from chassis.tasks.commands import add_periodic_task
from chassis.worker.app import create_worker
from workers.orders.events import subscriptions
from workers.orders.settings import OrdersWorkerSettings
from workers.orders.tasks import SWEEP, sweep_stale_orders

settings = load_settings(OrdersWorkerSettings, "orders-worker")
mine = parts(settings)
app = create_worker(mine, subscriptions, [Survey("orders", lambda: service.count_open(mine.orders))])
add_periodic_task(app, SWEEP, lambda: sweep_stale_orders(mine.orders, settings.live.current), mine.transient_errors)
