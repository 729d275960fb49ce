"""The feed: the open sockets of one API process, each of which gets its user's notifications in their order.

An event that is heard live only wakes the user's sockets; what is sent is read from the database, from the last number
on that this socket has had. So nothing is missing and nothing comes twice, whether an event is heard late, twice or not
at all: one query for all sockets, every ten seconds, finds what was not heard, and which sessions have ended.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from apps.notifications.domain.kinds import Language
from apps.notifications.domain.notifications import Notification
from apps.notifications.domain.refusals import TooManySockets
from apps.notifications.domain.sockets import End, Ticket
from apps.notifications.metrics import SOCKETS, SOCKETS_CLOSED
from apps.notifications.repositories import UnitOfWorkFactory
from chassis.logs import get_logger
from chassis.times import utc_now

log = get_logger()

BATCH = 100
CHECK_SECONDS = 10.0
AGAIN_SECONDS = 2.0  # while the database is away


class Connection(Protocol):
    """A socket, as far as the feed cares. `send` raises when the client has gone or does not read."""

    @property
    def is_open(self) -> bool:
        """Whether more can be sent."""

    def send(self, text: str) -> None:
        """Sends one message."""

    def wait(self, seconds: float) -> None:
        """Until it is woken, or the client goes, or the time is over."""

    def wake(self) -> None:
        """Ends a `wait`."""

    def close(self, code: int, reason: str) -> None:
        """Says good-bye."""


@dataclass(eq=False)
class _Open:
    """One socket that is being served."""

    connection: Connection
    ticket: Ticket
    seen: int
    end: End | None = None

    def stop(self, end: End) -> None:
        self.end = end
        self.connection.wake()


class Feed:
    """Serves sockets; `per_user` of them at most for each user, which may change: those that are open stay."""

    def __init__(
        self,
        unit_of_work: UnitOfWorkFactory,
        write: Callable[[Notification, Language], str],
        per_user: Callable[[], int],
        transient: tuple[type[Exception], ...] = (),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._write = write
        self._per_user = per_user
        self._transient = transient
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[UUID, list[_Open]] = defaultdict(list)
        self._places: dict[UUID, int] = defaultdict(int)

    @contextmanager
    def place(self, user_id: UUID) -> Iterator[None]:
        """A place for one more socket of the user. Raises `TooManySockets`."""
        with self._lock:
            if self._places[user_id] >= self._per_user():
                raise TooManySockets("Too many sockets of yours are open.")
            self._places[user_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._places[user_id] -= 1
                if not self._places[user_id]:
                    del self._places[user_id]

    def position(self, user_id: UUID, after: UUID | None) -> int | None:
        """The number after which to begin: of that notification, or of the newest. None: there is no such one."""
        with self._unit_of_work() as uow:
            return uow.sockets.newest(user_id) if after is None else uow.sockets.number_of(user_id, after)

    def serve(self, connection: Connection, ticket: Ticket, number: int) -> None:
        """Sends what is there after that number, then what comes, until one side ends it."""
        opened = _Open(connection, ticket, number)
        with self._listed(opened):
            self._try_to(lambda: self.check([opened]))  # the session may have ended since the ticket was asked for
            while connection.is_open:
                self._expire(opened)
                if opened.end is not None:
                    connection.close(opened.end.code, opened.end.reason)
                    SOCKETS_CLOSED.labels(opened.end.reason).inc()
                    return
                done = self._try_to(lambda: self._send_what_follows(opened))
                left = max(0.0, (ticket.access_ends_at - self._clock()).total_seconds())
                connection.wait(left if done else min(left, AGAIN_SECONDS))
        SOCKETS_CLOSED.labels("client_gone").inc()

    def heard(self, user_id: UUID) -> None:
        """There is something new for the user."""
        for opened in self._of(user_id):
            opened.connection.wake()

    def look(self) -> None:
        """There may be something new for anybody: nothing was heard for a while."""
        for opened in self._all():
            opened.connection.wake()

    def check(self, sockets: list[_Open] | None = None) -> None:
        """Ends sockets whose session or account has ended; wakes those that have missed something."""
        concerned = self._all() if sockets is None else sockets
        if not concerned:
            return
        with self._unit_of_work() as uow:
            users = sorted({opened.ticket.user_id for opened in concerned})
            inactive = uow.sockets.inactive(users)
            ended = uow.sockets.ended(users)
            newest = uow.sockets.newest_of(users)
        for opened in concerned:
            if newest.get(opened.ticket.user_id, 0) > opened.seen:
                opened.connection.wake()
            if opened.ticket.user_id in inactive:
                opened.stop(End.DEACTIVATED)
            elif any(each.ends(opened.ticket) for each in ended):
                opened.stop(End.LOGGED_OUT)

    def stop(self) -> None:
        """Ends all of them: the process is to stop."""
        for opened in self._all():
            opened.stop(End.STOPPING)

    def _send_what_follows(self, opened: _Open) -> None:
        user_id = opened.ticket.user_id
        full = True
        while full:
            with self._unit_of_work() as uow:
                newest = uow.sockets.newest(user_id)
                language, found = uow.sockets.after(user_id, opened.seen, BATCH)
            for notification in found:
                opened.connection.send(self._write(notification, language))
                opened.seen = notification.number
            full = len(found) == BATCH
        opened.seen = max(opened.seen, newest)  # what follows then is not to be pushed

    def _try_to(self, act: Callable[[], None]) -> bool:
        """Whether the database was there; what it is about can be done later."""
        try:
            act()
        except self._transient as error:
            log.warning("socket_waits", reason=type(error).__name__)
            return False
        return True

    def _expire(self, opened: _Open) -> None:
        if opened.end is None and self._clock() >= opened.ticket.access_ends_at:
            opened.end = End.TOKEN_EXPIRED

    @contextmanager
    def _listed(self, opened: _Open) -> Iterator[None]:
        user_id = opened.ticket.user_id
        with self._lock:
            self._open[user_id].append(opened)
        SOCKETS.inc()
        try:
            yield
        finally:
            SOCKETS.dec()
            with self._lock:
                self._open[user_id].remove(opened)
                if not self._open[user_id]:
                    del self._open[user_id]

    def _of(self, user_id: UUID) -> list[_Open]:
        with self._lock:
            return list(self._open.get(user_id, ()))

    def _all(self) -> list[_Open]:
        with self._lock:
            return [opened for each in self._open.values() for opened in each]


class SessionWatch:
    """Checks the open sockets again and again, in a thread of its own."""

    def __init__(self, feed: Feed, transient: tuple[type[Exception], ...]) -> None:
        self._feed = feed
        self._transient = transient
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="session-watch", daemon=True)

    def start(self) -> None:
        """In the process that holds the sockets."""
        self._thread.start()

    def stop(self) -> None:
        """At the end."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(CHECK_SECONDS):
            try:
                self._feed.check()
            except self._transient as error:
                log.warning("sessions_not_checked", reason=type(error).__name__)
