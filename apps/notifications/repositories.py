"""What the use cases need of a store: four repositories in one unit of work."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from pydantic import BaseModel

from apps.notifications.domain.kinds import Channel, Kind, Language
from apps.notifications.domain.notifications import Mail, MailStatus, Notification, Preferences, User
from apps.notifications.domain.sockets import EndedSession, Ticket
from chassis.messaging.events import Event


class Users(Protocol):
    """The copies of users, and what they prefer."""

    def find(self, user_id: UUID) -> User | None:
        """The user, if anything is known."""

    def keep(self, user: User) -> None:
        """Writes the copy, unless a newer version is known."""

    def lock(self, user_id: UUID) -> User:
        """The user, known or not, whom nobody else tells anything until the end of this transaction."""

    def next_number(self, user_id: UUID) -> int:
        """The number of the next notification of a user who was locked."""

    def with_role(self, role: str) -> Collection[UUID]:
        """Active users who have the role."""

    def preferences(self, user_id: UUID) -> Preferences:
        """What the user has chosen."""

    def prefer(self, user_id: UUID, chosen: Preferences) -> None:
        """Replaces all of it."""


class Notifications(Protocol):
    """All inboxes."""

    def has(self, user_id: UUID, kind: Kind, subject: str) -> bool:
        """Whether the user was told of it before."""

    def add(self, notification: Notification, subject: str, *, push: bool) -> None:
        """Puts it into its user's inbox."""

    def page(self, user_id: UUID, *, unread: bool | None, first: int, count: int) -> tuple[Sequence[Notification], int]:
        """`count` of the user's, newest first, from the `first` on; and how many there are. `unread` None: all."""

    def read(self, user_id: UUID, notification_id: UUID) -> bool:
        """Marks it as read; False when the user has no such one."""

    def read_all(self, user_id: UUID) -> None:
        """Marks all of the user's as read."""


class Deliveries(Protocol):
    """The delivery log."""

    def add(self, notification_id: UUID, channel: Channel) -> UUID:
        """Notes a mail that is to be sent; returns its id."""

    def take_of(self, user_id: UUID) -> list[UUID]:
        """Pending mails that waited for the user's address."""

    def take_due(self, limit: int) -> list[UUID]:
        """Pending mails that nobody works at; they are not due again for a while."""

    def claim(self, mail_id: UUID) -> Mail | None:
        """The mail, for one who tries to send it now; None when it is settled or somebody else is at it."""

    def postpone(self, mail_id: UUID, until: datetime, answer: str) -> None:
        """Gives a claimed mail back."""

    def delay(self, mail_id: UUID, until: datetime) -> None:
        """Puts off a mail that nobody has claimed."""

    def settle(self, mail_id: UUID, status: MailStatus, answer: str) -> bool:
        """Notes how it ended; False when that is known already."""

    def backlog(self) -> tuple[int, float]:
        """How many mails are pending, and the age of the oldest in seconds."""


class Sockets(Protocol):
    """What open sockets, and those that are to be opened, need."""

    def add_ticket(self, digest: bytes, ticket: Ticket) -> None:
        """Keeps a ticket, for as long as it may be used."""

    def unused_tickets(self, user_id: UUID) -> int:
        """How many the user could still use."""

    def take_ticket(self, digest: bytes) -> Ticket | None:
        """The ticket, once; None when there is none that is good."""

    def note_end(self, ended: EndedSession) -> None:
        """Remembers that a session has ended."""

    def ended(self, user_ids: Collection[UUID]) -> Sequence[EndedSession]:
        """Sessions of these users that have ended lately."""

    def inactive(self, user_ids: Collection[UUID]) -> Collection[UUID]:
        """Those of them whose account is deactivated."""

    def purge(self) -> int:
        """Forgets what is too old to matter; returns how much."""

    def newest(self, user_id: UUID) -> int:
        """The number of the user's newest notification; 0: there is none."""

    def newest_of(self, user_ids: Collection[UUID]) -> Mapping[UUID, int]:
        """The same of several users, those that are known."""

    def number_of(self, user_id: UUID, notification_id: UUID) -> int | None:
        """The number of a notification of the user; 0 for `FROM_THE_BEGINNING`, None when there is no such one."""

    def after(self, user_id: UUID, number: int, limit: int) -> tuple[Language, list[Notification]]:
        """The user's language, and the notifications to be pushed that follow the number, in their order."""


class UnitOfWork(Protocol):
    """One transaction over all repositories, and the events that leave with it."""

    @property
    def users(self) -> Users:
        """The users."""

    @property
    def notifications(self) -> Notifications:
        """The inboxes."""

    @property
    def deliveries(self) -> Deliveries:
        """The delivery log."""

    @property
    def sockets(self) -> Sockets:
        """What sockets need."""

    def __enter__(self) -> Self:
        """Begins it. Raises `DuplicateEvent` when the event that caused it was handled before."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Ends it; what was not committed is undone."""

    def publish(self, event: BaseModel, *, subject: str, sequence: int, correlation: str | None = None) -> None:
        """Notes an event that leaves with the commit."""

    def commit(self) -> None:
        """Makes all of it true."""


class UnitOfWorkFactory(Protocol):
    """Makes the unit of work of a request, or of an event."""

    def __call__(self, cause: Event | None = None) -> UnitOfWork:
        """A new one, not begun yet."""
