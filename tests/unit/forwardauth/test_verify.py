"""GET /verify as Traefik asks it."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NoOpTracer

from chassis.telemetry import trace_id_of
from gateway.forwardauth import app as forwardauth
from tests.unit.forwardauth.conftest import Clock, KeySet
from tests.unit.forwardauth.tokens import ADA, Signer

IDENTITY = ("X-User-Id", "X-User-Roles", "X-User-Scope")


@pytest.fixture(autouse=True)
def _tracing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans of this test alone, exported nowhere."""
    monkeypatch.setattr(forwardauth, "tracer", TracerProvider().get_tracer("test"))


def verify(client: FlaskClient, token: str | None = None, query: str = "", **headers: str) -> Any:
    asked = {"X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/api/v1/orders?ticket=secret", **headers}
    if token is not None:
        asked.setdefault("Authorization", f"Bearer {token}")
    return client.get(f"/verify{query}", headers=asked)


def identity(answer: Any) -> list[str | None]:
    return [answer.headers.get(name) for name in IDENTITY]


@pytest.mark.parametrize("query", ["", "?anonymous=allowed"])
def test_valid_token(client: FlaskClient, signer: Signer, query: str) -> None:
    """A valid token becomes identity headers."""
    answer = verify(client, signer.token(), query)
    assert answer.status_code == 200
    assert identity(answer) == [str(ADA), "customer,manager", "api"]


def test_scheme_is_written_in_any_case(client: FlaskClient, signer: Signer) -> None:
    """The name of the scheme is not sensitive to case (RFC 9110)."""
    assert verify(client, Authorization=f"bearer {signer.token()}").status_code == 200


def test_no_token(client: FlaskClient) -> None:
    """Without a token there is a challenge, and a problem that names the path that was asked."""
    answer = verify(client)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.mimetype == "application/problem+json"
    assert (answer.json["code"], answer.json["instance"]) == ("unauthenticated", "/api/v1/orders")
    assert answer.json["trace_id"] == trace_id_of(answer.headers["traceparent"])


def test_no_token_where_none_is_needed(client: FlaskClient) -> None:
    """Anybody passes, as nobody."""
    answer = verify(client, query="?anonymous=allowed")
    assert answer.status_code == 200
    assert identity(answer) == [None] * 3


@pytest.mark.parametrize("query", ["", "?anonymous=allowed"])
@pytest.mark.parametrize("token", ["", "forged", "a.b.c"])
def test_invalid_token(client: FlaskClient, token: str, query: str) -> None:
    """Who shows a false token does not pass as nobody either."""
    answer = verify(client, token, query)
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")
    assert identity(answer) == [None] * 3


def test_other_credentials(client: FlaskClient) -> None:
    """Credentials of another scheme are no token: they identify nobody here."""
    assert verify(client, Authorization="Basic YTpi").status_code == 401
    answer = verify(client, query="?anonymous=allowed", Authorization="Basic YTpi")
    assert (answer.status_code, identity(answer)) == (200, [None] * 3)


@pytest.mark.parametrize("query", ["?anonymous=", "?anonymous=true", "?anonymous"])
def test_anonymous_is_said_clearly(client: FlaskClient, query: str) -> None:
    """A slip in Traefik's configuration opens nothing."""
    assert verify(client, query=query).status_code == 401


@pytest.mark.parametrize("query", ["", "?anonymous=allowed"])
def test_keys_out_of_reach(client: FlaskClient, signer: Signer, key_set: KeySet, query: str) -> None:
    """Without keys nobody who shows a token passes."""
    key_set.signers = None
    answer = verify(client, signer.token(), query)
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert identity(answer) == [None] * 3


def test_nothing_is_taken_over(client: FlaskClient, signer: Signer) -> None:
    """Request id and trace begin here, whatever came in; so does who asks."""
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    sent = {
        "X-Request-ID": "mine",
        "traceparent": f"00-{trace_id}-b7ad6b7169203331-01",
        "X-User-Id": "somebody-else",
        "X-User-Roles": "admin",
    }
    answers = [verify(client, signer.token(), **sent) for _ in range(2)]
    ids = {UUID(answer.headers["X-Request-ID"]) for answer in answers}
    traces = {trace_id_of(answer.headers["traceparent"]) for answer in answers}
    assert len(ids) == len(traces) == 2
    assert trace_id not in traces
    assert identity(answers[0])[:2] == [str(ADA), "customer,manager"]


def test_without_tracing(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is traced there is no traceparent to hand on."""
    monkeypatch.setattr(forwardauth, "tracer", NoOpTracer())
    answer = verify(client, query="?anonymous=allowed")
    assert "traceparent" not in answer.headers


def test_ready_with_keys(client: FlaskClient, key_set: KeySet, clock: Clock) -> None:
    """Without any key it could let nobody pass, so it is not ready."""
    signers, key_set.signers = key_set.signers, None
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200
    key_set.signers = signers
    clock.now += 10
    assert client.get("/health/ready").status_code == 200


def test_metrics(client: FlaskClient) -> None:
    """Verdicts are counted by status."""
    verify(client)
    assert 'forwardauth_verdicts_total{status="401"}' in client.get("/metrics").text


@pytest.mark.parametrize("path", ["/", "/verify/", "/nothing"])
def test_other_paths(client: FlaskClient, path: str) -> None:
    """Nothing else is served, and no other path says yes."""
    answer: Any = client.get(path)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
