"""The page at /demo: everything from this host, under a strict policy."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.demo.pages import demo_blueprint


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("test", static_folder=None)
    app.register_blueprint(demo_blueprint())
    return app.test_client()


def test_page_and_all_that_it_loads_are_here(client: FlaskClient) -> None:
    """The script and the style sheet are served by us."""
    page = client.get("/demo/notifications", buffered=True)
    assert page.status_code == 200
    wanted = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(wanted) == 2
    for path in wanted:
        assert (path, client.get(path, buffered=True).status_code) == (path, 200)


def test_policy_allows_our_own_files_alone(client: FlaskClient) -> None:
    """No inline script, no other host, nothing framed."""
    policy = client.get("/demo/notifications", buffered=True).headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_page_keeps_to_its_policy(client: FlaskClient) -> None:
    """No inline script, style or handler, and words are never taken for HTML."""
    page = client.get("/demo/notifications", buffered=True).text
    script = client.get("/demo/static/notifications.js", buffered=True).text
    assert re.search(r"<script>|<style|style=|\son\w+=", page) is None
    assert "innerHTML" not in script
