"""/api/v1/auth, over fakes."""

import pytest
from flask.testing import FlaskClient

from tests.unit.users.calls import bearer, log_in, post, register
from tests.unit.users.fakes import Clock


def test_refresh(client: FlaskClient) -> None:
    """A refresh token is worth a new pair, which no cache may keep."""
    register(client)
    first = log_in(client).json
    answer = post(client, "/api/v1/auth/refresh", {"refresh_token": first["refresh_token"]})
    assert answer.status_code == 200
    assert answer.json.keys() == first.keys()
    assert answer.json["refresh_token"] != first["refresh_token"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_spent_refresh_token(client: FlaskClient, clock: Clock) -> None:
    """Used again at once it gets the same answer, later the whole family is refused."""
    register(client)
    spent = log_in(client).json["refresh_token"]
    first, again = (post(client, "/api/v1/auth/refresh", {"refresh_token": spent}) for _ in range(2))
    assert again.json == first.json
    clock.turn(seconds=6)
    late = post(client, "/api/v1/auth/refresh", {"refresh_token": spent})
    assert (late.status_code, late.json["code"]) == (401, "refresh_token_reused")
    newest = post(client, "/api/v1/auth/refresh", {"refresh_token": first.json["refresh_token"]})
    assert (newest.status_code, newest.json["code"]) == (401, "refresh_token_invalid")


@pytest.mark.parametrize("body", [{}, {"refresh_token": 1}, {"refresh_token": None}, {"refresh_token": "x", "more": 1}])
def test_unfit_refresh(client: FlaskClient, body: dict[str, object]) -> None:
    """The body holds the token and nothing else."""
    answer = post(client, "/api/v1/auth/refresh", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")


@pytest.mark.parametrize("path", ["/api/v1/auth/logout", "/api/v1/auth/logout-all"])
def test_log_out(client: FlaskClient, path: str) -> None:
    """After a log-out the refresh token is worth nothing."""
    register(client)
    pair = log_in(client).json
    answer = client.post(path, headers=bearer(pair))
    assert (answer.status_code, answer.data) == (204, b"")
    refused = post(client, "/api/v1/auth/refresh", {"refresh_token": pair["refresh_token"]})
    assert (refused.status_code, refused.json["code"]) == (401, "refresh_token_invalid")


@pytest.mark.parametrize("path", ["/api/v1/auth/logout", "/api/v1/auth/logout-all"])
def test_log_out_without_token(client: FlaskClient, path: str) -> None:
    """Who says nothing of himself has nothing to end."""
    assert client.post(path).status_code == 401


def test_log_out_ends_one_session(client: FlaskClient) -> None:
    """Another device stays logged in."""
    register(client)
    here, there = log_in(client).json, log_in(client).json
    client.post("/api/v1/auth/logout", headers=bearer(here))
    assert post(client, "/api/v1/auth/refresh", {"refresh_token": there["refresh_token"]}).status_code == 200
