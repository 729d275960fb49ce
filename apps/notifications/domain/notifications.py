"""A notification, the user who gets it, and the mail that tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from apps.notifications.domain.kinds import Channel, Kind, Language

MANAGER = "manager"


@dataclass(frozen=True)
class User:
    """What the service knows of a user, from user.* events. `version` is that of the newest event it has heard."""

    id: UUID
    email: str | None = None
    name: str = ""
    roles: frozenset[str] = frozenset()
    language: Language = Language.ENGLISH
    active: bool = True
    version: int = 0


@dataclass(frozen=True)
class News:
    """Something to tell. For each user there is one notification of a kind and a subject, however often it is told."""

    kind: Kind
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict)
    order_id: UUID | None = None


@dataclass(frozen=True)
class Notification:
    """One entry of an inbox. `number` counts a user's notifications; they are committed in its order."""

    id: UUID
    user_id: UUID
    number: int
    kind: Kind
    details: Mapping[str, Any]
    order_id: UUID | None
    created_at: datetime
    read: bool = False


Preferences = Mapping[tuple[Kind, Channel], bool]
"""What a user has chosen; what is not in it is on."""


def wants(preferences: Preferences, kind: Kind, channel: Channel) -> bool:
    """Whether notifications of the kind go out by the channel."""
    return preferences.get((kind, channel), True)


class MailStatus(StrEnum):
    """Where a mail stands."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True)
class Mail:
    """A mail of the delivery log, claimed by somebody who now tries to send it for the `attempts`-th time."""

    id: UUID
    notification: Notification
    recipient: User
    attempts: int
    created_at: datetime
    traceparent: str | None = None


@dataclass(frozen=True)
class Backoff:
    """How long to wait after a failed attempt: twice as long each time, up to a cap."""

    first: timedelta = timedelta(seconds=1)
    cap: timedelta = timedelta(seconds=10)

    def after(self, attempts: int) -> timedelta:
        """The pause after so many attempts."""
        doublings = min(max(attempts - 1, 0), 32)  # beyond that the number only grows
        pause: timedelta = self.first * 2**doublings
        return min(pause, self.cap)
