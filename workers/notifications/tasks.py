"""What the notifications service tells itself to do; rabbitmq/schedule.json says when it sweeps."""

from uuid import UUID

from apps.notifications.mailing import Mailing
from chassis.messaging.tasks import TaskSender

SEND = "workers.notifications.tasks.send_mail"
SWEEP = "workers.notifications.tasks.sweep_mails"


def send_mail(mailing: Mailing, mail_id: str) -> None:
    """Tries to send one mail."""
    mailing.attempt(UUID(mail_id))


def sweep_mails(mailing: Mailing, mails: TaskSender) -> None:
    """Makes new tasks for the mails that are due: to be tried again, or forgotten by a process that died."""
    for mail_id in mailing.sweep():
        mails.send(str(mail_id))
