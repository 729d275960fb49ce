"""What the notifications service tells itself to do; the scheduler says when it sweeps."""

from uuid import UUID

from apps.notifications import access
from apps.notifications.mailing import Mailing
from apps.notifications.repositories import UnitOfWorkFactory
from chassis.tasks.commands import TaskSender

SEND = "workers.notifications.tasks.send_mail"
SWEEP = "workers.notifications.tasks.sweep_mails"
PURGE = "workers.notifications.tasks.purge"


def send_mail(mailing: Mailing, mail_id: str) -> None:
    """Tries to send one mail."""
    mailing.attempt(UUID(mail_id))


def sweep_mails(mailing: Mailing, mails: TaskSender) -> None:
    """Makes new tasks for the mails that are due: to be tried again, or forgotten by a process that died."""
    for mail_id in mailing.sweep():
        mails.send(str(mail_id))


def purge(unit_of_work: UnitOfWorkFactory) -> None:
    """Forgets tickets that were not used and sessions that ended long ago."""
    access.purge(unit_of_work())
