"""Every API under requests that are made up from its document."""

from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from catalogue import SERVICES
from tests.contract.apis import APIS, KNOWN, OWNER, bearer
from tests.made_up_requests import ask_everything

pytestmark = pytest.mark.timeout(300)

# What must be among the answers, so that the test is known to get past the front door.
MET = {
    "config": {("GET /api/v1/config/{application}/{profile}", 200)},
    "inventory": {
        ("GET /api/v1/products/{sku}", 200),
        ("POST /api/v1/products", 201),
        ("POST /api/v1/products/{sku}/stock", 200),
    },
    "notifications": {
        ("GET /api/v1/notifications", 200),
        ("POST /api/v1/notifications/read", 204),
        ("PUT /api/v1/notifications/preferences", 200),
    },
    "orders": {
        ("POST /api/v1/orders", 202),
        ("GET /api/v1/orders/{order_id}/timeline", 200),
        ("PATCH /api/v1/orders/{order_id}", 412),
        ("POST /api/v1/orders/{order_id}/cancel", 202),
        ("POST /api/v1/orders/{order_id}/ship", 409),
    },
    "users": {
        ("POST /api/v1/users", 201),
        ("POST /api/v1/users", 409),
        ("PATCH /api/v1/users/me", 200),
        ("POST /api/v1/users/me/password", 204),
        ("PUT /api/v1/users/{user_id}/roles", 200),
        ("POST /api/v1/users/{user_id}/deactivate", 409),
        ("POST /api/v1/oauth/token", 400),
    },
}


@pytest.fixture(autouse=True)
def _own_metrics() -> Iterator[None]:
    known = set(REGISTRY._collector_to_names)  # noqa: SLF001 - each app registers its metrics; one registry per process
    yield
    for collector in set(REGISTRY._collector_to_names) - known:  # noqa: SLF001 - as above
        REGISTRY.unregister(collector)


@pytest.mark.parametrize("service", SERVICES)
def test_every_answer_is_documented(service: str) -> None:
    """No mistake of the server, and nothing that the document does not tell: status, headers and body."""
    callers = (bearer("customer", user=OWNER), bearer("admin"))
    document = f"/api/v1/{service}/openapi.json"
    met = ask_everything(APIS[service](), document, callers, KNOWN[service], examples=12)
    assert met >= MET[service]
