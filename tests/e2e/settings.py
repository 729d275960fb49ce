"""The settings of the running stack, changed as operators do, and who has followed."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.containers import readiness
from tests.e2e.stack import compose
from tests.polling import eventually

FOLLOWS_SECONDS = 5.0
# Every process that has settings, and the port of its /health/ready.
PROCESSES = {
    "forwardauth": 8000, "users-api": 8000, "orders-api": 8000, "inventory-api": 8000, "config": 8000,
    "notifications-api": 8000, "users-worker": 9100, "orders-worker": 9100, "inventory-worker": 9100,
    "notifications-worker": 9100, "scheduler": 9100,
}  # fmt: skip


def config(*arguments: str) -> str:
    """One of the operators' commands; returns what it prints."""
    return compose("exec", "-T", "config", "python", "-m", "config.commands", *arguments)


def newest() -> str:
    """The newest commit."""
    return config("log", "--limit", "1").split()[0]


def change(application: str, key: str, value: str) -> str:
    """Sets a value as an operator does; returns the commit."""
    return config("set", "--author", "a tester", application, key, value).split()[0]


def commits(service: str) -> set[str]:
    """The commits that the containers of the service run."""
    return {str(each["configuration"]["commit"]) for each in readiness(service, PROCESSES[service])}


def followed(commit: str, *services: str, seconds: float = FOLLOWS_SECONDS) -> None:
    """Waits until every container of these services runs the commit."""

    def all_of_them() -> None:
        assert {service: commits(service) for service in services} == {service: {commit} for service in services}

    eventually(all_of_them, seconds=seconds)


@contextmanager
def restored() -> Iterator[str]:
    """Gives the commit that all run now; its settings are back after the block."""
    before = newest()
    followed(before, *PROCESSES, seconds=60)
    try:
        yield before
    finally:
        if config("diff", before, newest()):
            config("rollback", before)
