"""Where the parts of notifications are put together, for its API, its worker and its set-up."""

from functools import partial
from typing import TypeVar

from flask import Flask

from apps.notifications import migrations
from apps.notifications.api.app import create_app
from apps.notifications.api.parts import ApiParts
from apps.notifications.api.sockets import message
from apps.notifications.feed import Feed, SessionWatch
from apps.notifications.live import LIVE, SomethingNew
from apps.notifications.mailing import Mailing, Patience
from apps.notifications.settings import ApiSettings, NotificationsWorkerSettings, StorageSettings
from apps.notifications.smtp import SmtpPost
from apps.notifications.storage import UnitOfWork
from chassis.broadcast import LiveListener
from chassis.discovery import Resolver, Routes
from chassis.http.client import ServiceClient
from chassis.http.keys import keys_of_users_service
from chassis.http.serve import ApiProcess
from chassis.messaging.events import Event
from chassis.storage.postgres_process import PostgresProcess, open_postgres

SERVICE = "notifications"

SettingsT = TypeVar("SettingsT", bound=StorageSettings)
NotificationsParts = PostgresProcess[SettingsT, UnitOfWork]
"""What every process of the service has."""


def parts(settings: SettingsT) -> NotificationsParts[SettingsT]:
    """Everything over the service's own database, which is reached, or the process ends with a sentence."""
    return open_postgres(settings, SERVICE, UnitOfWork, migrations)


def mailing(mine: NotificationsParts[NotificationsWorkerSettings]) -> Mailing:
    """How the worker sends mails."""
    settings, live = mine.settings, mine.settings.live

    def patience() -> Patience:
        current = live.current
        return Patience(current.backoff, current.mail_patience)

    return Mailing(
        unit_of_work=mine.unit_of_work,
        post=SmtpPost(lambda: live.current),
        sender=settings.mail_from,
        patience=patience,
        enabled=lambda: live.current.mails_enabled,
        connections=settings.smtp_connections,
    )


def create_api(settings: ApiSettings) -> Flask:
    """The API, in the process that serves it."""
    mine = parts(settings)
    live = settings.live
    feed = Feed(mine.unit_of_work, message, lambda: live.current.sockets_per_user, mine.transient_errors)
    listener = LiveListener(str(settings.broker_url), LIVE, partial(_hear, feed), feed.look)
    mine.health.add("live_feed", lambda: listener.problem, required=False)
    listener.start()
    SessionWatch(feed, mine.transient_errors).start()
    return create_app(
        ApiParts(
            unit_of_work=mine.unit_of_work,
            feed=feed,
            keys=keys_of_users_service(ServiceClient("users-api", Resolver(settings))),
            token_settings=settings,
            health=mine.health,
            outages=mine.transient_errors,
        )
    )


def _hear(feed: Feed, event: Event) -> None:
    feed.heard(SomethingNew.model_validate(event.data).user_id)


# A socket is opened with a ticket: browsers send no Authorization with it.
_PUBLIC = "Method(`GET`) && (Path(`/api/v1/notifications/openapi.json`) || Path(`/api/v1/notifications/ws`))"
_SIGNED_IN = "Path(`/api/v1/notifications`) || PathPrefix(`/api/v1/notifications/`)"

api = ApiProcess(
    name="notifications-api",
    settings=ApiSettings,
    create=create_api,
    routes=Routes(signed_in=_SIGNED_IN, public=_PUBLIC),
)
