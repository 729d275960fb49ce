"""The Celery app of the users service: `celery -A workers.users.app worker`."""

from apps.users.bootstrap import parts
from apps.users.service import keys
from apps.users.settings import StorageSettings
from chassis.messaging.worker import WorkerSettings, create_worker
from chassis.settings import load_settings
from chassis.survey import Survey
from chassis.times import utc_now
from workers.users.events import subscriptions

KEY_SECONDS = 60.0


class UsersWorkerSettings(WorkerSettings, StorageSettings):
    """The worker's settings."""


mine = parts(load_settings(UsersWorkerSettings, "users-worker"))
surveys = [Survey("signing-key", lambda: keys.tell_key_age(mine.unit_of_work(), utc_now()), every=KEY_SECONDS)]
app = create_worker(mine, subscriptions, surveys)
