"""Notifications' store in memory, with the transactions of the real one."""

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from apps.notifications.domain.kinds import Channel, Kind, Language
from apps.notifications.domain.notifications import Mail, MailStatus, Notification, Preferences, User
from apps.notifications.domain.sockets import FROM_THE_BEGINNING, EndedSession, Ticket
from chassis.identifiers import new_id
from chassis.messaging.events import DuplicateEvent, Event
from chassis.times import utc_now


@dataclass
class LoggedMail:
    """A row of the delivery log."""

    notification_id: UUID
    status: MailStatus = MailStatus.PENDING
    attempts: int = 0
    answer: str = ""
    claimed: bool = False
    due_at: datetime = field(default_factory=lambda: utc_now() + timedelta(seconds=10))


@dataclass
class State:
    """What a commit makes true."""

    users: dict[UUID, User] = field(default_factory=dict)
    preferences: dict[UUID, Preferences] = field(default_factory=dict)
    inboxes: dict[UUID, list[Notification]] = field(default_factory=dict)
    subjects: set[tuple[UUID, Kind, str]] = field(default_factory=set)
    pushed: set[UUID] = field(default_factory=set)
    mails: dict[UUID, LoggedMail] = field(default_factory=dict)
    published: list[tuple[BaseModel, str, int, str | None]] = field(default_factory=list)
    handled: set[UUID] = field(default_factory=set)
    tickets: dict[bytes, Ticket] = field(default_factory=dict)
    ended: list[EndedSession] = field(default_factory=list)

    def notification(self, notification_id: UUID) -> Notification:
        return next(each for inbox in self.inboxes.values() for each in inbox if each.id == notification_id)


class Users:
    """See `repositories.Users`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def find(self, user_id: UUID) -> User | None:
        return self._state.users.get(user_id)

    def keep(self, user: User) -> None:
        known = self._state.users.get(user.id)
        if known is None or known.version < user.version:
            self._state.users[user.id] = user

    def lock(self, user_id: UUID) -> User:
        return self._state.users.setdefault(user_id, User(user_id))

    def next_number(self, user_id: UUID) -> int:
        return len(self._state.inboxes.get(user_id, ())) + 1

    def with_role(self, role: str) -> Collection[UUID]:
        return [each.id for each in self._state.users.values() if role in each.roles and each.active]

    def preferences(self, user_id: UUID) -> Preferences:
        return self._state.preferences.get(user_id, {})

    def prefer(self, user_id: UUID, chosen: Preferences) -> None:
        self._state.preferences[user_id] = dict(chosen)


class Notifications:
    """See `repositories.Notifications`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def has(self, user_id: UUID, kind: Kind, subject: str) -> bool:
        return (user_id, kind, subject) in self._state.subjects

    def add(self, notification: Notification, subject: str, *, push: bool) -> None:
        self._state.subjects.add((notification.user_id, notification.kind, subject))
        self._state.inboxes.setdefault(notification.user_id, []).append(notification)
        if push:
            self._state.pushed.add(notification.id)

    def page(self, user_id: UUID, *, unread: bool | None, first: int, count: int) -> tuple[Sequence[Notification], int]:
        inbox = reversed(self._state.inboxes.get(user_id, []))
        found = [each for each in inbox if unread is None or each.read is not unread]
        return found[first : first + count], len(found)

    def read(self, user_id: UUID, notification_id: UUID) -> bool:
        return self._mark(user_id, {notification_id})

    def read_all(self, user_id: UUID) -> None:
        self._mark(user_id, {each.id for each in self._state.inboxes.get(user_id, ())})

    def _mark(self, user_id: UUID, ids: set[UUID]) -> bool:
        inbox = self._state.inboxes.get(user_id, [])
        self._state.inboxes[user_id] = [replace(each, read=each.read or each.id in ids) for each in inbox]
        return any(each.id in ids for each in inbox)


