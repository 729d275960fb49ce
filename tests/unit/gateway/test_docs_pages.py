"""The pages at /docs: everything from this host, under a strict policy."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.docs.pages import docs_blueprint


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("test", static_folder=None)
    app.register_blueprint(docs_blueprint())
    return app.test_client()


@pytest.mark.parametrize("page", ["/docs", "/docs/events"])
def test_page_and_all_that_it_loads_are_here(client: FlaskClient, page: str) -> None:
    """Each script, style sheet and icon is served by us."""
    answer = client.get(page, buffered=True)
    assert answer.status_code == 200
    wanted = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert len(wanted) > 4
    for path in wanted:
        assert (path, client.get(path, buffered=True).status_code) == (path, 200)


def test_events_are_the_committed_document(client: FlaskClient) -> None:
    """The same file that the contract tests check."""
    assert client.get("/docs/events/asyncapi.json", buffered=True).get_json()["asyncapi"] == "3.0.0"


def test_policy_allows_no_other_host(client: FlaskClient) -> None:
    """No script but our own, nothing framed, nothing sent elsewhere."""
    policy = client.get("/docs", buffered=True).headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "http" not in policy


@pytest.mark.parametrize("path", ["/docs/static/../pages.py", "/docs/swagger-ui/../../x", "/docs/elsewhere/a.js"])
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    """Neither sources nor other packages."""
    assert client.get(path, buffered=True).status_code == 404
