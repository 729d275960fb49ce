"""What the API takes and gives, as marshmallow schemas."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from apps.notifications.domain.kinds import Channel, Kind, Language
from apps.notifications.domain.notifications import Notification, Preferences, wants
from apps.notifications.texts import words
from chassis.http.app import Schema
from chassis.times import rfc3339


class InboxQuerySchema(Schema):
    """GET /notifications."""

    unread = ma.fields.Boolean(
        load_default=None, metadata={"description": "true: only unread ones, false: only read ones"}
    )


class NotificationSchema(Schema):
    """A notification, in its reader's language."""

    id = ma.fields.UUID(required=True)
    kind = ma.fields.Enum(Kind, by_value=ma.fields.String, required=True)
    title = ma.fields.String(required=True)
    body = ma.fields.String(required=True)
    order_id = ma.fields.UUID(metadata={"description": "the order that it is about, if it is about one"})
    created_at = ma.fields.String(required=True, metadata={"format": "date-time"})
    read = ma.fields.Boolean(required=True)


class TicketSchema(Schema):
    """Lets open one socket."""

    ticket = ma.fields.String(required=True)
    expires_in = ma.fields.Integer(required=True, metadata={"description": "seconds"})


class WebSocketQuerySchema(Schema):
    """GET /notifications/ws."""

    ticket = ma.fields.String(load_default=None)
    after = ma.fields.UUID(
        load_default=None,
        metadata={"description": "the last notification that was received; all zeros: from the beginning"},
    )


class ChannelsSchema(Schema):
    """By which ways notifications of a kind go out, beside the inbox."""

    email = ma.fields.Boolean(load_default=True, metadata={"description": "a mail"})
    push = ma.fields.Boolean(load_default=True, metadata={"description": "a message on the open sockets"})


PreferencesSchema = Schema.from_dict(
    {kind.name.lower(): ma.fields.Nested(ChannelsSchema, data_key=kind.value) for kind in Kind}, name="Preferences"
)
"""By kind; what is not given is on."""


def shown(notification: Notification, language: Language) -> dict[str, Any]:
    """The fields of `NotificationSchema`, without `order_id` where there is none."""
    read = words(notification, language)
    order = {} if notification.order_id is None else {"order_id": notification.order_id}
    return {
        "id": notification.id,
        "kind": notification.kind,
        "title": read.title,
        "body": read.body,
        **order,
        "created_at": rfc3339(notification.created_at),
        "read": notification.read,
    }


def shown_preferences(chosen: Preferences) -> dict[str, dict[str, bool]]:
    """The fields of `PreferencesSchema`, all of them."""
    return {kind.name.lower(): {channel.value: wants(chosen, kind, channel) for channel in Channel} for kind in Kind}


def chosen_preferences(body: Mapping[str, Mapping[str, bool]]) -> Preferences:
    """What `PreferencesSchema` has loaded."""
    return {
        (kind, channel): body[kind.name.lower()][channel.value]
        for kind in Kind
        if kind.name.lower() in body
        for channel in Channel
    }
