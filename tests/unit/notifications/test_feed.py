"""The feed: every socket gets its user's notifications once and in order, and ends when its time is over."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest

from apps.notifications import access, service
from apps.notifications.domain.kinds import Channel, Kind
from apps.notifications.domain.notifications import News, User
from apps.notifications.domain.refusals import TicketInvalid, TooManySockets, TooManyTickets
from apps.notifications.domain.sockets import FROM_THE_BEGINNING, TICKETS_PER_USER, Ticket
from apps.notifications.feed import Feed
from chassis.identifiers import new_id
from chassis.messaging.events import Event
from chassis.times import utc_now
from tests.unit.notifications.fakes import Store, UnitOfWork

ADA = User(new_id(), "ada@example.com", "Ada", version=1)
SESSION = new_id()


@dataclass
class FakeConnection:
    """A client that reads everything; at each wait the next step of the test happens, and after the last it goes."""

    steps: list[Callable[[], object]] = field(default_factory=list)
    received: list[str] = field(default_factory=list)
    closed: tuple[int, str] | None = None
    is_open: bool = True
    woken: int = 0
    waits: list[float] = field(default_factory=list)

    def send(self, text: str) -> None:
        self.received.append(text)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self.steps:
            self.steps.pop(0)()
        else:
            self.is_open = False

    def wake(self) -> None:
        self.woken += 1  # it is never really waiting

    def close(self, code: int, reason: str) -> None:
        self.closed, self.is_open = (code, reason), False


def ticket(seconds: float = 600) -> Ticket:
    now = utc_now()
    return Ticket(ADA.id, SESSION, now, now + timedelta(seconds=seconds))


@pytest.fixture
def store() -> Store:
    return Store(ADA)


@pytest.fixture
def feed(store: Store) -> Feed:
    """Sends the numbers."""
    return Feed(store, lambda notification, _language: str(notification.number), per_user=lambda: 2)


def tell(store: Store, kind: Kind = Kind.WELCOME) -> UUID:
    service.tell(store(), ADA.id, News(kind, str(new_id())))
    return store.inbox(ADA.id)[-1].id


def serve(feed: Feed, client: FakeConnection, after: UUID | None, until: Ticket | None = None) -> None:
    number = feed.position(ADA.id, after)
    assert number is not None
    feed.serve(client, until or ticket(), number)


def test_limit_of_sockets_may_change(store: Store) -> None:
    """Those that are open stay; the next one counts by the new limit."""
    limit = [1]
    feed = Feed(store, lambda notification, _: str(notification.number), lambda: limit[0])
    with feed.place(ADA.id):
        with pytest.raises(TooManySockets), feed.place(ADA.id):
            pass
        limit[0] = 2
        with feed.place(ADA.id):
            limit[0] = 1


def test_without_after_only_what_is_new(store: Store, feed: Feed) -> None:
    """What was there before is in the inbox."""
    tell(store)
    client = FakeConnection([lambda: tell(store), lambda: tell(store)])
    serve(feed, client, None)
    assert client.received == ["2", "3"]


def test_after_replays_what_was_missed(store: Store, feed: Feed) -> None:
    """In order, then what comes."""
    ids = [tell(store) for _ in range(3)]
    client = FakeConnection([lambda: tell(store)])
    serve(feed, client, ids[0])
    assert client.received == ["2", "3", "4"]


def test_replay_from_the_beginning_in_batches(store: Store, feed: Feed) -> None:
    """However much there is."""
    for _ in range(250):
        tell(store)
    client = FakeConnection()
    serve(feed, client, FROM_THE_BEGINNING)
    assert client.received == [str(number) for number in range(1, 251)]


def test_what_is_heard_twice_comes_once(store: Store, feed: Feed) -> None:
    """An event only wakes."""
    client = FakeConnection([lambda: tell(store), lambda: feed.heard(ADA.id), lambda: feed.heard(ADA.id)])
    serve(feed, client, None)
    assert client.received == ["1"]


def test_what_was_not_heard_is_found(store: Store, feed: Feed) -> None:
    """The check wakes the socket; what is not to be pushed wakes it once."""
    service.prefer(store(), ADA.id, {(Kind.ORDER_SHIPPED, Channel.PUSH): False})
    client = FakeConnection()

    def unheard() -> None:
        tell(store)
        tell(store, Kind.ORDER_SHIPPED)
        feed.check()
        assert client.woken == 1

    def nothing_new() -> None:
        feed.check()
        assert client.woken == 1

    client.steps = [unheard, nothing_new]
    serve(feed, client, None)
    assert client.received == ["1"]


def test_socket_outlives_an_outage_of_the_database(store: Store) -> None:
    """It stays open, looks again soon, and has everything afterwards."""
    away: list[str] = []

    def unit_of_work(cause: Event | None = None) -> UnitOfWork:
        if away:
            raise ConnectionError("the database is away")
        return store(cause)

    def news_that_cannot_be_read() -> None:
        tell(store)
        away.append("now")

    feed = Feed(unit_of_work, lambda notification, _: str(notification.number), lambda: 1, (ConnectionError,))
    client = FakeConnection([news_that_cannot_be_read, away.clear, lambda: None])
    serve(feed, client, None)
    assert client.received == ["1"]
    assert client.waits[1] <= 2 < client.waits[2]


def test_unknown_after_has_no_position(store: Store, feed: Feed) -> None:
    """Nor has another's."""
    assert feed.position(ADA.id, new_id()) is None
    assert feed.position(new_id(), tell(store)) is None


