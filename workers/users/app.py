"""The Celery app of the users service: `celery -A workers.users.app worker`."""

from apps.users.bootstrap import parts
from apps.users.service import keys
from chassis.settings import load_settings
from chassis.survey import Survey
from chassis.tasks.commands import add_periodic_task
from chassis.times import utc_now
from chassis.worker.app import create_worker
from workers.users.events import subscriptions
from workers.users.settings import UsersWorkerSettings
from workers.users.tasks import PURGE, ROTATE, purge_dead, rotate_signing_keys

KEY_SECONDS = 60.0


settings = load_settings(UsersWorkerSettings, "users-worker")
mine = parts(settings)
surveys = [Survey("signing-key", lambda: keys.tell_key_age(mine.unit_of_work(), utc_now()), every=KEY_SECONDS)]
app = create_worker(mine, subscriptions, surveys)
add_periodic_task(
    app, ROTATE, lambda: rotate_signing_keys(mine.unit_of_work, settings.live.current), mine.transient_errors
)
add_periodic_task(app, PURGE, lambda: purge_dead(mine.unit_of_work, settings.live.current), mine.transient_errors)
