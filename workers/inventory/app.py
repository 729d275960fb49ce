"""The worker process: `celery -A workers.inventory.app worker`."""

from apps.inventory.bootstrap import parts
from apps.inventory.settings import InventoryWorkerSettings
from chassis.messaging.worker import create_worker
from chassis.settings import load_settings
from workers.inventory.events import subscriptions

app = create_worker(parts(load_settings(InventoryWorkerSettings, "inventory-worker")), subscriptions)
