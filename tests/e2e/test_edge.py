"""The edge: who is let in, and what nobody can smuggle past it."""

import uuid

import pytest

from tests.e2e.client import Client


@pytest.mark.parametrize("path", ["/api/v1/orders", "/api/v1/users/me", "/api/v1/products/ABC/stock"])
def test_without_a_token_nothing_private_answers(anonymous: Client, path: str) -> None:
    """401 as problem+json, with the challenge."""
    answer = anonymous.call("GET", path)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("name", ["X-User-Id", "x-user-id", "X-USER-ROLES", "X-User-Scope"])
def test_identity_headers_of_clients_mean_nothing(anonymous: Client, name: str) -> None:
    """Only the edge says who asks."""
    headers = {name: str(uuid.uuid4()), "X-User-Roles": "admin"}
    assert anonymous.call("GET", "/api/v1/orders", headers=headers).status_code == 401


def test_request_id_is_made_at_the_edge(anonymous: Client) -> None:
    """Every answer carries one; a client's own is not believed."""
    answer = anonymous.call("GET", "/api/v1/products", headers={"X-Request-ID": "mine"})
    assert uuid.UUID(answer.headers["X-Request-ID"]).version is not None


def test_customer_may_not_manage(customer: Client) -> None:
    """Roles are checked by the services themselves."""
    answer = customer.call("POST", "/api/v1/products", json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "path", ["/metrics", "/health/ready", "/internal/availability", "/internal/products", "/verify"]
)
def test_inner_paths_are_not_routed(anonymous: Client, path: str) -> None:
    """What is for operators or for other services ends at the edge."""
    assert anonymous.call("GET", path).status_code == 404
