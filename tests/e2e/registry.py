"""Who is registered in Consul, and which routes the gateway makes of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.e2e.client import Client

REGISTERED = {
    "config", "forwardauth", "inventory-api", "inventory-worker", "notifications-api", "notifications-worker",
    "orders-api", "orders-worker", "scheduler", "users-api", "users-worker",
}  # fmt: skip
# What a path of each API answers to nobody; 503 while its route is away.
ROUTES = {
    "/.well-known/jwks.json": 200, "/docs": 200, "/api/v1/products": 200, "/api/v1/orders": 401,
    "/api/v1/notifications": 401, "/api/v1/config/log": 401,
}  # fmt: skip


def _consul(method: str, path: str, body: object = None) -> requests.Response:
    answer = requests.request(
        method,
        f"http://127.0.0.1:{os.environ['CONSUL_PORT']}/v1/{path}",
        headers={"X-Consul-Token": os.environ["CONSUL_HTTP_TOKEN"]},
        json=body,
        timeout=5,
    )
    answer.raise_for_status()
    return answer


def instances(service: str) -> set[str]:
    """The addresses that Consul has as healthy."""
    return {each["Service"]["Address"] for each in _consul("GET", f"health/service/{service}?passing=true").json()}


@contextmanager
def registered(name: str, address: str, tags: list[str]) -> Iterator[None]:
    """One more service at port 8000 of an address, without a check, as long as the block lasts."""
    entry = {"Name": name, "ID": name, "Address": address, "Port": 8000, "Tags": ["traefik.enable=true", *tags]}
    _consul("PUT", "agent/service/register", entry)
    try:
        yield
    finally:
        _consul("PUT", f"agent/service/deregister/{name}")


def assert_full() -> None:
    """Everybody has a healthy instance."""
    assert {service for service in REGISTERED if instances(service)} == REGISTERED


def assert_routed(anonymous: Client) -> None:
    """The gateway leads to every API; it may hear of one a second after another."""
    assert {path: anonymous.call("GET", path).status_code for path in ROUTES} == ROUTES
