"""Replicas come and go, and Consul too: requests are shared out, and none is lost."""

import json
import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import requests

from tests.e2e.client import Client
from tests.e2e.containers import address
from tests.e2e.registry import assert_full, assert_routed, instances, registered
from tests.e2e.stack import compose, docker
from tests.freezing import freeze
from tests.polling import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

API = "inventory-api"
LEAVES_WITHIN = 10.0
FULL_WITHIN = 15.0
CONSUL_AWAY_SECONDS = 60.0


def scale(replicas: int) -> None:
    """Changes the number of replicas; what is too many is stopped as for good."""
    compose("up", "--detach", "--no-deps", "--no-recreate", "--scale", f"{API}={replicas}", API)


def kill(container: str) -> None:
    """Ends it without a word."""
    docker("kill", container)


def pause(container: str) -> None:
    """Has it hang."""
    freeze(lambda: docker("pause", container))


def containers() -> list[str]:
    """The running replicas."""
    return compose("ps", "--quiet", "--status", "running", API).split()


def served_by(client: Client, requests_to_send: int, wait: float = 10) -> list[str]:
    """The replicas that answered some requests one after the other, in that order, by the access log."""
    mark = uuid.uuid4().hex[:12].upper()
    for number in range(requests_to_send):
        client.call("GET", f"/api/v1/products/{mark}-{number}")

    def logged() -> list[str]:
        log = compose("logs", "--no-log-prefix", "--since", "1m", "traefik").splitlines()
        lines = [json.loads(line) for line in log if f"/{mark}-" in line]
        assert len(lines) == requests_to_send
        return [line["ServiceAddr"].partition(":")[0] for line in sorted(lines, key=lambda line: line["StartUTC"])]

    return eventually(logged, seconds=wait)


@dataclass
class Load:
    """GETs and POSTs in some threads, until told to stop; what was no good answer is kept."""

    client: Client
    body: dict[str, object] | None = None
    answered: int = 0
    failures: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """One thread's requests."""
        base, headers = self.client.base, dict(self.client.session.headers)
        while not self.stopping.is_set():
            try:
                answer = (
                    requests.get(f"{base}/api/v1/products", headers=headers, timeout=30)
                    if self.body is None
                    else requests.post(f"{base}/api/v1/orders", headers=headers, json=self.body, timeout=30)
                )
            except requests.RequestException as error:
                self.failures.append(repr(error))
                continue
            self.answered += 1
            if answer.status_code not in {200, 202}:
                self.failures.append(f"{time.strftime('%X')} {answer.status_code} {answer.text[:200]}")
            self.stopping.wait(0.02)


@contextmanager
def load(client: Client, body: dict[str, object] | None = None, threads: int = 4) -> Iterator[Load]:
    """Load inside the block; after it, all of it was answered well."""
    running = Load(client, body)
    pool = [threading.Thread(target=running.run) for _ in range(threads)]
    for thread in pool:
        thread.start()
    try:
        eventually(lambda: _more_than(running, 20), seconds=30)
        yield running
        seen = running.answered
        eventually(lambda: _more_than(running, seen + threads), seconds=30)
    finally:
        running.stopping.set()
        for thread in pool:
            thread.join()
    assert running.failures == []


def _more_than(running: Load, number: int) -> None:
    assert running.answered > number


def _same(found: object, wanted: object) -> None:
    assert found == wanted


def _unpause() -> None:
    """A paused container can be neither started nor replaced."""
    for container in compose("ps", "--all", "--quiet", "--status", "paused", API).split():
        docker("unpause", container)


@pytest.fixture(scope="module")
def _one_again() -> Iterator[None]:
    """What the tests have made more of is one again in the end."""
    yield
    _unpause()
    scale(1)
    eventually(lambda: _same((len(containers()), len(instances(API))), (1, 1)), seconds=60, interval=0.5)


@pytest.fixture
def two(_one_again: None) -> list[str]:
    """Two replicas, both healthy."""
    _unpause()
    scale(2)
    eventually(lambda: _same((len(containers()), len(instances(API))), (2, 2)), seconds=60, interval=0.5)
    return containers()


def assert_shared_out(client: Client, replicas: list[str]) -> None:
    """The gateway asks each of two as often as the other, within some seconds."""
    both = {address(container) for container in replicas}

    def shared() -> None:
        answered = served_by(client, 10)
        assert Counter(answered) == dict.fromkeys(both, 5)

    eventually(shared, seconds=20)


def test_two_replicas_in_turn(anonymous: Client, two: list[str]) -> None:
    """Each answers every other request, through the gateway."""
    assert_shared_out(anonymous, two)


