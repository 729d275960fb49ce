"""What the edge answers by itself, and that it leaves the services' answers alone."""

import json
import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.client import Client
from tests.e2e.echo import echo_service
from tests.e2e.raw import Answer, send
from tests.e2e.stack import compose, killed, stopped
from tests.polling import eventually

pytestmark = pytest.mark.timeout(180)

ORIGIN = "Origin"
ALLOWED = "Access-Control-Allow-Origin"


@pytest.fixture(scope="module")
def echo(gateway: str) -> Iterator[str]:
    """The gateway, with the echo server behind it."""
    with echo_service():
        eventually(lambda: Client(gateway).call("GET", "/echo-public/").raise_for_status(), seconds=15)
        yield gateway


def problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """The body, which must be that problem, in the edge's own words."""
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json"), answer.body
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert uuid.UUID(answer.headers["x-request-id"]).version
    return body


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_nowhere(gateway: str, method: str) -> None:
    """404 names the path, and the trace in which the edge has met it."""
    body = problem(send(gateway, "/nowhere?ticket=secret", method=method), 404, "not_found")
    assert body["instance"] == "/nowhere"
    assert len(body["trace_id"]) == 32


@pytest.mark.parametrize("path", ["/echo-public/", "/api/v1/users", "/api/v1/auth/login"])
@pytest.mark.parametrize("chunked", [False, True])
def test_too_large(echo: str, path: str, chunked: bool) -> None:  # noqa: FBT001 - a case
    """Above 64 KiB nothing is handed on, whether its length is told or not."""
    piece = b"x" * 65537
    headers = [("Content-Type", "application/json")]
    if chunked:
        headers.append(("Transfer-Encoding", "chunked"))
        piece = f"{len(piece):x}\r\n".encode() + piece + b"\r\n0\r\n\r\n"
    answer = send(echo, path, headers, method="POST", body=piece, with_length=not chunked)
    assert problem(answer, 413, "body_too_large")["instance"] == path


def test_largest(echo: str) -> None:
    """64 KiB are handed on."""
    answer = send(echo, "/echo-public/", method="POST", body=b"x" * 65536)
    assert answer.json()["body_bytes"] == 65536


def test_too_many_headers(gateway: str) -> None:
    """Headers have their limit too; the server itself says so."""
    assert send(gateway, "/api/v1/products", [("X-Much", "x" * 40_000)]).status == 431


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 429, 500, 503])
def test_refusals_of_services_stay(echo: str, status: int) -> None:
    """What a service says itself arrives as it said it, also where the edge has a page for the same status."""
    answer = send(echo, f"/echo-public/status/{status}")
    assert (answer.status, answer.json()["code"]) == (status, "own_code")
    assert answer.headers.get("retry-after") == ("77" if status == 429 else None)


def test_broken_off_and_asked_again(echo: str) -> None:
    """An idempotent request that a service drops is sent again: the client notices nothing."""
    eventually(lambda: _closed(echo), seconds=20)
    assert send(echo, f"/echo-public/break-once/{uuid.uuid4()}").status == 200
    assert send(echo, f"/echo-public/break-once/{uuid.uuid4()}", method="PUT", body=b"{}").status == 200


def test_broken_off_for_good(echo: str) -> None:
    """A POST is sent once, so it is 502; for a moment the open breaker answers 503, then it closes again."""
    path = f"/echo-public/break-once/{uuid.uuid4()}"
    eventually(lambda: _closed(echo), seconds=20)
    body = problem(send(echo, path, method="POST", body=b"{}"), 502, "bad_gateway")
    assert body["instance"] == path
    eventually(lambda: _opened(echo), seconds=20)
    eventually(lambda: _closed(echo), seconds=20)


@pytest.mark.slow
def test_last_instance_dies(gateway: str) -> None:
    """Each request gets the edge's problem, however much of the death is known by then."""
    with killed("inventory-api"):
        answers = [send(gateway, "/api/v1/products") for _ in range(20)]
    for answer in answers:
        problem(answer, answer.status, {502: "bad_gateway", 503: "unavailable"}[answer.status])
    eventually(lambda: _is(send(gateway, "/api/v1/products").status, 200), seconds=20)