class Deliveries:
    """See `repositories.Deliveries`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, notification_id: UUID, channel: Channel) -> UUID:
        assert channel is Channel.EMAIL
        mail_id = new_id()
        self._state.mails[mail_id] = LoggedMail(notification_id)
        return mail_id

    def take_of(self, user_id: UUID) -> list[UUID]:
        return [
            mail_id
            for mail_id, mail in self._pending()
            if mail.attempts == 0 and self._state.notification(mail.notification_id).user_id == user_id
        ]

    def take_due(self, limit: int) -> list[UUID]:
        due = [(mail_id, mail) for mail_id, mail in self._pending() if mail.due_at <= utc_now()][:limit]
        for _, mail in due:
            mail.due_at = utc_now() + timedelta(minutes=1)
        return [mail_id for mail_id, _ in due]

    def claim(self, mail_id: UUID) -> Mail | None:
        mail = dict(self._pending()).get(mail_id)
        if mail is None or mail.claimed:
            return None
        notification = self._state.notification(mail.notification_id)
        recipient = self._state.users[notification.user_id]
        if recipient.email is None:
            return None
        mail.claimed = True
        mail.attempts += 1
        return Mail(mail_id, notification, recipient, mail.attempts, notification.created_at)

    def postpone(self, mail_id: UUID, until: datetime, answer: str) -> None:
        mail = self._state.mails[mail_id]
        mail.claimed, mail.due_at, mail.answer = False, until, answer

    def delay(self, mail_id: UUID, until: datetime) -> None:
        mail = dict(self._pending()).get(mail_id)
        if mail is not None and not mail.claimed:
            mail.due_at = until

    def settle(self, mail_id: UUID, status: MailStatus, answer: str) -> bool:
        mail = dict(self._pending()).get(mail_id)
        if mail is not None:
            mail.claimed, mail.status, mail.answer = False, status, answer
        return mail is not None

    def backlog(self) -> tuple[int, float]:
        return len(self._pending()), 0.0

    def _pending(self) -> list[tuple[UUID, LoggedMail]]:
        return [each for each in self._state.mails.items() if each[1].status is MailStatus.PENDING]


class Sockets:
    """See `repositories.Sockets`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_ticket(self, digest: bytes, ticket: Ticket) -> None:
        self._state.tickets[digest] = ticket

    def unused_tickets(self, user_id: UUID) -> int:
        return sum(ticket.user_id == user_id for ticket in self._state.tickets.values())

    def take_ticket(self, digest: bytes) -> Ticket | None:
        return self._state.tickets.pop(digest, None)

    def note_end(self, ended: EndedSession) -> None:
        self._state.ended.append(ended)

    def ended(self, user_ids: Collection[UUID]) -> Sequence[EndedSession]:
        return [ended for ended in self._state.ended if ended.user_id in user_ids]

    def inactive(self, user_ids: Collection[UUID]) -> Collection[UUID]:
        return [user_id for user_id in user_ids if not self._state.users[user_id].active]

    def purge(self) -> int:
        return 0

    def newest(self, user_id: UUID) -> int:
        return len(self._state.inboxes.get(user_id, ()))

    def newest_of(self, user_ids: Collection[UUID]) -> Mapping[UUID, int]:
        return {user_id: self.newest(user_id) for user_id in user_ids}

    def number_of(self, user_id: UUID, notification_id: UUID) -> int | None:
        if notification_id == FROM_THE_BEGINNING:
            return 0
        return next((each.number for each in self._state.inboxes.get(user_id, ()) if each.id == notification_id), None)

    def after(self, user_id: UUID, number: int, limit: int) -> tuple[Language, list[Notification]]:
        inbox = self._state.inboxes.get(user_id, ())
        found = [each for each in inbox if each.number > number and each.id in self._state.pushed]
        return self._state.users[user_id].language, found[:limit]


class UnitOfWork:
    """A transaction on a copy of the state."""

    def __init__(self, store: "Store", cause: Event | None) -> None:
        self._store = store
        self._cause = cause

    def __enter__(self) -> Self:
        self._state = deepcopy(self._store.state)
        if self._cause is not None:
            if self._cause.id in self._state.handled:
                raise DuplicateEvent(self._cause.id)
            self._state.handled.add(self._cause.id)
        self.users = Users(self._state)
        self.notifications = Notifications(self._state)
        self.deliveries = Deliveries(self._state)
        self.sockets = Sockets(self._state)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Drops the copy."""

    def publish(self, event: BaseModel, *, subject: str, sequence: int, correlation: str | None = None) -> None:
        self._state.published.append((event, subject, sequence, correlation))

    def commit(self) -> None:
        self._store.state = deepcopy(self._state)


class Store:
    """The store; calling it gives a unit of work."""

    def __init__(self, *users: User) -> None:
        self.state = State(users={user.id: user for user in users})
        self.tasks: list[str] = []

    def __call__(self, cause: Event | None = None) -> UnitOfWork:
        return UnitOfWork(self, cause)

    @property
    def events(self) -> list[BaseModel]:
        """All events that left so far."""
        return [event for event, *_ in self.state.published]

    def inbox(self, user_id: UUID) -> list[Notification]:
        """Oldest first."""
        return self.state.inboxes.get(user_id, [])