def test_services_share_out_their_calls(manager: Client, customer: Client, two: list[str]) -> None:
    """The client in the chassis asks the replicas in turn: the availability checks of orders reach both."""
    sku = manager.add_product(stock=500)
    customer.settled(customer.place(sku)["id"])

    def shared() -> None:
        before = {container: _availability_answers(container) for container in two}
        for _ in range(10):
            customer.place(sku)
        gained = sorted(_availability_answers(container) - before[container] for container in two)
        assert sum(gained) == 10
        assert gained[0] >= 4

    eventually(shared, seconds=30)  # the caller's list of replicas may be some seconds old


def _availability_answers(container: str) -> int:
    lines = docker("exec", container, "python", "-c", _COUNT).split()
    return int(float(lines[0])) if lines else 0


_COUNT = """
import re, urllib.request
text = urllib.request.urlopen("http://127.0.0.1:8000/metrics").read().decode()
found = re.findall(r'flask_http_request_duration_seconds_count\\{[^}]*availability[^}]*\\} (\\S+)', text)
print(sum(map(float, found)))
"""


@pytest.mark.parametrize("harm", [kill, pause])
def test_lost_replica_costs_no_request(anonymous: Client, two: list[str], harm: Callable[[str], None]) -> None:
    """One that is killed, or hangs, leaves within 10 s, and no idempotent request fails before."""
    victim = two[0]
    gone = address(victim)
    with load(anonymous):
        harm(victim)
        since = time.monotonic()
        eventually(lambda: _same(instances(API) & {gone}, set()), seconds=LEAVES_WITHIN)
        assert time.monotonic() - since < LEAVES_WITHIN
    assert gone not in served_by(anonymous, 6)


def test_new_routes_while_a_replica_hangs_cost_no_request(anonymous: Client, two: list[str]) -> None:
    """Requests that wait for the one that hangs are sent to the other, though the gateway no longer checks for them.

    Of so many, half would go to the same one a second time, and half of these a third.
    """
    assert_shared_out(anonymous, two)
    with load(anonymous, threads=16):
        pause(two[0])
        rule = "traefik.http.routers.passing-by.rule=Path(`/health/live`)"
        with registered("passing-by", address(two[1]), [rule]):
            eventually(lambda: _same(anonymous.call("GET", "/health/live").status_code, 200), seconds=LEAVES_WITHIN)


def test_calls_between_services_outlive_a_replica(manager: Client, customer: Client, two: list[str]) -> None:
    """Orders are taken and confirmed while a replica of inventory's API dies: the chassis asks the other one."""
    sku = manager.add_product(stock=500)
    customer.settled(customer.place(sku)["id"])
    with load(customer, {"lines": [{"sku": sku, "quantity": 1}]}, threads=2):
        kill(two[1])
        eventually(lambda: _same(len(instances(API)), 1), seconds=LEAVES_WITHIN)


def test_scaling_under_load_loses_nothing(manager: Client, customer: Client, two: list[str]) -> None:
    """From two to three replicas and back to one: every request is answered, reads and orders."""
    sku = manager.add_product(stock=5000)
    customer.settled(customer.place(sku)["id"])
    with load(customer, threads=3), load(customer, {"lines": [{"sku": sku, "quantity": 1}]}, threads=1):
        scale(3)
        eventually(lambda: _same(len(instances(API)), 3), seconds=60, interval=0.5)
        scale(1)
        eventually(lambda: _same(len(instances(API)), 1), seconds=60, interval=0.5)


def test_a_minute_without_consul(manager: Client, customer: Client, anonymous: Client) -> None:
    """Nothing stops while Consul is away, and an empty one is full again within 15 s of its start."""
    sku = manager.add_product(stock=5000)
    customer.settled(customer.place(sku)["id"])
    compose("stop", "consul")
    try:
        with load(customer, threads=1), load(customer, {"lines": [{"sku": sku, "quantity": 1}]}, threads=1) as orders:
            orders.stopping.wait(CONSUL_AWAY_SECONDS)
        assert customer.settled(customer.place(sku)["id"])["status"] == "confirmed"
    finally:
        compose("rm", "--force", "--volumes", "consul")
        docker("volume", "rm", f"{os.environ['COMPOSE_PROJECT_NAME']}_consul-data")
        compose("up", "--detach", "--no-deps", "consul")
    eventually(_has_leader, seconds=60)
    eventually(assert_full, seconds=FULL_WITHIN)
    eventually(lambda: assert_routed(anonymous), seconds=FULL_WITHIN)


def _has_leader() -> None:
    status = requests.get(f"http://127.0.0.1:{os.environ['CONSUL_PORT']}/v1/status/leader", timeout=2)
    assert ":" in status.text