def test_sign_ins_are_limited_per_address(gateway: str) -> None:
    """Beyond the burst 429 with the time to wait; other requests pass meanwhile, and sign-ins do a moment later."""

    def try_password(_number: int) -> Answer:
        headers = [("Content-Type", "application/json")]
        return send(gateway, "/api/v1/auth/login", headers, method="POST", body=b'{"email": 1}')

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(try_password, range(5 * int(os.environ["EDGE_SIGN_IN_BURST"]))))
        others = list(pool.map(lambda _: send(gateway, "/api/v1/products").status, range(20)))
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers} == {422, 429}
    assert problem(refused[0], 429, "rate_limited")["instance"] == "/api/v1/auth/login"
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert set(others) == {200}
    eventually(lambda: _is(try_password(0).status, 422), seconds=5)


def test_browsers_of_known_origins_may_ask(gateway: str) -> None:
    """The preflight request needs no token; other origins get no leave."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    known = os.environ["EDGE_CORS_ORIGINS"].split(",")[0]
    browser = Client(gateway)
    leave = browser.call("OPTIONS", "/api/v1/orders", headers={ORIGIN: known, **asked})
    assert (leave.status_code, leave.headers[ALLOWED]) == (200, known)
    assert "Authorization" in leave.headers["Access-Control-Allow-Headers"]
    assert browser.call("GET", "/api/v1/products", headers={ORIGIN: known}).headers[ALLOWED] == known
    stranger = {ORIGIN: "https://evil.example"}
    assert ALLOWED not in browser.call("OPTIONS", "/api/v1/orders", headers={**stranger, **asked}).headers
    assert ALLOWED not in browser.call("GET", "/api/v1/products", headers=stranger).headers


@pytest.mark.parametrize("path", ["/api/v1/products", "/api/v1/orders", "/nowhere", "/docs"])
def test_security_headers(gateway: str, path: str) -> None:
    """On every answer; and nothing tells which server it is."""
    headers = Client(gateway).call("GET", path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Server" not in headers


def test_access_log(customer: Client) -> None:
    """One line tells method, path, status, user, duration and trace, and nothing of the query."""
    path = f"/api/v1/orders/{uuid.uuid4()}"
    refusal = customer.call("GET", path, params={"secret": "in-the-query"})
    user = customer.call("GET", "/api/v1/users/me").json()["id"]

    def logged() -> str:
        log = compose("logs", "--no-log-prefix", "--since", "1m", "traefik")
        return next(line for line in log.splitlines() if path in line)

    line = eventually(logged, seconds=10)
    entry = json.loads(line)
    assert (entry["RequestMethod"], entry["RequestPath"], entry["DownstreamStatus"]) == ("GET", path, 404)
    assert entry["ClientUsername"] == user
    assert entry["Duration"] > 0
    assert refusal.json()["trace_id"] in entry["request_Traceparent"]
    assert entry["request_X-Request-Id"] == refusal.headers["X-Request-ID"]
    assert "in-the-query" not in line


@pytest.mark.slow
def test_without_forwardauth_nobody_passes(gateway: str, customer: Client) -> None:
    """The edge fails closed: 503 on private and public paths, with a valid token and without."""
    token = ("Authorization", str(customer.session.headers["Authorization"]))
    with stopped("forwardauth"):
        for path in ("/api/v1/orders", "/api/v1/users/me", "/api/v1/products", "/docs", "/nowhere"):
            for headers in ([], [token]):
                assert problem(send(gateway, path, headers), 503, "unavailable")["instance"] == path
    eventually(lambda: _is(send(gateway, "/api/v1/orders", [token]).status, 200), seconds=10)


@pytest.mark.slow
def test_service_away(gateway: str) -> None:
    """Without an instance a service is unavailable, not unknown; it is back by itself."""
    with stopped("inventory-api"):
        answer = send(gateway, "/api/v1/products")
        assert problem(answer, 503, "unavailable")["instance"] == "/api/v1/products"
    eventually(lambda: _is(send(gateway, "/api/v1/products").status, 200), seconds=10)


def _opened(echo: str) -> None:
    """What a service drops opens the breaker; it answers in the service's place."""
    for _ in range(20):
        send(echo, "/echo-public/break", method="POST", body=b"{}")
    problem(send(echo, "/echo-public/"), 503, "unavailable")


def _closed(echo: str) -> None:
    """A breaker that closes lets more and more through: when all pass, it is closed."""
    assert {send(echo, "/echo-public/").status for _ in range(20)} == {200}


def _is(found: int, wanted: int) -> None:
    assert found == wanted
