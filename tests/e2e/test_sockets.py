"""Live messages through the gateway: two replicas, one of which dies, and sessions that end."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
import requests
from websocket import WebSocket, WebSocketException, create_connection

from tests.e2e.client import Client
from tests.e2e.stack import compose, kill_container
from tests.polling import eventually
from tests.sockets import close_frame, hang_up

USERS, SOCKETS_EACH, ORDERS_EACH = 50, 4, 10
FROM_THE_BEGINNING = "00000000-0000-0000-0000-000000000000"
SERVICE = "notifications-api"


def open_socket(client: Client, after: str | None = None) -> WebSocket:
    """A socket of the user, with a fresh ticket."""
    answer = client.call("POST", "/api/v1/notifications/ticket")
    assert answer.status_code == 200, answer.text
    query = f"?ticket={answer.json()['ticket']}" + (f"&after={after}" if after else "")
    url = f"{client.base.replace('http', 'ws', 1)}/api/v1/notifications/ws{query}"
    return create_connection(url, timeout=5)


@dataclass
class Listener:
    """A client that comes back after each loss of the connection, with the last id that it has seen."""

    client: Client
    received: list[dict[str, str]] = field(default_factory=list)
    connections: int = 0
    stopping: bool = False

    def run(self) -> None:
        while not self.stopping:
            try:
                self._listen()
            except (WebSocketException, OSError, requests.RequestException, AssertionError):
                threading.Event().wait(0.3)

    def _listen(self) -> None:
        last = self.received[-1]["id"] if self.received else FROM_THE_BEGINNING
        socket = open_socket(self.client, last)
        self.connections += 1
        socket.settimeout(1)
        try:
            while not self.stopping:
                try:
                    text = socket.recv()
                except TimeoutError:
                    continue
                except WebSocketException as error:
                    if "timed out" in str(error):
                        continue
                    raise
                if not text:
                    return
                self.received.append(json.loads(text))
        finally:
            hang_up(socket)


@pytest.fixture
def two_replicas() -> Iterator[list[str]]:
    """The ids of the API's two containers; afterwards there is one again."""
    compose("up", "--detach", "--wait", "--no-deps", "--no-recreate", "--scale", f"{SERVICE}=2", SERVICE)
    yield compose("ps", "--quiet", SERVICE).split()
    compose("up", "--detach", "--wait", "--no-deps", "--no-recreate", "--scale", f"{SERVICE}=1", SERVICE)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_client_gets_everything_once(two_replicas: list[str], manager: Client, gateway: str) -> None:
    """200 sockets of 50 users, 500 orders, and one of the two replicas killed in the middle."""
    sku = manager.add_product(stock=USERS * ORDERS_EACH)
    with ThreadPoolExecutor(8) as pool:
        users = list(pool.map(lambda _: Client(gateway).sign_up(), range(USERS)))
        users[0].ask(sku, USERS * ORDERS_EACH * 2)  # waits until the orders service knows the product
        listeners = [Listener(user) for user in users for _ in range(SOCKETS_EACH)]
        threads = [threading.Thread(target=listener.run, daemon=True) for listener in listeners]
        for thread in threads:
            thread.start()
        eventually(lambda: all_connected(listeners), seconds=60)
        half = ORDERS_EACH // 2
        placed = list(pool.map(lambda user: [user.place(sku)["id"] for _ in range(half)], users))
        kill_container(SERVICE, two_replicas[0])
        placed += list(pool.map(lambda user: [user.place(sku)["id"] for _ in range(ORDERS_EACH - half)], users))
    orders = {user: {*placed[index], *placed[index + USERS]} for index, user in enumerate(map(id, users))}
    try:
        eventually(lambda: all_complete(listeners), seconds=90, interval=0.5)
    finally:
        for listener in listeners:
            listener.stopping = True
        for thread in threads:
            thread.join(15)
    assert any(listener.connections > 1 for listener in listeners)
    for listener in listeners:
        ids = [message["id"] for message in listener.received]
        assert len(set(ids)) == len(ids)
        confirmed = [message["order_id"] for message in listener.received if message["kind"] == "order.confirmed"]
        assert (len(confirmed), set(confirmed)) == (ORDERS_EACH, orders[id(listener.client)])
    in_order = {tuple(message["id"] for message in listener.received) for listener in listeners}
    assert len(in_order) == USERS  # all sockets of a user saw the same order


def all_connected(listeners: list[Listener]) -> None:
    assert all(listener.connections for listener in listeners)


def all_complete(listeners: list[Listener]) -> None:
    missing = [ORDERS_EACH + 1 - len(listener.received) for listener in listeners]
    assert sum(missing) <= 0, f"{sum(missing)} of {len(listeners)} clients' messages are missing"


def welcomed(client: Client) -> None:
    assert client.call("GET", "/api/v1/notifications").json()


@pytest.mark.slow
def test_log_out_closes_the_sockets_of_the_session(customer: Client) -> None:
    """Within half a minute, with its code."""
    eventually(lambda: welcomed(customer), seconds=30)  # or the greeting would come on the socket
    socket = open_socket(customer)
    assert customer.call("POST", "/api/v1/auth/logout").status_code == 204
    assert close_frame(socket, seconds=35) == (4402, "logged_out")
    hang_up(socket)


def test_socket_needs_a_ticket(anonymous: Client) -> None:
    """Neither nothing nor something made up opens one."""
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}  # fmt: skip
    for query in ("", "?ticket=made-up"):
        answer = anonymous.call("GET", f"/api/v1/notifications/ws{query}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "ticket_invalid")
