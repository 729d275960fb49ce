"""The use cases of notifications. Each is one transaction of the unit of work that it is given."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from pydantic import BaseModel

from apps.notifications.domain.events import NotificationCreated
from apps.notifications.domain.kinds import Channel, Language
from apps.notifications.domain.notifications import MANAGER, News, Notification, Preferences, User, wants
from apps.notifications.domain.refusals import NotificationNotFound
from apps.notifications.metrics import NOTIFICATIONS_CREATED
from apps.notifications.repositories import UnitOfWork
from chassis.identifiers import new_id
from chassis.times import utc_now


def know(uow: UnitOfWork, user: User, news: News | None = None) -> list[UUID]:
    """Keeps the newest that is said of a user, who may be told something. Returns the mails that can go out now,
    those included that waited for the address.
    """
    with uow:
        uow.users.keep(user)
        if news is not None:
            _tell(uow, [user.id], news)
        mails = uow.deliveries.take_of(user.id)
        uow.commit()
    return mails


def forget_access(uow: UnitOfWork, user_id: UUID, version: int) -> None:
    """The account is deactivated: its inbox stays, and it gets no mail any more."""
    with uow:
        known = uow.users.find(user_id) or User(user_id)
        uow.users.keep(replace(known, active=False, version=version))
        uow.commit()


def tell(uow: UnitOfWork, user_id: UUID, news: News) -> list[UUID]:
    """Puts the news into the user's inbox, unless it is there already. Returns the mails that are to be sent."""
    with uow:
        mails = _tell(uow, [user_id], news)
        uow.commit()
    return mails


def tell_managers(uow: UnitOfWork, news: News) -> list[UUID]:
    """As `tell`, to everybody who is a manager now."""
    with uow:
        mails = _tell(uow, uow.users.with_role(MANAGER), news)
        uow.commit()
    return mails


def inbox(
    uow: UnitOfWork, user_id: UUID, *, unread: bool | None, first: int, count: int
) -> tuple[Sequence[Notification], int, Language]:
    """A page of the inbox, newest first; how many there are in all; and the reader's language."""
    with uow:
        found, total = uow.notifications.page(user_id, unread=unread, first=first, count=count)
        return found, total, _language(uow, user_id)


def read(uow: UnitOfWork, user_id: UUID, notification_id: UUID) -> None:
    """Marks one as read; again changes nothing. Raises `NotificationNotFound`."""
    with uow:
        if not uow.notifications.read(user_id, notification_id):
            raise NotificationNotFound("There is no such notification.")
        uow.commit()


def read_all(uow: UnitOfWork, user_id: UUID) -> None:
    """Marks everything as read that is in the inbox now."""
    with uow:
        uow.notifications.read_all(user_id)
        uow.commit()


def preferences(uow: UnitOfWork, user_id: UUID) -> Preferences:
    """What the user has chosen."""
    with uow:
        return uow.users.preferences(user_id)


def prefer(uow: UnitOfWork, user_id: UUID, chosen: Preferences) -> Preferences:
    """Replaces what the user had chosen. Returns what holds now."""
    with uow:
        uow.users.prefer(user_id, chosen)
        uow.commit()
    return chosen


def _tell(uow: UnitOfWork, user_ids: Iterable[UUID], news: News) -> list[UUID]:
    made = [_tell_one(uow, user_id, news) for user_id in sorted(user_ids)]  # sorted: nobody waits in a circle
    return [mail for mail in made if mail is not None]


def _tell_one(uow: UnitOfWork, user_id: UUID, news: News) -> UUID | None:
    user = uow.users.lock(user_id)
    if uow.notifications.has(user_id, news.kind, news.subject):
        return None
    chosen = uow.users.preferences(user_id)
    number = uow.users.next_number(user_id)
    notification = Notification(new_id(), user_id, number, news.kind, news.details, news.order_id, utc_now())
    uow.notifications.add(notification, news.subject, push=wants(chosen, news.kind, Channel.PUSH))
    event = NotificationCreated(
        notification_id=notification.id, user_id=user_id, kind=news.kind, order_id=news.order_id
    )
    publish(uow, event, notification, sequence=1)
    NOTIFICATIONS_CREATED.labels(news.kind).inc()
    if not user.active or not wants(chosen, news.kind, Channel.EMAIL):
        return None
    return uow.deliveries.add(notification.id, Channel.EMAIL)


def publish(uow: UnitOfWork, event: BaseModel, notification: Notification, *, sequence: int) -> None:
    """Says something about a notification; the order, where there is one, is the correlation."""
    order = None if notification.order_id is None else str(notification.order_id)
    uow.publish(event, subject=str(notification.id), sequence=sequence, correlation=order)


def _language(uow: UnitOfWork, user_id: UUID) -> Language:
    user = uow.users.find(user_id)
    return Language.ENGLISH if user is None else user.language
