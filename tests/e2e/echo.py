"""Runs the echo server as one more service behind the gateway: registered in Consul as our APIs are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.containers import address
from tests.e2e.registry import registered
from tests.e2e.stack import docker

SERVER = (Path(__file__).parent / "echo_server.py").read_text()
ROUTES = {"echo": ("PathPrefix(`/echo/`)", "signed-in@file"),
          "echo-public": ("PathPrefix(`/echo-public/`)", "anonymous@file")}  # fmt: skip


@contextmanager
def echo_service() -> Iterator[None]:
    """The server, routed below /echo/ for the signed-in and below /echo-public/ for all."""
    project = os.environ["COMPOSE_PROJECT_NAME"]
    container = docker(
        *("run", "--detach", "--rm", "--network", f"{project}_default", "--memory", "64m", "--init"),
        *(f"{project}/chassis:0.1.0", "python", "-c", SERVER),
    ).strip()
    try:
        with registered("echo", address(container), _tags()):
            yield
    finally:
        docker("rm", "--force", container)


def _tags() -> list[str]:
    return [
        f"traefik.http.routers.{router}.{option}"
        for router, (rule, middleware) in ROUTES.items()
        for option in (f"rule={rule}", "entrypoints=web", f"middlewares={middleware}")
    ]
