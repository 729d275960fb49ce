"""Who is registered in Consul, and which routes the gateway makes of it."""

import os

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


def instances(service: str) -> set[str]:
    """The addresses that Consul has as healthy."""
    answer = requests.get(
        f"http://127.0.0.1:{os.environ['CONSUL_PORT']}/v1/health/service/{service}",
        params={"passing": "true"},
        headers={"X-Consul-Token": os.environ["CONSUL_HTTP_TOKEN"]},
        timeout=5,
    )
    return {each["Service"]["Address"] for each in answer.json()}


def assert_full() -> None:
    """Everybody has a healthy instance."""
    assert {service for service in REGISTERED if instances(service)} == REGISTERED


def assert_routed(anonymous: Client) -> None:
    """The gateway leads to every API; it may hear of one a second after another."""
    assert {path: anonymous.call("GET", path).status_code for path in ROUTES} == ROUTES
