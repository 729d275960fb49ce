"""Who is told what, once; and what becomes of it in an inbox."""

from dataclasses import replace
from uuid import UUID

import pytest

from apps.notifications import service
from apps.notifications.domain.events import NotificationCreated
from apps.notifications.domain.kinds import Channel, Kind
from apps.notifications.domain.notifications import News, User
from apps.notifications.domain.refusals import NotificationNotFound
from chassis.identifiers import new_id
from tests.unit.notifications.fakes import Store

ORDER = UUID("0198f3a2-7c41-7d7e-9b55-3f0f5f1f2a10")
ADA = User(new_id(), "ada@example.com", "Ada", frozenset({"customer"}), version=1)
BOB = User(new_id(), "bob@example.com", "Bob", frozenset({"manager"}), version=1)
CONFIRMED = News(Kind.ORDER_CONFIRMED, str(ORDER), {"total": {"amount": "1.00", "currency": "EUR"}}, ORDER)
LOW = News(Kind.STOCK_LOW, "MUG/7", {"sku": "MUG", "available": 1, "threshold": 5})


def test_news_are_told_once() -> None:
    """However often they are told: one row, one event, one mail."""
    store = Store(ADA)
    (mail,) = service.tell(store(), ADA.id, CONFIRMED)
    assert service.tell(store(), ADA.id, CONFIRMED) == []
    (told,) = store.inbox(ADA.id)
    assert (told.kind, told.number, told.order_id) == (Kind.ORDER_CONFIRMED, 1, ORDER)
    assert list(store.state.mails) == [mail]
    expected = NotificationCreated(notification_id=told.id, user_id=ADA.id, kind=told.kind, order_id=ORDER)
    assert store.state.published == [(expected, str(told.id), 1, str(ORDER))]


def test_other_kinds_and_subjects_are_other_news() -> None:
    """Numbered in the order of their making."""
    store = Store(ADA)
    for news in (CONFIRMED, replace(CONFIRMED, kind=Kind.ORDER_SHIPPED), replace(CONFIRMED, subject="another")):
        service.tell(store(), ADA.id, news)
    assert [each.number for each in store.inbox(ADA.id)] == [1, 2, 3]


def test_managers_are_told_of_low_stock() -> None:
    """Each of them, and nobody else."""
    former = replace(BOB, id=new_id(), active=False)
    store = Store(ADA, BOB, former)
    assert len(service.tell_managers(store(), LOW)) == 1
    assert [len(store.inbox(user.id)) for user in (ADA, BOB, former)] == [0, 1, 0]


@pytest.mark.parametrize("channel", Channel)
def test_channels_can_be_switched_off(channel: Channel) -> None:
    """The notification then goes by the other one only; the inbox has it in any case."""
    store = Store(ADA)
    service.prefer(store(), ADA.id, {(Kind.ORDER_CONFIRMED, channel): False})
    mails = service.tell(store(), ADA.id, CONFIRMED)
    (told,) = store.inbox(ADA.id)
    assert bool(mails) is (channel is not Channel.EMAIL)
    assert (told.id in store.state.pushed) is (channel is not Channel.PUSH)


def test_choice_replaces_the_one_before() -> None:
    """What is left out is on again."""
    store = Store(ADA)
    service.prefer(store(), ADA.id, {(Kind.WELCOME, Channel.PUSH): False})
    service.prefer(store(), ADA.id, {(Kind.STOCK_LOW, Channel.EMAIL): False})
    assert service.preferences(store(), ADA.id) == {(Kind.STOCK_LOW, Channel.EMAIL): False}


def test_newest_version_of_a_user_counts() -> None:
    """Events may come in any order."""
    store = Store(replace(ADA, version=3))
    service.know(store(), replace(ADA, name="Old name", version=2))
    assert store.state.users[ADA.id].name == "Ada"
    service.know(store(), replace(ADA, name="New name", version=4))
    assert store.state.users[ADA.id].name == "New name"


def test_news_may_come_before_the_address() -> None:
    """The mail waits, and goes out as soon as the user is known."""
    store = Store()
    (early,) = service.tell(store(), ADA.id, CONFIRMED)
    with store() as uow:
        assert uow.deliveries.claim(early) is None
    mails = service.know(store(), ADA, News(Kind.WELCOME, str(ADA.id)))
    assert early in mails
    assert len(mails) == 2


def test_deactivated_user_gets_no_mail() -> None:
    """The inbox goes on, for the day when the account comes back."""
    store = Store(ADA)
    service.forget_access(store(), ADA.id, version=2)
    assert store.state.users[ADA.id] == replace(ADA, active=False, version=2)
    assert service.tell(store(), ADA.id, CONFIRMED) == []
    assert len(store.inbox(ADA.id)) == 1


def test_inbox_is_ones_own() -> None:
    """Nobody marks another's notification as read."""
    store = Store(ADA, BOB)
    service.tell(store(), ADA.id, CONFIRMED)
    (told,) = store.inbox(ADA.id)
    with pytest.raises(NotificationNotFound):
        service.read(store(), BOB.id, told.id)
    service.read(store(), ADA.id, told.id)
    assert store.inbox(ADA.id)[0].read


def test_reading_all_leaves_nothing_unread() -> None:
    """And the filter says so."""
    store = Store(ADA)
    service.tell(store(), ADA.id, CONFIRMED)
    service.tell(store(), ADA.id, replace(CONFIRMED, subject="another"))
    assert service.inbox(store(), ADA.id, unread=True, first=0, count=1)[1] == 2
    service.read_all(store(), ADA.id)
    assert service.inbox(store(), ADA.id, unread=True, first=0, count=1)[:2] == ([], 0)
    assert service.inbox(store(), ADA.id, unread=False, first=0, count=1)[1] == 2
