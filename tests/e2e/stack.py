"""The Compose project under test, for the tests that break something in it."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.freezing import freeze

KILLED: set[str] = set()
"""The services whose processes were killed on purpose."""


def docker(*arguments: str) -> str:
    """Runs docker; returns its output."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def compose(*arguments: str) -> str:
    """Runs docker compose on the project under test; returns its output."""
    return docker("compose", *arguments)


def kill_processes(service: str) -> int:
    """SIGKILL to every process of the service's containers; returns how many processes were killed."""
    return sum(kill_container(service, container) for container in compose("ps", "--quiet", service).split())


def kill_container(service: str, container: str) -> int:
    """SIGKILL to every process in one container of the service, as a crash would: the restart policy then acts.

    `docker kill` would count as a stop by hand. Returns how many processes were killed.
    """
    KILLED.add(service)
    top = docker("top", container, "-o", "pid,comm")
    processes = [line.split(maxsplit=1) for line in top.splitlines()[1:]]
    killed = [int(pid) for pid, command in processes if not command.startswith(("docker-init", "tini"))]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    return len(killed)


@contextmanager
def paused(service: str) -> Iterator[None]:
    """The service's processes stand still inside the block: connections hang, nothing answers."""
    freeze(lambda: compose("pause", service))
    try:
        yield
    finally:
        compose("unpause", service)


@contextmanager
def _away(service: str, how: str) -> Iterator[None]:
    compose(how, service)
    try:
        yield
    finally:
        compose("up", "--detach", "--wait", "--no-deps", "--no-recreate", service)


def stopped(service: str) -> AbstractContextManager[None]:
    """The service is stopped inside the block, and healthy again after it."""
    return _away(service, "stop")


def killed(service: str) -> AbstractContextManager[None]:
    """The service's containers are killed without a word, and stay so inside the block; healthy again after it."""
    return _away(service, "kill")
