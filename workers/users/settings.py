"""The settings of the users worker; here, so that the API does not load Celery for them."""

from apps.users.settings import KeySettings, SessionSettings, StorageSettings
from chassis.worker.app import WorkerSettings


class UsersWorkerSettings(WorkerSettings, StorageSettings, KeySettings, SessionSettings):
    """The worker's."""
