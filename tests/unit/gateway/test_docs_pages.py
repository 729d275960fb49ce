"""The pages at /docs: everything from this host, under a strict policy."""

import base64
import hashlib
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from catalogue import SERVICES
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


def test_policy_lets_pass_the_style_of_the_logo(client: FlaskClient) -> None:
    """It is the only inline style of Swagger UI's layout; another release may bring another."""
    preset = client.get("/docs/swagger-ui/swagger-ui-standalone-preset.js", buffered=True).text
    styles = re.findall(r'createElement\("style",null,"([^"]+)"\)', preset)
    digests = [base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in styles]
    policy = client.get("/docs", buffered=True).headers["Content-Security-Policy"]
    assert re.findall("'sha256-([^']+)'", policy) == digests
    assert "unsafe" not in policy


def test_every_service_can_be_chosen(client: FlaskClient) -> None:
    """The list in the page is that of the services."""
    script = client.get("/docs/static/api.js", buffered=True).text
    offered = re.search(r"services = \[(.*)\]", script)
    assert offered is not None
    assert sorted(re.findall(r'"(\w+)"', offered[1])) == sorted(SERVICES)


@pytest.mark.parametrize("path", ["/docs/static/../pages.py", "/docs/swagger-ui/../../x", "/docs/elsewhere/a.js"])
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    """Neither sources nor other packages."""
    assert client.get(path, buffered=True).status_code == 404
