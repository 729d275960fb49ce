"""Runs the echo server as one more service behind the gateway: registered in Consul as our APIs are."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.registry import registered

SERVER = (Path(__file__).parent / "echo_server.py").read_text()
ROUTES = {"echo": ("PathPrefix(`/echo/`)", "signed-in@file"),
          "echo-public": ("PathPrefix(`/echo-public/`)", "anonymous@file")}  # fmt: skip


def _docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def echo_service() -> Iterator[None]:
    """The server, routed below /echo/ for the signed-in and below /echo-public/ for all."""
    project = os.environ["COMPOSE_PROJECT_NAME"]
    container = _docker(
        *("run", "--detach", "--rm", "--network", f"{project}_default", "--memory", "64m", "--init"),
        *(f"{project}/chassis:0.1.0", "python", "-c", SERVER),
    )
    try:
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        address = _docker("inspect", "--format", template, container)
        with registered("echo", address, _tags()):
            yield
    finally:
        _docker("rm", "--force", container)


def _tags() -> list[str]:
    return [
        f"traefik.http.routers.{router}.{option}"
        for router, (rule, middleware) in ROUTES.items()
        for option in (f"rule={rule}", "entrypoints=web", f"middlewares={middleware}")
    ]
