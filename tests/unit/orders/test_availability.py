"""What orders makes of inventory's answers about availability."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests
import responses

from apps.orders.availability import PATH, InventoryAvailability
from chassis.http.breaker import FAILURES_IN_A_ROW, Breaker
from chassis.http.client import ServiceClient

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


@pytest.fixture
def availability() -> InventoryAvailability:
    """One attempt for each question, and a breaker that stays open."""
    breaker = Breaker("inventory-api", reset_seconds=3600)
    return InventoryAvailability(ServiceClient("inventory-api", OneInstance(), attempts=1, breaker=breaker))  # type: ignore[arg-type]


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
