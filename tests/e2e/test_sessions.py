"""Sessions through the gateway: sign-up, log-in, refresh, theft, log-out, and OAuth 2.0."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session

from tests.e2e.client import PASSWORD, Client, new_email
from tests.polling import eventually

GRACE_SECONDS = 5


@pytest.fixture
def email(anonymous: Client) -> str:
    """The address of a new customer."""
    email = new_email()
    account = {"email": email, "password": PASSWORD, "name": "A Customer"}
    assert anonymous.sign_in("/api/v1/users", account).status_code == 201
    return email


def log_in(client: Client, email: str) -> dict[str, Any]:
    answer = client.sign_in("/api/v1/auth/login", {"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    pair: dict[str, Any] = answer.json()
    return pair


def refresh(client: Client, token: str) -> requests.Response:
    return client.call("POST", "/api/v1/auth/refresh", json={"refresh_token": token})


def test_refresh_rotates(anonymous: Client, email: str) -> None:
    """A refresh token is worth one new pair, whose access token opens the API."""
    first = log_in(anonymous, email)
    second = refresh(anonymous, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    headers = {"Authorization": f"Bearer {second['access_token']}"}
    assert anonymous.call("GET", "/api/v1/orders", headers=headers).status_code == 200


def test_overlapping_refreshes_get_one_answer(anonymous: Client, email: str) -> None:
    """Two requests of one client that overlap both succeed, with the same pair."""
    token = log_in(anonymous, email)["refresh_token"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: refresh(Client(anonymous.base), token), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert all(answer.json() == answers[0].json() for answer in answers)


def test_stolen_refresh_token(anonymous: Client, email: str) -> None:
    """Who uses a spent token after the grace ends the session, also for the one who has the newest."""
    stolen = log_in(anonymous, email)["refresh_token"]
    newest = refresh(anonymous, stolen).json()["refresh_token"]
    spent_at = time.monotonic()

    def grace_is_over() -> None:
        assert time.monotonic() - spent_at > GRACE_SECONDS + 0.5

    eventually(grace_is_over)
    late = refresh(anonymous, stolen)
    assert (late.status_code, late.json()["code"]) == (401, "refresh_token_reused")
    assert refresh(anonymous, newest).json()["code"] == "refresh_token_invalid"


@pytest.mark.parametrize("path", ["/api/v1/auth/logout", "/api/v1/auth/logout-all"])
def test_log_out(anonymous: Client, email: str, path: str) -> None:
    """One session ends, or all of them."""
    here, there = log_in(anonymous, email), log_in(anonymous, email)
    answer = anonymous.call("POST", path, headers={"Authorization": f"Bearer {here['access_token']}"})
    assert answer.status_code == 204
    assert refresh(anonymous, here["refresh_token"]).json()["code"] == "refresh_token_invalid"
    assert refresh(anonymous, there["refresh_token"]).status_code == (401 if path.endswith("all") else 200)


def test_oauth(anonymous: Client, email: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stock client logs in, calls the API, refreshes, and revokes."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # it would insist on TLS
    endpoint = f"{anonymous.base}/api/v1/oauth/token"
    with OAuth2Session(token_endpoint_auth_method="none", token_endpoint=endpoint) as session:
        session.fetch_token(endpoint, username=email, password=PASSWORD, grant_type="password")
        assert session.get(f"{anonymous.base}/api/v1/users/me").json()["email"] == email
        newer = session.refresh_token(endpoint, refresh_token=session.token["refresh_token"])
        session.revoke_token(f"{anonymous.base}/api/v1/oauth/revoke", newer["refresh_token"]).raise_for_status()
    assert refresh(anonymous, newer["refresh_token"]).status_code == 401


def test_demo_client(anonymous: Client) -> None:
    """The demo client of .env gets a token for itself, signed with a published key by the issuer of the metadata."""
    answer = anonymous.call(
        "POST",
        "/api/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(os.environ["DEMO_CLIENT_ID"], os.environ["DEMO_CLIENT_SECRET"]),
    )
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    metadata = anonymous.call("GET", "/.well-known/oauth-authorization-server").json()
    key = jwt.PyJWKClient(f"{anonymous.base}/.well-known/jwks.json").get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, ["RS256"], audience="quadrille-api", issuer=metadata["issuer"])
    assert claims["client_id"] == os.environ["DEMO_CLIENT_ID"]
    refused = anonymous.call("GET", "/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 401
