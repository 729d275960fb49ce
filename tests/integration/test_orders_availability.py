"""The availability check against an HTTP server that answers, is slow, fails, or is not there; the times are real."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.serving import make_server

from apps.orders.availability import PATH, InventoryAvailability
from apps.orders.bootstrap import availability_of
from apps.orders.settings import ApiSettings
from chassis.http.breaker import FAILURES_IN_A_ROW, Breaker
from chassis.http.service_tokens import ServiceTokens
from tests.polling import eventually

ANSWER = [{"sku": "TEA", "available": 3}]
SPARE = 0.25  # a busy machine's share


@dataclass
class Inventory:
    """A server with faults to choose."""

    url: str = ""
    delay: float = 0
    status: int = 200
    failures: int = 0
    asked: list[float] = field(default_factory=list)

    def answer(self) -> ResponseReturnValue:
        self.asked.append(time.monotonic())
        time.sleep(self.delay)
        if len(self.asked) <= self.failures:
            return {}, 500
        return ANSWER, self.status


@dataclass
class Here:
    """A resolver that knows the one server."""

    inventory: Inventory

    def url(self, _service: str) -> str:
        return self.inventory.url


@pytest.fixture
def inventory() -> Iterator[Inventory]:
    """The server, well for now."""
    server, app = Inventory(), Flask("inventory")
    app.add_url_rule(PATH, view_func=server.answer)
    http = make_server("127.0.0.1", 0, app, threaded=True)
    http.daemon_threads = True  # type: ignore[attr-defined]
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield server
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def breaker() -> Breaker:
    """A breaker that tries again soon."""
    return Breaker("inventory-api", reset_seconds=1)


@pytest.fixture
def availability(inventory: Inventory, breaker: Breaker, monkeypatch: pytest.MonkeyPatch) -> InventoryAvailability:
    """With the limits that the service has by default."""
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", "none")
    monkeypatch.setenv("MONGO_URL", "mongodb://nobody")
    monkeypatch.setenv("OAUTH_CLIENT_ID", "orders")
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", "secret")
    tokens = ServiceTokens(lambda: {"access_token": "token", "expires_in": 600})
    return availability_of(ApiSettings(), Here(inventory), breaker, tokens)  # type: ignore[arg-type] # no Consul here


def timed(availability: InventoryAvailability) -> tuple[object, float]:
    started = time.monotonic()
    return availability.of(["TEA"]), time.monotonic() - started


def test_well(inventory: Inventory, availability: InventoryAvailability) -> None:
    """One question, one answer."""
    assert availability.of(["TEA"]) == {"TEA": 3}
    assert len(inventory.asked) == 1


def test_one_failure_is_not_seen(inventory: Inventory, availability: InventoryAvailability, breaker: Breaker) -> None:
    """A second attempt comes within the budget."""
    inventory.failures = 1
    assert availability.of(["TEA"]) == {"TEA": 3}
    assert (len(inventory.asked), breaker.problem) == (2, None)


@pytest.mark.parametrize(("delay", "status"), [(2.0, 200), (0.0, 500), (0.29, 503)])
def test_slow_or_failing(
    inventory: Inventory, availability: InventoryAvailability, breaker: Breaker, delay: float, status: int
) -> None:
    """No answer costs half a second at most; after some, nothing, until the breaker has tried again."""
    inventory.delay, inventory.status = delay, status
    for _ in range(FAILURES_IN_A_ROW):
        answer, seconds = timed(availability)
        assert answer is None
        assert seconds < 0.5 + SPARE
    assert breaker.problem == "the circuit breaker is open"
    asked = len(inventory.asked)
    assert availability.of(["TEA"]) is None
    assert len(inventory.asked) == asked

    def assert_well() -> None:
        assert availability.of(["TEA"]) == {"TEA": 3}

    inventory.delay, inventory.status = 0.0, 200
    eventually(assert_well)
    assert breaker.problem is None


def test_stopped(inventory: Inventory, availability: InventoryAvailability) -> None:
    """A refused connection is no answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        inventory.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        answer, seconds = timed(availability)
    assert answer is None
    assert seconds < 0.5 + SPARE
