"""The worker process: `celery -A workers.inventory.app worker`."""

from apps.inventory import service
from apps.inventory.bootstrap import parts
from apps.inventory.settings import InventoryWorkerSettings
from chassis.settings import load_settings
from chassis.survey import Survey
from chassis.tasks.commands import add_periodic_task
from chassis.worker.app import create_worker
from workers.inventory.events import subscriptions
from workers.inventory.tasks import EXPIRE, expire_holds

mine = parts(load_settings(InventoryWorkerSettings, "inventory-worker"))
app = create_worker(mine, subscriptions, [Survey("stock", lambda: service.count_stock(mine.unit_of_work()))])
add_periodic_task(app, EXPIRE, lambda: expire_holds(mine.unit_of_work), mine.transient_errors)