def test_kinds_that_are_off_are_not_pushed(store: Store, feed: Feed) -> None:
    """The inbox has them."""
    service.prefer(store(), ADA.id, {(Kind.ORDER_SHIPPED, Channel.PUSH): False})
    client = FakeConnection([lambda: tell(store, Kind.ORDER_SHIPPED), lambda: tell(store)])
    serve(feed, client, None)
    assert client.received == ["2"]


def test_socket_ends_with_its_token(store: Store, feed: Feed) -> None:
    """4401: ask for a new ticket with a new token."""
    client = FakeConnection()
    serve(feed, client, None, ticket(seconds=0))
    assert client.closed == (4401, "token_expired")


@pytest.mark.parametrize("session", [SESSION, None])
def test_socket_ends_with_its_session(store: Store, feed: Feed, session: UUID | None) -> None:
    """4402: this session, or all of the user's, have ended."""

    def log_out() -> None:
        access.end_sessions(store(), ADA.id, session, utc_now() + timedelta(milliseconds=1))
        feed.check()

    client = FakeConnection([log_out])
    serve(feed, client, None)
    assert client.closed == (4402, "logged_out")


def test_other_sessions_go_on(store: Store, feed: Feed) -> None:
    """Another device's log-out, and a log-out of everything before this log-in."""

    def log_out() -> None:
        access.end_sessions(store(), ADA.id, new_id(), utc_now())
        access.end_sessions(store(), ADA.id, None, utc_now() - timedelta(minutes=1))
        feed.check()

    client = FakeConnection([log_out])
    serve(feed, client, None)
    assert client.closed is None


def test_log_out_before_the_socket_opens_counts(store: Store, feed: Feed) -> None:
    """A ticket may outlive its session by half a minute."""
    asked = ticket()
    access.end_sessions(store(), ADA.id, SESSION, utc_now())
    client = FakeConnection()
    serve(feed, client, None, asked)
    assert client.closed == (4402, "logged_out")


def test_socket_ends_with_its_account(store: Store, feed: Feed) -> None:
    """4403: deactivated."""

    def deactivate() -> None:
        service.forget_access(store(), ADA.id, version=2)
        feed.check()

    client = FakeConnection([deactivate])
    serve(feed, client, None)
    assert client.closed == (4403, "deactivated")


def test_sockets_end_with_the_process(store: Store, feed: Feed) -> None:
    """1001: come back, to another replica."""
    client = FakeConnection([feed.stop])
    serve(feed, client, None)
    assert client.closed == (1001, "stopping")


def test_sockets_of_a_user_are_limited(feed: Feed) -> None:
    """A place is free again when one closes; others have their own."""
    with feed.place(ADA.id), feed.place(ADA.id):
        with pytest.raises(TooManySockets), feed.place(ADA.id):
            pass
        with feed.place(new_id()):
            pass
    with feed.place(ADA.id):
        pass


def test_ticket_is_good_once(store: Store) -> None:
    """And only as it was given out."""
    asked = ticket()
    secret = access.issue(store(), asked)
    assert secret not in str(store.state)
    with pytest.raises(TicketInvalid):
        access.redeem(store(), secret + "x")
    assert access.redeem(store(), secret) == asked
    with pytest.raises(TicketInvalid):
        access.redeem(store(), secret)


def test_unused_tickets_are_limited(store: Store) -> None:
    """A client that asks and asks gets no more."""
    secrets = [access.issue(store(), ticket()) for _ in range(TICKETS_PER_USER)]
    with pytest.raises(TooManyTickets):
        access.issue(store(), ticket())
    access.redeem(store(), secrets[0])
    assert access.issue(store(), replace(ticket(), session_id=None))
