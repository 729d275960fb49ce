"""The calls of the API that most tests begin with."""

from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient

ADA = {"email": "Ada@Example.com", "password": "correct horse battery", "name": "Ada"}


def post(client: FlaskClient, path: str, body: Mapping[str, object], token: str | None = None) -> Any:
    """A POST of JSON; with a token as its owner."""
    return client.post(path, json=body, headers=bearer({"access_token": token}) if token else {})


def register(client: FlaskClient, **changes: object) -> Any:
    """Ada's registration, but for the changes."""
    return post(client, "/api/v1/users", {**ADA, **changes})


def log_in(client: FlaskClient, **changes: object) -> Any:
    """Ada's log-in, but for the changes."""
    return post(client, "/api/v1/auth/login", {"email": ADA["email"], "password": ADA["password"], **changes})


def bearer(pair: Mapping[str, object]) -> dict[str, str]:
    """The headers of the pair's owner."""
    return {"Authorization": f"Bearer {pair['access_token']}"}
