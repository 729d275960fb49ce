"""What operators see: workers in Flower, queues in RabbitMQ, targets in Prometheus."""

import os
from collections.abc import Callable

import requests

from tests.e2e.stack import compose
from tests.polling import eventually

Port = Callable[[str], str]
PROCESSES = {"users-api", "users-worker", "orders-api", "orders-worker", "inventory-api", "inventory-worker",
             "notifications-api", "notifications-worker",
             "forwardauth", "scheduler"}  # fmt: skip


def test_prometheus_scrapes_every_api_and_worker(port: Port) -> None:
    """Found by Consul, and up."""

    def all_up() -> None:
        answer = requests.get(f"{port('PROMETHEUS')}/api/v1/query", params={"query": "up == 1"}, timeout=5)
        jobs = {each["metric"]["job"] for each in answer.json()["data"]["result"]}
        assert jobs >= PROCESSES | {"rabbitmq", "traefik"}

    eventually(all_up, seconds=60)


def test_flower_shows_the_workers(port: Port) -> None:
    """Behind its log-in, all of them are online."""
    assert requests.get(f"{port('FLOWER')}/workers", timeout=5).status_code == 401
    credentials = (os.environ["FLOWER_USER"], os.environ["FLOWER_PASSWORD"])

    def online() -> None:
        page = requests.get(f"{port('FLOWER')}/metrics", auth=credentials, timeout=5).text
        assert page.count("flower_worker_online{") >= 4

    eventually(online, seconds=60)


def test_rabbitmq_shows_the_queues(port: Port) -> None:
    """The monitoring user sees them and that each has a consumer."""
    credentials = ("monitoring", os.environ["RABBITMQ_MONITORING_PASSWORD"])

    def consumed() -> None:
        queues = requests.get(f"{port('RABBITMQ_UI')}/api/queues/quadrille", auth=credentials, timeout=5).json()
        consumers = {queue["name"]: queue.get("consumers", 0) for queue in queues}
        assert all(consumers[name] > 0 for name in ("inventory.orders", "orders.inventory"))

    eventually(consumed, seconds=60)


def test_scheduled_tasks_run(port: Port) -> None:
    """The scheduler sends, the workers do: sweeping and expiring show up as tasks that succeeded."""
    credentials = (os.environ["FLOWER_USER"], os.environ["FLOWER_PASSWORD"])

    def done() -> None:
        page = requests.get(f"{port('FLOWER')}/metrics", auth=credentials, timeout=5).text
        succeeded = [line for line in page.splitlines() if 'type="task-succeeded"' in line]
        for task in ("workers.orders.tasks.sweep_stale_orders", "workers.inventory.tasks.expire_holds"):
            assert any(task in line for line in succeeded)

    eventually(done, seconds=60)


def test_flower_remembers_over_a_restart(port: Port) -> None:
    """What it has seen of tasks is there again after a restart, behind the same log-in."""
    credentials = (os.environ["FLOWER_USER"], os.environ["FLOWER_PASSWORD"])

    def tasks() -> set[str]:
        answer = requests.get(f"{port('FLOWER')}/api/tasks", params={"limit": 1000}, auth=credentials, timeout=5)
        assert answer.status_code == 200
        found = set(answer.json())
        assert found
        return found

    known = eventually(tasks, seconds=60)
    compose("restart", "flower")
    eventually(lambda: overlap(known, tasks()), seconds=60)


def overlap(known: set[str], found: set[str]) -> None:
    assert known & found
