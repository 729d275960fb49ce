"""The token check of the services: what the gateway said before does not count."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chassis.http.auth import caller, install_token_check, requires_role, requires_scope, signed_in
from chassis.http.errors import Problem, problem_response
from chassis.http.keys import REQUIRED_CLAIMS, CachedKeys
from chassis.settings import TokenSettings
from tests.unit.forwardauth.tokens import ADA, Signer


@pytest.fixture(scope="module")
def signer() -> Signer:
    """The key that the users service signs with."""
    return Signer("first")


@pytest.fixture
def client(signer: Signer) -> FlaskClient:
    """Asks an API with three doors."""
    app = Flask("doors")
    install_token_check(app, CachedKeys(lambda: _published(signer)), TokenSettings())
    app.register_error_handler(Problem, problem_response)
    app.add_url_rule("/mine", view_func=signed_in(_who), endpoint="mine")
    app.add_url_rule("/inside", view_func=requires_scope("things:read")(lambda: "things"), endpoint="inside")
    app.add_url_rule("/admin", view_func=requires_role("admin")(_who), endpoint="admin")
    return app.test_client()


def _published(signer: Signer) -> Sequence[Mapping[str, Any]]:
    return [signer.jwk]


def _who() -> str:
    return str(caller().id)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_valid_token(client: FlaskClient, signer: Signer) -> None:
    """The view learns who asks."""
    assert client.get("/mine", headers=bearer(signer.token())).text == str(ADA)


@pytest.mark.parametrize("claim", REQUIRED_CLAIMS)
def test_missing_claim(client: FlaskClient, signer: Signer, claim: str) -> None:
    """A token without an end would be good for ever; one without the other claims proves as little."""
    answer = client.get("/mine", headers=bearer(signer.token(**{claim: None})))
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("change", [{"aud": "another"}, {"iss": "another"}, {"exp": 1}, {"sub": "nobody"}])
def test_wrong_claim(client: FlaskClient, signer: Signer, change: dict[str, Any]) -> None:
    """For another audience, by another issuer, of the past, for no user."""
    answer = client.get("/mine", headers=bearer(signer.token(**change)))
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")


def test_identity_headers_mean_nothing(client: FlaskClient, signer: Signer) -> None:
    """Roles are those of the token."""
    headers = {"X-User-Roles": "admin", "X-User-Id": str(ADA)}
    assert client.get("/admin", headers=headers).status_code == 401
    assert client.get("/admin", headers={**headers, **bearer(signer.token())}).status_code == 403


@pytest.mark.parametrize("scope", ["things:read", "other things:read"])
def test_scope(client: FlaskClient, signer: Signer, scope: str) -> None:
    """A client that was granted the scope comes in, though it is no user."""
    assert client.get("/inside", headers=bearer(signer.token(scope=scope, sub="a-service"))).text == "things"


@pytest.mark.parametrize("scope", ["", "api", "things", "things:reader", "all-things:read"])
def test_other_scopes(client: FlaskClient, signer: Signer, scope: str) -> None:
    """What is for services is not for users, admins included, nor for clients with other scopes."""
    answer = client.get("/inside", headers=bearer(signer.token(scope=scope, roles=["admin"])))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "forbidden")
    assert client.get("/inside").status_code == 401


def test_clients_are_no_users(client: FlaskClient, signer: Signer) -> None:
    """The token of another service opens no door of a user's."""
    assert client.get("/mine", headers=bearer(signer.token(sub="a-service"))).status_code == 401
