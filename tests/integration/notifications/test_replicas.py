"""Two API processes, one of which dies: each client comes back to the other and has everything once."""

import itertools
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from websocket import WebSocketException

from apps.notifications.domain.notifications import User
from apps.notifications.domain.sockets import FROM_THE_BEGINNING
from tests.integration.notifications.conftest import Notifications
from tests.integration.notifications.test_sockets import Replica
from tests.integration.servers import Broker
from tests.polling import eventually
from tests.sockets import hang_up

USERS, SOCKETS_EACH, TOLD_EACH = 10, 4, 12


@dataclass
class Listener:
    """A client that comes back after each loss of the connection, with the last id that it has seen."""

    user: User
    replicas: "itertools.cycle[Replica]"
    received: list[str] = field(default_factory=list)
    connections: int = 0
    stopping: bool = False

    def run(self) -> None:
        while not self.stopping:
            try:
                self._listen()
            except (WebSocketException, OSError):
                time.sleep(0.2)

    def _listen(self) -> None:
        last = UUID(self.received[-1]) if self.received else FROM_THE_BEGINNING
        client = next(self.replicas).open(self.user, after=last)
        self.connections += 1
        try:
            client.settimeout(0.5)
            while not self.stopping:
                try:
                    text = client.recv()
                except TimeoutError:
                    continue
                except WebSocketException as error:
                    if "timed out" in str(error):
                        continue
                    raise
                if not text:
                    return
                self.received.append(json.loads(text)["id"])
        finally:
            hang_up(client)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_every_client_gets_everything_once(
    notifications: Notifications, notifications_broker: Broker, tell: Callable[[User], str]
) -> None:
    """40 sockets of 10 users on two processes; one is killed in the middle."""
    replicas = [Replica(notifications, notifications_broker) for _ in range(2)]
    users = [notifications.add_user() for _ in range(USERS)]
    turns = itertools.cycle(range(2))
    listeners = [
        Listener(user, itertools.cycle(replicas if next(turns) else replicas[::-1]))
        for user in users
        for _ in range(SOCKETS_EACH)
    ]
    threads = [threading.Thread(target=listener.run, daemon=True) for listener in listeners]
    for thread in threads:
        thread.start()
    told: dict[UUID, list[str]] = {user.id: [] for user in users}
    try:
        eventually(lambda: assert_connected(listeners), seconds=60)
        for number in range(TOLD_EACH):
            if number == TOLD_EACH // 2:
                replicas[0].kill()
            for user in users:
                told[user.id].append(tell(user))
        eventually(lambda: assert_complete(listeners), seconds=60)
    finally:
        for listener in listeners:
            listener.stopping = True
        for thread in threads:
            thread.join(20)
        replicas[0].kill()
        replicas[1].stop()
    assert sum(listener.connections > 1 for listener in listeners) >= len(listeners) // 2
    assert [listener.received for listener in listeners] == [told[listener.user.id] for listener in listeners]


def assert_connected(listeners: list[Listener]) -> None:
    assert all(listener.connections for listener in listeners)


def assert_complete(listeners: list[Listener]) -> None:
    assert sum(TOLD_EACH - len(listener.received) for listener in listeners) <= 0
