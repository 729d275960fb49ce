"""What notifications hears, with its own reading of it, and what it tells whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, Self
from uuid import UUID

from apps.notifications import access, service
from apps.notifications.bootstrap import NotificationsParts
from apps.notifications.domain.kinds import Kind, Language
from apps.notifications.domain.notifications import News, User
from apps.notifications.settings import NotificationsWorkerSettings
from chassis.messaging.events import Event
from chassis.messaging.subscriptions import Reading, Subscriptions

USERS, ORDERS, INVENTORY = "users", "orders", "inventory"

subscriptions = Subscriptions("notifications")


class Sender(Protocol):
    """Sends tasks."""

    def send(self, mail_id: str) -> None:
        """Makes a worker try to send that mail."""


@dataclass(frozen=True, kw_only=True)
class Parts(NotificationsParts[NotificationsWorkerSettings]):
    """What the handlers have."""

    mails: Sender

    @classmethod
    def of(cls, parts: NotificationsParts[NotificationsWorkerSettings], mails: Sender) -> Self:
        """The service's parts, and the sender."""
        return cls(**vars(parts), mails=mails)

    def hand_out(self, mails: Iterable[UUID]) -> None:
        """After the commit: what gets lost here is found by the sweep."""
        for mail_id in mails:
            self.mails.send(str(mail_id))


class Account(Reading):
    """user.registered, user.updated: who somebody is now."""

    user_id: UUID
    email: str
    name: str
    roles: tuple[str, ...]
    language: str | None = None


class AccountEnd(Reading):
    """user.deactivated."""

    user_id: UUID


class SessionEnd(Reading):
    """user.logged_out: one session, or all (None)."""

    user_id: UUID
    sid: UUID | None


class OrderNews(Reading):
    """What every event of an order says."""

    order_id: UUID
    customer_id: UUID


class Total(Reading):
    """An amount of money."""

    amount: str
    currency: str


class Line(Reading):
    """A quantity of a product."""

    sku: str
    quantity: int


class OrderLines(OrderNews):
    """order.confirmed, order.shipped."""

    lines: tuple[Line, ...]
    total: Total


class Shortage(Reading):
    """Too little of a product."""

    sku: str
    asked: int
    available: int


class OrderRefused(OrderNews):
    """order.rejected, order.change_rejected."""

    revision: int
    shortages: tuple[Shortage, ...]


class OrderCancelled(OrderNews):
    """order.cancelled."""

    reason: str


class StockLow(Reading):
    """stock.low."""

    sku: str
    available: int
    threshold: int


@subscriptions.on(USERS, "user.registered", Account)
def user_registered(parts: Parts, data: Account, event: Event) -> None:
    """Knows the user, and welcomes them."""
    news = News(Kind.WELCOME, str(data.user_id))
    parts.hand_out(service.know(parts.unit_of_work(event), _user(data, event), news))


@subscriptions.on(USERS, "user.updated", Account)
def user_updated(parts: Parts, data: Account, event: Event) -> None:
    """Knows the user's newest address, name, roles and language."""
    parts.hand_out(service.know(parts.unit_of_work(event), _user(data, event)))


@subscriptions.on(USERS, "user.deactivated", AccountEnd)
def user_deactivated(parts: Parts, data: AccountEnd, event: Event) -> None:
    """Sends nothing more."""
    service.forget_access(parts.unit_of_work(event), data.user_id, event.sequence)


@subscriptions.on(USERS, "user.logged_out", SessionEnd)
def user_logged_out(parts: Parts, data: SessionEnd, event: Event) -> None:
    """Lets the sockets of the session end; every API process looks for it again and again."""
    access.end_sessions(parts.unit_of_work(event), data.user_id, data.sid, event.time)


@subscriptions.on(ORDERS, "order.confirmed", OrderLines)
def order_confirmed(parts: Parts, data: OrderLines, event: Event) -> None:
    """Tells the customer."""
    _tell_customer(parts, Kind.ORDER_CONFIRMED, data, event)


@subscriptions.on(ORDERS, "order.rejected", OrderRefused)
def order_rejected(parts: Parts, data: OrderRefused, event: Event) -> None:
    """Tells the customer."""
    _tell_customer(parts, Kind.ORDER_REJECTED, data, event)


@subscriptions.on(ORDERS, "order.change_rejected", OrderRefused)
def order_change_rejected(parts: Parts, data: OrderRefused, event: Event) -> None:
    """Tells the customer. The subject is the change: an order may have more than one that fails."""
    _tell_customer(parts, Kind.ORDER_CHANGE_REJECTED, data, event, f"{data.order_id}/{data.revision}")


@subscriptions.on(ORDERS, "order.cancelled", OrderCancelled)
def order_cancelled(parts: Parts, data: OrderCancelled, event: Event) -> None:
    """Tells the customer."""
    _tell_customer(parts, Kind.ORDER_CANCELLED, data, event)


@subscriptions.on(ORDERS, "order.shipped", OrderLines)
def order_shipped(parts: Parts, data: OrderLines, event: Event) -> None:
    """Tells the customer."""
    _tell_customer(parts, Kind.ORDER_SHIPPED, data, event)


@subscriptions.on(INVENTORY, "stock.low", StockLow)
def stock_low(parts: Parts, data: StockLow, event: Event) -> None:
    """Tells the managers. The subject is this fall below the threshold: stock that came in may fall again."""
    news = News(Kind.STOCK_LOW, f"{data.sku}/{event.sequence}", data.model_dump())
    parts.hand_out(service.tell_managers(parts.unit_of_work(event), news))


def _user(data: Account, event: Event) -> User:
    return User(
        id=data.user_id,
        email=data.email,
        name=data.name,
        roles=frozenset(data.roles),
        language=Language.of(data.language),
        version=event.sequence,
    )


def _tell_customer(parts: Parts, kind: Kind, data: OrderNews, event: Event, subject: str | None = None) -> None:
    details: dict[str, Any] = data.model_dump(mode="json", exclude={"order_id", "customer_id"})
    news = News(kind, subject or str(data.order_id), details, data.order_id)
    parts.hand_out(service.tell(parts.unit_of_work(event), data.customer_id, news))
