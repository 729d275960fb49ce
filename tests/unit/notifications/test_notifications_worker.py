"""What notifications hears and says: every event of the publishers leads to its notification."""

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from apps.notifications.domain.kinds import Kind, Language
from apps.notifications.domain.notifications import User
from chassis.health import Health
from chassis.messaging.events import DuplicateEvent, Event, publication
from tests.unit.notifications.fakes import Store
from workers.notifications.events import Parts, subscriptions

ADA = UUID("0199c19f-11aa-7b02-8f7e-52f4c1d0a9b3")
ORDER = UUID("0199c1a0-7e1b-7c3a-9d55-0c7f2a6b1e10")
OF_ORDER = {"order_id": str(ORDER), "customer_id": str(ADA)}
LINES = {"lines": [{"sku": "TEA", "quantity": 2}], "total": {"amount": "25.00", "currency": "EUR"}}
SHORT = {"revision": 2, "shortages": [{"sku": "TEA", "asked": 200, "available": 7}]}


class Anything(BaseModel):
    """The data of an event that stands for any."""


def caused(sequence: int = 1) -> Event:
    return publication(Anything(), source="x", subject="any", sequence=sequence, correlation=None, cause=None)


def given(store: Store) -> Parts:
    """The worker's parts over the store; tasks go into the store's list."""
    tasks = SimpleNamespace(send=store.tasks.append)
    nothing = cast("Any", None)  # not used by handlers
    return Parts(nothing, nothing, store, nothing, nothing, Health(), mails=tasks)  # type: ignore[arg-type] # a fake


def hear(store: Store, publisher: str, event_type: str, data: dict[str, Any], cause: Event | None = None) -> None:
    """Hands an event to its handler, as the worker does."""
    subscription = subscriptions.find(publisher, event_type)
    assert subscription is not None
    subscription.handler(given(store), subscription.reading.model_validate(data), cause or caused())


@pytest.mark.parametrize(
    ("event_type", "data"),
    [
        ("order.confirmed", LINES),
        ("order.rejected", SHORT),
        ("order.change_rejected", SHORT),
        ("order.cancelled", {"reason": "requested_by_customer"}),
        ("order.shipped", LINES),
    ],
)
def test_customer_is_told(event_type: str, data: dict[str, Any]) -> None:
    """Of an order's fate, with all that the texts need."""
    store = Store()
    hear(store, "orders", event_type, {**OF_ORDER, **data})
    (told,) = store.inbox(ADA)
    assert (told.kind, told.order_id, dict(told.details)) == (event_type, ORDER, data)
    assert store.tasks == [str(mail_id) for mail_id in store.state.mails]


def test_each_rejected_change_is_told() -> None:
    """An order may have several that fail."""
    store = Store()
    for revision in (2, 3, 3):
        hear(store, "orders", "order.change_rejected", {**OF_ORDER, **SHORT, "revision": revision})
    assert [each.details["revision"] for each in store.inbox(ADA)] == [2, 3]


def test_new_user_is_known_and_welcomed() -> None:
    """With the language, where the event names one."""
    store = Store()
    account = {"user_id": str(ADA), "email": "ada@example.com", "name": "Ada", "roles": ["customer"], "language": "ru"}
    hear(store, "users", "user.registered", account)
    assert store.state.users[ADA] == User(
        ADA, "ada@example.com", "Ada", frozenset({"customer"}), Language.RUSSIAN, version=1
    )
    assert [each.kind for each in store.inbox(ADA)] == [Kind.WELCOME]


def test_later_events_of_a_user_change_the_copy() -> None:
    """And only later ones; nobody is welcomed twice."""
    store = Store()
    account = {"user_id": str(ADA), "email": "ada@example.com", "name": "Ada", "roles": ["customer"]}
    hear(store, "users", "user.updated", {**account, "name": "Ada L.", "language": "ru"}, caused(2))
    hear(store, "users", "user.registered", account, caused(1))
    assert (store.state.users[ADA].name, store.state.users[ADA].language) == ("Ada L.", Language.RUSSIAN)
    assert len(store.inbox(ADA)) == 1
    hear(store, "users", "user.deactivated", {"user_id": str(ADA)}, caused(3))
    assert not store.state.users[ADA].active


def test_managers_are_told_at_each_fall() -> None:
    """Once for each time that the stock falls below its threshold."""
    manager = User(uuid4(), roles=frozenset({"manager"}))
    store = Store(manager)
    low = {"sku": "MUG", "available": 4, "threshold": 5}
    for sequence in (7, 7, 12):
        hear(store, "inventory", "stock.low", low, caused(sequence))
    assert len(store.inbox(manager.id)) == 2


def test_event_is_handled_once() -> None:
    """The inbox of events remembers it."""
    store = Store()
    event = caused()
    hear(store, "orders", "order.confirmed", {**OF_ORDER, **LINES}, event)
    with pytest.raises(DuplicateEvent):
        hear(store, "orders", "order.confirmed", {**OF_ORDER, **LINES}, event)


@pytest.mark.parametrize(
    ("tag", "language"), [("ru", "ru"), ("ru-RU", "ru"), ("RU", "ru"), ("en", "en"), ("fr", "en"), ("", "en")]
)
def test_language_of_a_tag(tag: str, language: str) -> None:
    """English for whom there are no texts."""
    assert Language.of(tag) == language
