"""The documents, for anybody, through the gateway."""

import pytest

from catalogue import SERVICES
from tests.e2e.client import Client


@pytest.mark.parametrize(("path", "words"), [("/docs", "swagger-ui-bundle.js"), ("/docs/events", "<asyncapi-viewer")])
def test_pages_are_public(anonymous: Client, path: str, words: str) -> None:
    """No token is needed, and nothing may come from another host."""
    answer = anonymous.call("GET", path)
    assert answer.status_code == 200
    assert words in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("service", SERVICES)
def test_openapi_documents_are_public(anonymous: Client, service: str) -> None:
    """Swagger UI reads them in the browser of somebody who is not signed in."""
    answer = anonymous.call("GET", f"/api/v1/{service}/openapi.json")
    assert answer.json()["openapi"].startswith("3.1")


def test_events_are_public(anonymous: Client) -> None:
    """The page of the events reads its document from beside it."""
    assert set(anonymous.call("GET", "/docs/events/asyncapi.json").json()["channels"]) == set(SERVICES)


def test_docs_lead_nowhere_else(anonymous: Client) -> None:
    """The container that serves them also checks tokens; that is not for clients."""
    for path in ("/docs/%2e%2e/verify", "/docs/../metrics", "/docs/health/live", "/docs/verify", "/docsy"):
        assert anonymous.call("GET", path).status_code == 404, path
