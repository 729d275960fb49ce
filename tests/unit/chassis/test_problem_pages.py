"""The pages that the gateway shows for what it refuses by itself."""

import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chassis.http.problems import problem_pages

TRACE = "ab" * 16


@pytest.fixture
def client() -> FlaskClient:
    """Asks as the gateway does."""
    app = Flask("pages")
    app.register_blueprint(problem_pages())
    return app.test_client()


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "not_found"), (413, "body_too_large"), (429, "rate_limited"), (502, "bad_gateway"), (503, "unavailable")],
)
def test_page(client: FlaskClient, status: int, code: str) -> None:
    """The status, and its stable code."""
    answer = client.get(f"/internal/problems/{status}")
    assert answer.status_code == answer.get_json()["status"] == status
    assert answer.get_json()["code"] == code
    assert answer.mimetype == "application/problem+json"
    assert answer.headers.get("Retry-After") == ("1" if status == 429 else None)


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
def test_any_method(client: FlaskClient, method: str) -> None:
    """What is not there is not there by any method."""
    assert client.open("/internal/problems/404", method=method).status_code == 404


def test_path_without_query(client: FlaskClient) -> None:
    """The problem names the path that was asked, wherever the gateway says it, but not the secrets of its query."""
    by_query = client.get("/internal/problems/502?url=http%3A%2F%2Fgateway%2Fa%3Fticket%3Dsecret")
    by_header = client.get("/internal/problems/429", headers={"X-Forwarded-Uri": "/a?ticket=secret"})
    by_replacement = client.get("/internal/problems/404", headers={"X-Replaced-Path": "/a"})
    assert {answer.get_json()["instance"] for answer in (by_query, by_header, by_replacement)} == {"/a"}


def test_names_of_the_request(client: FlaskClient) -> None:
    """Request id and trace are those that the edge has made, or the page makes an id."""
    headers = {"X-Request-ID": "one", "traceparent": f"00-{TRACE}-{'cd' * 8}-01"}
    answer = client.get("/internal/problems/502", headers=headers)
    assert (answer.headers["X-Request-ID"], answer.get_json()["trace_id"]) == ("one", TRACE)
    assert uuid.UUID(client.get("/internal/problems/429").headers["X-Request-ID"]).version
