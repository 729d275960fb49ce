"""The Celery app of the users service: `celery -A workers.users.app worker`."""

from apps.users.bootstrap import parts
from apps.users.settings import StorageSettings
from chassis.messaging.worker import WorkerSettings, create_worker
from chassis.settings import load_settings
from workers.users.events import subscriptions


class UsersWorkerSettings(WorkerSettings, StorageSettings):
    """The worker's settings."""


app = create_worker(parts(load_settings(UsersWorkerSettings, "users-worker")), subscriptions)
