"""The containers of one service, asked directly: what the gateway does not lead to."""

import json
from typing import Any

import requests

from tests.e2e.stack import compose, docker


def containers(service: str) -> list[str]:
    """The ids of the service's running containers."""
    return compose("ps", "--quiet", service).split()


def address(container: str) -> str:
    """The container's address inside the stack's network, which this machine reaches too."""
    [network] = json.loads(docker("inspect", container))[0]["NetworkSettings"]["Networks"].values()
    return str(network["IPAddress"])


def readiness(service: str, port: int) -> list[dict[str, Any]]:
    """What each of its containers answers at /health/ready."""
    urls = [f"http://{address(container)}:{port}/health/ready" for container in containers(service)]
    return [requests.get(url, timeout=5).json() for url in urls]


def logs_since(container: str, moment: str) -> str:
    """The container's log from a moment (RFC 3339) on."""
    return docker("logs", "--since", moment, container)
