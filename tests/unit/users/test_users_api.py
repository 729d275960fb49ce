"""The HTTP API, over fakes."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.unit.users.calls import bearer, log_in, register
from tests.unit.users.fakes import Database


def me(client: FlaskClient, token: str) -> Any:
    return client.get("/api/v1/users/me", headers=bearer({"access_token": token}))


def test_register(client: FlaskClient) -> None:
    """The answer is the account, without anything of its password."""
    answer = register(client)
    assert answer.status_code == 201
    assert set(answer.json) == {"id", "email", "name", "language", "roles", "active", "created_at"}
    assert (answer.json["email"], answer.json["roles"]) == ("ada@example.com", ["customer"])


def test_closed_registration(client: FlaskClient, database: Database, flags: dict[str, bool]) -> None:
    """Nobody new comes in; who was there before logs in; and it can be opened again."""
    register(client)
    flags["registration_open"] = False
    answer = register(client, email="bob@example.com")
    assert (answer.status_code, answer.json["code"], len(database.accounts)) == (403, "registration_closed", 1)
    assert log_in(client).status_code == 200
    flags["registration_open"] = True
    assert register(client, email="bob@example.com").status_code == 201


def test_taken_address(client: FlaskClient) -> None:
    """Another spelling of a taken address is taken as well."""
    register(client)
    answer = register(client, email="ada@EXAMPLE.com")
    assert (answer.status_code, answer.json["code"]) == (409, "email_taken")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": 1}, "email"),
        ({"password": "short"}, "password"),
        ({"name": "A\u0007da"}, "name"),
        ({"name": None}, "name"),
        ({"language": "tlh"}, "language"),
        ({"roles": ["admin"]}, "roles"),
    ],
)
def test_unfit_registration(client: FlaskClient, database: Database, changes: dict[str, object], field: str) -> None:
    """A wrong field is named, and no account is made."""
    answer = register(client, **changes)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert list(answer.json["errors"]) == [field]
    assert not database.accounts


def test_log_in(client: FlaskClient) -> None:
    """A log-in is answered with a pair of tokens, which no cache may keep."""
    register(client)
    answer = log_in(client, email="ADA@example.com")
    assert answer.status_code == 200
    assert answer.json.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 600)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("changes", [{"password": "wrong"}, {"email": "bob@example.com"}, {"email": "no address"}])
def test_wrong_log_in(client: FlaskClient, changes: dict[str, object]) -> None:
    """What is wrong stays unsaid."""
    register(client)
    answer = log_in(client, **changes)
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_credentials")
    assert answer.json["detail"] == "The e-mail address or the password is wrong."
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_me(client: FlaskClient) -> None:
    """The token shows its owner's account."""
    account = register(client).json
    answer = me(client, log_in(client).json["access_token"])
    assert (answer.status_code, answer.json) == (200, account)


def test_me_without_token(client: FlaskClient) -> None:
    """Identity headers alone open nothing."""
    answer: Any = client.get("/api/v1/users/me", headers={"X-User-Id": "0198c5f0-7a3b-7c51-9d0e-2f6a41b7c001"})
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")


def test_me_is_gone(client: FlaskClient, database: Database) -> None:
    """A token may outlive its account."""
    register(client)
    token = log_in(client).json["access_token"]
    database.accounts.clear()
    answer = me(client, token)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_key_set(client: FlaskClient, database: Database) -> None:
    """The public keys are there for all, for a while."""
    answer = client.get("/.well-known/jwks.json")
    assert answer.json == {"keys": [dict(key.public_jwk) for key in database.keys]}
    assert answer.headers["Cache-Control"] == "public, max-age=300"


def test_no_key_to_sign_with(client: FlaskClient, database: Database) -> None:
    """Without a signing key the service is out of order, which is no mistake of the caller."""
    register(client)
    database.keys.clear()
    answer = log_in(client)
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert "key" not in answer.json["detail"]


def test_document_names_the_paths(client: FlaskClient) -> None:
    """The OpenAPI document has the operations, and says which of them need a token."""
    paths = client.get("/api/v1/users/openapi.json").json["paths"]  # type: ignore[index] # it is JSON
    guarded = {path for path, methods in paths.items() for each in methods.values() if "security" in each}
    assert guarded == {
        "/api/v1/users",  # the list
        "/api/v1/users/me",
        "/api/v1/users/me/password",
        "/api/v1/users/{user_id}",
        "/api/v1/users/{user_id}/roles",
        "/api/v1/users/{user_id}/activate",
        "/api/v1/users/{user_id}/deactivate",
        "/api/v1/auth/logout",
        "/api/v1/auth/logout-all",
    }
    assert "security" not in paths["/api/v1/users"]["post"]
    assert set(paths) - guarded == {
        "/api/v1/auth/login",
        "/api/v1/auth/refresh",
        "/api/v1/oauth/token",
        "/api/v1/oauth/revoke",
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
    }
