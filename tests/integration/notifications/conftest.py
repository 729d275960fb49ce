"""Notifications over its own database."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pika
import pytest
from pydantic import BaseModel
from sqlalchemy import Engine, create_engine, text

from apps.notifications import migrations, service
from apps.notifications.domain.events import NotificationCreated
from apps.notifications.domain.kinds import Kind
from apps.notifications.domain.notifications import News, User
from apps.notifications.live import LIVE
from apps.notifications.storage import UnitOfWork
from catalogue.definitions import definitions
from chassis.identifiers import new_id
from chassis.messaging.events import CONTENT_TYPE, Event, encode, publication
from chassis.storage.migrations import migrate
from tests.integration.servers import Broker


class Anything(BaseModel):
    """The data of an event that only has to be one."""


def an_event() -> Event:
    return publication(Anything(), source="orders", subject="any", sequence=1, correlation=None, cause=None)


class Notifications:
    """The service over its own database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def uow(self, cause: Event | None = None) -> UnitOfWork:
        return UnitOfWork(self.engine, "notifications", cause)

    def add_user(self, **changes: object) -> User:
        """Somebody who is known."""
        user_id = new_id()
        user = User(**{"id": user_id, "email": f"{user_id}@example.com", "name": "Ada", "version": 1, **changes})  # type: ignore[arg-type] # a test's short hand
        with self.uow() as uow:
            uow.users.keep(user)
            uow.commit()
        return user

    def tell(self, user: User, cause: Event | None = None, kind: Kind = Kind.ORDER_CONFIRMED) -> list[UUID]:
        """Of an order that nobody has heard of; returns the mail's id."""
        order = new_id() if cause is None else cause.id
        details = {"lines": [{"sku": "TEA", "quantity": 2}], "total": {"amount": "25.00", "currency": "EUR"}}
        return service.tell(self.uow(cause), user.id, News(kind, str(order), details, order))

    def number(self, statement: str, **values: object) -> int:
        """One number of the database."""
        with self.engine.connect() as connection:
            return int(connection.execute(text(statement), values).scalar_one())


@pytest.fixture(scope="module")
def notifications(new_postgres_database: Callable[[], str]) -> Iterator[Notifications]:
    """The service on a fresh database."""
    engine = create_engine(new_postgres_database(), pool_size=20, max_overflow=0)
    migrate(engine, Path(migrations.__file__).parent)
    yield Notifications(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def notifications_broker(broker: Broker) -> Broker:
    """The broker with what notifications needs."""
    broker.define(definitions(["notifications"], [], [LIVE]), ["notifications"])
    return broker


@pytest.fixture
def tell(notifications: Notifications, notifications_broker: Broker) -> Callable[[User], str]:
    """Tells a user something, and says so on the exchange, as the relay does; returns the notification's id."""

    def act(user: User) -> str:
        notifications.tell(user)
        with notifications.uow() as uow:
            (told,), _ = uow.notifications.page(user.id, unread=None, first=0, count=1)
        model = NotificationCreated(notification_id=told.id, user_id=user.id, kind=told.kind, order_id=told.order_id)
        event = publication(
            model, source="notifications", subject=str(told.id), sequence=1, correlation=None, cause=None
        )
        with pika.BlockingConnection(pika.URLParameters(notifications_broker.url("notifications"))) as connection:
            properties = pika.BasicProperties(content_type=CONTENT_TYPE)
            connection.channel().basic_publish("notifications", event.type, encode(event).encode(), properties)
        return str(told.id)

    return act
