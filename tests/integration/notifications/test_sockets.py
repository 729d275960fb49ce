"""The real server with real sockets: replay, live messages, a client that does not read, and a process that stops."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from websocket import WebSocket, create_connection

from apps.notifications import access, service
from apps.notifications.domain.kinds import Kind
from apps.notifications.domain.notifications import News, User
from apps.notifications.domain.sockets import FROM_THE_BEGINNING, Ticket
from chassis.http.sockets import SEND_SECONDS
from chassis.identifiers import new_id
from chassis.times import utc_now
from tests.integration.notifications.conftest import Notifications
from tests.integration.servers import ROOT, Broker, free_port
from tests.polling import eventually
from tests.sockets import close_frame, hang_up

TARGET = "apps.notifications.bootstrap:api"


class Replica:
    """One API process over the given database and broker."""

    def __init__(self, notifications: Notifications, broker: Broker) -> None:
        self.notifications = notifications
        self.port = free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": notifications.engine.url.render_as_string(hide_password=False),
            "BROKER_URL": broker.url("notifications"),
            "CONSUL_HTTP_ADDR": "http://127.0.0.1:1",  # nobody there: sockets need no discovery
            "CONSUL_HTTP_TOKEN": "none",
        }
        command = [sys.executable, "-m", "gevent.monkey", "--module", "chassis.http.serve_sockets", TARGET]
        self.process = subprocess.Popen([*command, str(self.port)], env=environment, cwd=ROOT)
        eventually(lambda: socket.create_connection(("127.0.0.1", self.port), 1).close(), seconds=30)

    def open(self, user: User, after: UUID | None = FROM_THE_BEGINNING, **options: Any) -> WebSocket:
        """A socket of the user, with a ticket of its own."""
        return self.open_with(self.ticket(user), after, **options)

    def ticket(self, user: User) -> str:
        """A ticket of a session of its own, asked for with a token that lives for ten minutes."""
        now = utc_now()
        asked = Ticket(user.id, new_id(), now, now + timedelta(minutes=10))
        return access.issue(self.notifications.uow(), asked)

    def refusal(self, ticket: str, after: UUID | None = None) -> int:
        """The status with which a socket is refused."""
        path = f"/api/v1/notifications/ws?ticket={ticket}" + (f"&after={after}" if after else "")
        headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}  # fmt: skip
        return requests.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=5).status_code

    def open_with(self, ticket: str, after: UUID | None = None, **options: Any) -> WebSocket:
        """A socket with that ticket."""
        url = f"ws://127.0.0.1:{self.port}/api/v1/notifications/ws?ticket={ticket}"
        return create_connection(url if after is None else f"{url}&after={after}", timeout=10, **options)

    def kill(self) -> None:
        """As a crash would; the parent, too, so that nothing starts again."""
        if self.process.poll() is None:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            for pid in (self.process.pid, *map(int, children)):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> None:
        """As the engine does."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


@pytest.fixture(scope="module")
def replica(notifications: Notifications, notifications_broker: Broker) -> Iterator[Replica]:
    """One process, for those who do not stop it."""
    running = Replica(notifications, notifications_broker)
    yield running
    running.stop()


def test_replay_then_live(replica: Replica, tell: Callable[[User], str]) -> None:
    """What was missed, in order, then what comes: each once, with all that a client shows."""
    user = replica.notifications.add_user()
    missed = [tell(user) for _ in range(3)]
    client = replica.open(user, after=UUID(missed[0]))
    messages = [json.loads(client.recv()) for _ in range(2)]
    fresh = tell(user)
    messages.append(json.loads(client.recv()))
    assert [message["id"] for message in messages] == [*missed[1:], fresh]
    assert set(messages[0]) == {"id", "kind", "title", "body", "order_id", "created_at"}
    hang_up(client)


def test_without_after_nothing_is_replayed(replica: Replica, tell: Callable[[User], str]) -> None:
    """Only what is new."""
    user = replica.notifications.add_user()
    tell(user)
    client = replica.open(user, after=None)
    fresh = tell(user)
    assert json.loads(client.recv())["id"] == fresh
    hang_up(client)


def test_ticket_opens_one_socket(replica: Replica) -> None:
    """The second try is refused before the socket opens; so is a made-up ticket."""
    user = replica.notifications.add_user()
    ticket = replica.ticket(user)
    hang_up(replica.open_with(ticket))
    for used in (ticket, "made-up"):
        assert replica.refusal(used) == 401


def test_unknown_position_is_refused(replica: Replica) -> None:
    """Before the socket opens, since a client must forget it."""
    user = replica.notifications.add_user()
    assert replica.refusal(replica.ticket(user), after=new_id()) == 422


def test_log_out_closes_the_socket(replica: Replica) -> None:
    """Within the time of the checks, with its code."""
    user = replica.notifications.add_user()
    client = replica.open(user)
    access.end_sessions(replica.notifications.uow(), user.id, None, utc_now() + timedelta(seconds=1))
    assert close_frame(client, seconds=30) == (4402, "logged_out")
    hang_up(client)


@pytest.mark.slow
def test_client_that_does_not_read_is_cut_off(replica: Replica, tell: Callable[[User], str]) -> None:
    """While another socket of the same user gets everything."""
    eventually(lambda: serves(replica, 0))
    user = replica.notifications.add_user()
    small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]
    deaf = replica.open(user, sockopt=small)
    listening = replica.open(user)
    sent = 0
    details = {"lines": [], "total": {"amount": "9" * 60_000, "currency": "EUR"}}
    for _ in range(150):
        order = new_id()
        service.tell(replica.notifications.uow(), user.id, News(Kind.ORDER_SHIPPED, str(order), details, order))
        sent += 1
    tell(user)
    received = [json.loads(listening.recv()) for _ in range(sent + 1)]
    assert len({message["id"] for message in received}) == sent + 1

    eventually(lambda: serves(replica, 1), seconds=SEND_SECONDS + 10)
    hang_up(deaf)
    hang_up(listening)


def serves(replica: Replica, sockets: int) -> None:
    """So many are open, as the process's metrics say."""
    page = requests.get(f"http://127.0.0.1:{replica.port}/metrics", timeout=5).text
    assert f"sockets_open {float(sockets)}\n" in page


@pytest.mark.slow
def test_stopping_process_says_good_bye(notifications: Notifications, notifications_broker: Broker) -> None:
    """1001, so that clients come back to another replica; and it ends in good time."""
    replica = Replica(notifications, notifications_broker)
    client = replica.open(notifications.add_user())
    replica.process.send_signal(signal.SIGTERM)
    assert close_frame(client, seconds=15) == (1001, "stopping")
    hang_up(client)
    assert replica.process.wait(20) == 0
