"""Inboxes and the delivery log in PostgreSQL, with many hands at once."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from apps.notifications import service
from apps.notifications.domain.kinds import Channel, Kind, Language
from apps.notifications.domain.notifications import MailStatus, News, User
from chassis.identifiers import new_id
from chassis.messaging.events import DuplicateEvent
from chassis.times import utc_now
from tests.integration.notifications.conftest import Notifications, an_event


def test_duplicates_shuffled_make_one_entry_each(notifications: Notifications) -> None:
    """Twenty events for one user, each five times, in any order and by eight threads."""
    user = notifications.add_user()
    deliveries = [an_event() for _ in range(20)] * 5
    random.shuffle(deliveries)

    def handle(event: object) -> int:
        try:
            return len(notifications.tell(user, event))  # type: ignore[arg-type] # of the list above
        except DuplicateEvent:
            return 0

    with ThreadPoolExecutor(8) as pool:
        mails = sum(pool.map(handle, deliveries))
    found, total, _ = service.inbox(notifications.uow(), user.id, unread=None, first=0, count=100)
    assert (mails, total) == (20, 20)
    assert [each.number for each in found] == list(range(20, 0, -1))


def test_numbers_commit_in_their_order(notifications: Notifications) -> None:
    """Whoever has seen a number has seen all before it: a second writer waits for the first one's commit."""
    user = notifications.add_user()
    with notifications.uow() as first, ThreadPoolExecutor(1) as pool:
        first.users.lock(user.id)
        assert first.users.next_number(user.id) == 1
        second = pool.submit(notifications.tell, user)
        assert not second.done()
        first.commit()
        second.result(10)
    found, _, _ = service.inbox(notifications.uow(), user.id, unread=None, first=0, count=10)
    assert [each.number for each in found] == [2]


def test_user_and_preferences_are_kept(notifications: Notifications) -> None:
    """What was written is read; an older version changes nothing."""
    user = notifications.add_user(language=Language.RUSSIAN, roles=frozenset({"manager", "customer"}), version=3)
    with notifications.uow() as uow:
        uow.users.keep(replace(user, name="An older name", version=2))
        assert uow.users.find(user.id) == user
        assert user.id in uow.users.with_role("manager")
    chosen = {(Kind.ORDER_SHIPPED, Channel.EMAIL): False, (Kind.WELCOME, Channel.PUSH): True}
    service.prefer(notifications.uow(), user.id, chosen)
    assert service.preferences(notifications.uow(), user.id) == chosen


def test_details_survive(notifications: Notifications) -> None:
    """With their order and their characters."""
    user = notifications.add_user()
    order = new_id()
    news = News(Kind.ORDER_REJECTED, "x", {"shortages": [{"sku": "ЧАЙ", "asked": 2, "available": 1}]}, order)
    service.tell(notifications.uow(), user.id, news)
    (found,), _, _ = service.inbox(notifications.uow(), user.id, unread=True, first=0, count=10)
    assert (found.kind, found.details, found.order_id, found.read) == (news.kind, news.details, order, False)


def test_reading_is_ones_own(notifications: Notifications) -> None:
    """Another's id is not found, one's own once and again."""
    user, stranger = notifications.add_user(), notifications.add_user()
    notifications.tell(user)
    with notifications.uow() as uow:
        (found,), _ = uow.notifications.page(user.id, unread=True, first=0, count=10)
        assert not uow.notifications.read(stranger.id, found.id)
        assert uow.notifications.read(user.id, found.id)
        assert uow.notifications.read(user.id, found.id)
        assert uow.notifications.page(user.id, unread=True, first=0, count=10) == ([], 0)


def test_one_of_many_claims_a_mail(notifications: Notifications) -> None:
    """Sixteen workers with the same task: one sends."""
    (mail_id,) = notifications.tell(notifications.add_user())

    def claim(_number: int) -> bool:
        with notifications.uow() as uow:
            mail = uow.deliveries.claim(mail_id)
            uow.commit()
        return mail is not None

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(claim, range(16))) == 1


def test_claim_of_a_dead_worker_ends(notifications: Notifications) -> None:
    """Then the sweep finds the mail, once, and somebody else can claim it."""
    (mail_id,) = notifications.tell(notifications.add_user())
    assert claimed(notifications, mail_id) == 1
    assert due(notifications, mail_id) == 0
    with notifications.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET due_at = now(), claimed_until = now() - interval '1 s'")
    assert due(notifications, mail_id) == 1
    assert due(notifications, mail_id) == 0
    assert claimed(notifications, mail_id) == 2


def test_postponed_mail_comes_again(notifications: Notifications) -> None:
    """At its time, with the reason."""
    (mail_id,) = notifications.tell(notifications.add_user())
    assert claimed(notifications, mail_id) == 1
    with notifications.uow() as uow:
        uow.deliveries.postpone(mail_id, utc_now() - timedelta(seconds=1), "451 try later")
        uow.commit()
    assert due(notifications, mail_id) == 1
    assert claimed(notifications, mail_id) == 2


def test_settled_mail_stays_settled(notifications: Notifications) -> None:
    """Nobody sends it again, and a late second word about it is not believed."""
    (mail_id,) = notifications.tell(notifications.add_user())
    with notifications.uow() as uow:
        assert uow.deliveries.claim(mail_id)
        assert uow.deliveries.settle(mail_id, MailStatus.SENT, "250 Ok")
        assert not uow.deliveries.settle(mail_id, MailStatus.FAILED, "550 no")
        uow.commit()
    assert claimed(notifications, mail_id) == 0
    assert notifications.number("SELECT count(*) FROM deliveries WHERE id = :id AND status = 'sent'", id=mail_id) == 1


def test_mail_waits_for_the_address(notifications: Notifications) -> None:
    """An order's event may come before that of its customer."""
    user = User(new_id(), "late@example.com", "Late", version=1)
    (mail_id,) = notifications.tell(user)
    assert claimed(notifications, mail_id) == 0
    assert mail_id in service.know(notifications.uow(), user)
    assert claimed(notifications, mail_id) == 1


def claimed(notifications: Notifications, mail_id: UUID) -> int:
    """How often it was tried with this time; 0 when it was not to be had."""
    with notifications.uow() as uow:
        mail = uow.deliveries.claim(mail_id)
        uow.commit()
    return 0 if mail is None else mail.attempts


def due(notifications: Notifications, mail_id: UUID) -> int:
    """How often the sweep takes it."""
    with notifications.uow() as uow:
        taken = uow.deliveries.take_due(1000)
        uow.commit()
    return taken.count(mail_id)
