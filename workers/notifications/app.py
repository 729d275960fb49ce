"""The worker process: `celery -A workers.notifications.app worker`."""

from functools import partial

from apps.notifications.bootstrap import SERVICE, mailing, parts
from apps.notifications.settings import NotificationsWorkerSettings
from chassis.settings import load_settings
from chassis.tasks.commands import TaskSender, add_periodic_task, add_task
from chassis.worker.app import create_worker
from workers.notifications.events import Parts, subscriptions
from workers.notifications.tasks import PURGE, SEND, SWEEP, purge, send_mail, sweep_mails

settings = load_settings(NotificationsWorkerSettings, "notifications-worker")
mine = parts(settings)
mails = TaskSender(SERVICE, SEND)
post = mailing(mine)
app = create_worker(Parts.of(mine, mails), subscriptions)
mails.bind(app)
add_task(app, SEND, partial(send_mail, post), mine.transient_errors, lambda: settings.live.current.mail_rate)
add_periodic_task(app, SWEEP, partial(sweep_mails, post, mails), mine.transient_errors)
add_periodic_task(app, PURGE, partial(purge, mine.unit_of_work), mine.transient_errors)
