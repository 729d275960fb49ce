"""/api/v1/oauth and /.well-known, over fakes: parameters, errors and headers of the RFCs."""

import base64
from typing import Any

import pytest
from flask.testing import FlaskClient

from apps.users.domain.oauth import Client
from apps.users.passwords import Passwords
from tests.unit.users.calls import ADA, bearer, log_in, register
from tests.unit.users.fakes import Clock, Database

SECRET = "a secret of the demo client"
PASSWORD = {"grant_type": "password", "username": ADA["email"], "password": ADA["password"]}
CLIENT = {"grant_type": "client_credentials"}


@pytest.fixture(autouse=True)
def demo(database: Database, passwords: Passwords) -> None:
    """The client `demo` is registered."""
    database.clients["demo"] = Client("demo", passwords.hash(SECRET), frozenset({"stock:read"}))


def ask(client: FlaskClient, form: dict[str, str], path: str = "token", **headers: str) -> Any:
    return client.post(f"/api/v1/oauth/{path}", data=form, headers=headers)


def basic(client_id: str = "demo", secret: str = SECRET) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def test_password_grant(client: FlaskClient) -> None:
    """The owner's password is worth a pair that opens the API."""
    register(client)
    answer = ask(client, PASSWORD)
    assert answer.status_code == 200
    assert answer.json.keys() == {"access_token", "refresh_token", "token_type", "expires_in", "scope"}
    assert (answer.json["token_type"], answer.json["scope"]) == ("Bearer", "api")
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    assert client.get("/api/v1/users/me", headers=bearer(answer.json)).status_code == 200


def test_refresh_grant(client: FlaskClient, clock: Clock) -> None:
    """Pairs of both ways to log in are refreshed in both, and a spent token is noticed in both."""
    register(client)
    spent = log_in(client).json["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": spent}
    assert ask(client, form).json["refresh_token"] != spent
    clock.turn(minutes=1)
    refused = ask(client, form)
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("place", ["header", "form"])
def test_client_grant(client: FlaskClient, place: str) -> None:
    """A registered client gets a token for itself, wherever it gives its secret; a user it is not."""
    form = {**CLIENT, "client_id": "demo", "client_secret": SECRET}
    answer = ask(client, CLIENT, Authorization=basic()) if place == "header" else ask(client, form)
    assert answer.status_code == 200
    assert answer.json.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert answer.json["scope"] == "stock:read"
    assert client.get("/api/v1/users/me", headers=bearer(answer.json)).status_code == 401


def test_escaped_client_credentials(client: FlaskClient, database: Database, passwords: Passwords) -> None:
    """In the header, id and secret are form-encoded before they are joined (RFC 6749, 2.3.1)."""
    database.clients["a:b c"] = Client("a:b c", passwords.hash("100 % + secret"), frozenset({"x"}))
    assert ask(client, CLIENT, Authorization=basic("a%3Ab+c", "100+%25+%2B+secret")).status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password", "username": "ada@example.com"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({**PASSWORD, "password": "wrong"}, "invalid_grant"),
        ({**PASSWORD, "scope": "everything"}, "invalid_scope"),
        ({"grant_type": "refresh_token", "refresh_token": "made-up"}, "invalid_grant"),
        ({**CLIENT, "client_id": "demo", "client_secret": SECRET, "scope": "api"}, "invalid_scope"),
        ({**CLIENT, "client_secret": SECRET}, "invalid_request"),
    ],
)
def test_wrong_request(client: FlaskClient, form: dict[str, str], error: str) -> None:
    """Each mistake has its code of RFC 6749, 5.2, and words."""
    register(client)
    answer = ask(client, form)
    assert (answer.status_code, answer.json["error"]) == (400, error)
    assert answer.json["error_description"]
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("form", "header"),
    [
        (CLIENT, None),
        ({**CLIENT, "client_id": "demo"}, None),
        ({**CLIENT, "client_id": "demo", "client_secret": "wrong"}, None),
        (CLIENT, basic(secret="wrong")),
        (CLIENT, basic("nobody")),
        (CLIENT, basic("\x00")),
        (PASSWORD, basic(secret="wrong")),
        ({**PASSWORD, "client_id": "demo", "client_secret": "wrong"}, None),
    ],
)
def test_wrong_client(client: FlaskClient, form: dict[str, str], header: str | None) -> None:
    """A client that does not prove who it is gets 401 and the challenge, also where it need not be one."""
    register(client)
    answer = ask(client, form, **({"Authorization": header} if header else {}))
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_two_ways_at_once(client: FlaskClient) -> None:
    """A client gives its secret in one place."""
    answer = ask(client, {**CLIENT, "client_id": "demo", "client_secret": SECRET}, Authorization=basic())
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_body_must_be_a_form(client: FlaskClient, kind: str) -> None:
    """JSON is none, nor is a form with a parameter that comes twice."""
    data = "grant_type=password&grant_type=password" if "form" in kind else "{}"
    answer: Any = client.post("/api/v1/oauth/token", data=data, content_type=kind)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_revoke(client: FlaskClient) -> None:
    """Revoking a refresh token ends its session."""
    register(client)
    token = log_in(client).json["refresh_token"]
    answer = ask(client, {"token": token, "token_type_hint": "refresh_token"}, "revoke")
    assert (answer.status_code, answer.data) == (200, b"")
    assert ask(client, {"grant_type": "refresh_token", "refresh_token": token}).json["error"] == "invalid_grant"


@pytest.mark.parametrize(("form", "error"), [({}, "invalid_request"), ({"token": "a.b.c"}, "unsupported_token_type")])
def test_wrong_revocation(client: FlaskClient, form: dict[str, str], error: str) -> None:
    """Without a token there is nothing to revoke, and an access token cannot be."""
    answer = ask(client, form, "revoke")
    assert (answer.status_code, answer.json["error"]) == (400, error)


def test_metadata(client: FlaskClient) -> None:
    """The metadata leads to the endpoints that are there, and names what they do."""
    answer: Any = client.get("/.well-known/oauth-authorization-server")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    issuer = answer.json["issuer"]
    assert answer.json["token_endpoint"] == f"{issuer}/api/v1/oauth/token"
    assert answer.json["revocation_endpoint"] == f"{issuer}/api/v1/oauth/revoke"
    assert answer.json["jwks_uri"] == f"{issuer}/.well-known/jwks.json"
    assert answer.json["grant_types_supported"] == ["password", "refresh_token", "client_credentials"]


@pytest.mark.parametrize("path", ["/.well-known/jwks.json", "/.well-known/oauth-authorization-server"])
def test_unchanged_copy_is_kept(client: FlaskClient, path: str) -> None:
    """Who has the newest version is told so without getting it again."""
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(path, headers={"If-None-Match": '"another"'}).status_code == 200
