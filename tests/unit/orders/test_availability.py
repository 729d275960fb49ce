"""What orders makes of inventory's answers about availability."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests
import responses

from apps.orders.availability import PATH, InventoryAvailability
from chassis.http.breaker import FAILURES_IN_A_ROW, Breaker
from chassis.http.client import ServiceClient, ServiceUnavailable
from chassis.http.service_tokens import Granted, ServiceTokens

BASE = "http://inventory"


class OneInstance:
    """A resolver that knows one address."""

    def url(self, _service: str) -> str:
        return BASE


@pytest.fixture
def inventory() -> Iterator[responses.RequestsMock]:
    """Inventory's answers."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


class Issuer:
    """Grants tokens by number, unless it is away."""

    def __init__(self) -> None:
        self.granted = 0
        self.away = False

    def grant(self) -> Granted:
        if self.away:
            raise ServiceUnavailable("users-api")
        self.granted += 1
        return {"access_token": f"token-{self.granted}", "expires_in": 600}


@pytest.fixture
def issuer() -> Issuer:
    """Who grants orders its tokens."""
    return Issuer()


@pytest.fixture
def availability(issuer: Issuer) -> InventoryAvailability:
    """One attempt for each question, and a breaker that stays open."""
    breaker = Breaker("inventory-api", reset_seconds=3600)
    client = ServiceClient("inventory-api", OneInstance(), attempts=1, breaker=breaker)  # type: ignore[arg-type] # no Consul
    return InventoryAvailability(client, ServiceTokens(issuer.grant))


def test_definite_answer(inventory: responses.RequestsMock, availability: InventoryAvailability) -> None:
    """All products are asked for at once."""
    inventory.get(BASE + PATH, json=[{"sku": "TEA", "available": 7, "new": 1}, {"sku": "CUP", "available": 0}])
    assert availability.of(["TEA", "CUP"]) == {"TEA": 7, "CUP": 0}
    assert inventory.calls[0].request.url == f"{BASE}{PATH}?sku=TEA&sku=CUP"


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 404, "json": {"code": "not_found"}},
        {"body": "<html>"},
        {"json": [{"sku": "TEA"}]},
        {"json": [{"sku": "TEA", "available": "many"}]},
        {"body": requests.ReadTimeout()},
        {"body": requests.ConnectionError()},
    ],
)
def test_no_answer(
    inventory: responses.RequestsMock, availability: InventoryAvailability, answer: Mapping[str, Any]
) -> None:
    """What is late, failing or nonsense says nothing."""
    inventory.get(BASE + PATH, **answer)
    assert availability.of(["TEA"]) is None


def test_open_breaker(inventory: responses.RequestsMock, availability: InventoryAvailability) -> None:
    """After some failures inventory is not asked any more, even when it would answer."""
    inventory.get(BASE + PATH, status=503)
    for _ in range(FAILURES_IN_A_ROW):
        availability.of(["TEA"])
    inventory.replace(responses.GET, BASE + PATH, json=[{"sku": "TEA", "available": 0}])
    assert availability.of(["TEA"]) is None
    assert len(inventory.calls) == FAILURES_IN_A_ROW


def test_token(inventory: responses.RequestsMock, availability: InventoryAvailability) -> None:
    """Orders says who it is; a token that is refused is not used again."""
    inventory.get(BASE + PATH, json=[])
    inventory.get(BASE + PATH, status=401, json={"code": "unauthenticated"})
    inventory.get(BASE + PATH, json=[])
    answers = [availability.of(["TEA"]) for _ in range(3)]
    assert answers == [{}, None, {}]
    sent = [call.request.headers["Authorization"] for call in inventory.calls]
    assert sent == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_without_token(inventory: responses.RequestsMock, availability: InventoryAvailability, issuer: Issuer) -> None:
    """No token is no answer, and inventory is not asked: the saga decides."""
    issuer.away = True
    assert availability.of(["TEA"]) is None
    assert len(inventory.calls) == 0
