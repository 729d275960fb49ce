"""The events that notifications publishes: its contract with everybody who listens. None holds an address."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from apps.notifications.domain.kinds import Channel, Kind

_NOTIFICATION = {
    "notification_id": "0199c1a0-93d4-7f0e-8a5b-6f1d2c3b4a59",
    "user_id": "0199c19f-11aa-7b02-8f7e-52f4c1d0a9b3",
    "kind": "order.confirmed",
    "order_id": "0199c1a0-7e1b-7c3a-9d55-0c7f2a6b1e10",
}


def _config(**example: Any) -> ConfigDict:
    return ConfigDict(frozen=True, json_schema_extra={"examples": [{**_NOTIFICATION, **example}]})


class NotificationEvent(BaseModel):
    """What all events of a notification say."""

    schema_version: ClassVar[str] = "1.0"

    notification_id: UUID = Field(description="the notification; also the event's subject")
    user_id: UUID = Field(description="whose inbox it is in")
    kind: Kind = Field(description="what it is about: the type of the event that it comes from")
    order_id: UUID | None = Field(description="the order that it is about, if it is about one")


class NotificationCreated(NotificationEvent):
    """There is something new in a user's inbox."""

    model_config = _config()


class NotificationDelivered(NotificationEvent):
    """A notification went out: the mail server has taken it."""

    model_config = _config(channel="email", attempts=1)

    channel: Channel = Field(description="the way it went")
    attempts: int = Field(description="how often that was tried", ge=1)


class NotificationFailed(NotificationEvent):
    """A notification will not go out by this way any more; it stays in the inbox."""

    model_config = _config(channel="email", attempts=1, status_code=550)

    channel: Channel = Field(description="the way that was tried")
    attempts: int = Field(description="how often", ge=1)
    status_code: int | None = Field(description="the mail server's last answer (RFC 5321), if there was one")
