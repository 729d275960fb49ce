"""Forged requests through the real gateway: all are refused, and none reaches a service as somebody else."""

import itertools
import json
import os
import re
import uuid
from collections.abc import Iterator, Sequence

import jwt
import pytest

from tests.e2e.client import Client
from tests.e2e.echo import echo_service
from tests.e2e.forging import forged, mistaken, really_signed
from tests.e2e.raw import Header, send
from tests.e2e.stack import compose
from tests.polling import eventually

pytestmark = pytest.mark.timeout(180)

VICTIM = str(uuid.uuid4())
IDENTITY = ("x-user-id", "x-user-roles", "x-user-scope")
NOT_BELIEVED = {
    "X-User-Id": VICTIM, "X-User-Roles": "admin,manager", "X-User-Scope": "everything", "X-Request-ID": "mine",
    "traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "mine=1", "baggage": "mine=1",
    "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "31337", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Uri": "/evil",
    "X-Forwarded-Method": "EVIL", "X-Real-Ip": "203.0.113.7", "Forwarded": "for=203.0.113.7;host=evil.example",
}  # fmt: skip
FORGED_VALUES = re.compile("|".join([VICTIM, "admin", "everything", "mine", "a" * 32, "203.0.113.7", "evil", "31337"]))


def _spellings(name: str) -> list[str]:
    joints = [name.replace("-", joint) for joint in ("-", "_", ".")]
    mixed = [name.replace("-", "_", 1), name.replace("-", ".", 1), name[::-1].replace("-", "_", 1)[::-1]]
    return sorted({written for each in joints + mixed for written in (each, each.lower(), each.upper())})


ALL_SPELLINGS = [(spelling, value) for name, value in NOT_BELIEVED.items() for spelling in _spellings(name)]

# What a client may try to get at what only the inside may ask: no such request may be answered by a service.
PATH_TRICKS = [
    "/internal/availability?sku=A",
    "//internal/availability?sku=A",
    "/./internal/availability?sku=A",
    "/api/v1/../internal/availability?sku=A",
    "/api/v1/products/../../../internal/availability?sku=A",
    "/api/v1/%2e%2e/%2E%2E/internal/availability?sku=A",
    "/api/v1/products/%2e%2e/%2e%2e/%2e%2e/internal/availability?sku=A",
    "/api/v1/products/..%2f..%2f..%2finternal%2favailability?sku=A",
    "/api/v1/products/%252e%252e/%252e%252e/%252e%252e/internal/availability?sku=A",
    "/api/v1/products/..%5c..%5c..%5cinternal%5cavailability?sku=A",
    "/api/v1/products/..\\..\\..\\internal\\availability?sku=A",
    "/api/v1/products/..;/..;/..;/internal/availability?sku=A",
    "/api/v1/products/..%3b/..%3b/internal/availability?sku=A",
    "/api/v1/products/A%00/../../../internal/availability?sku=A",
    "/api/v1/products/A%3f/../../../../internal/availability?sku=A",
    "/api/v1/products/A%23/../../../../internal/availability?sku=A",
    "/.well-known/../internal/availability?sku=A",
    "/.well-known/..%2finternal/availability?sku=A",
    "/docs/../internal/availability?sku=A",
    "http://inventory-api:8000/internal/availability?sku=A",
    "/metrics", "//metrics", "/api/v1/../../metrics", "/docs/../metrics", "/docs/%2e%2e/metrics",
    "/health/ready", "/docs/../health/ready", "/.well-known/../health/ready",
    "/verify", "/docs/../verify?anonymous=allowed", "/docs/%2e%2e/verify",
]  # fmt: skip

# Other ways to write a private path: whatever the gateway makes of it, without a token nothing private answers.
PRIVATE_WAYS = [
    "//api/v1/orders", "/api//v1/orders", "/api/v1//orders", "/api/v1/orders/", "/api/v1/./orders",
    "/api/v1/products/../orders", "/api/v1/products/%2e%2e/orders", "/api/v1/%6frders", "/api/v1/orders%2f",
    "/api/v1/orders;a=b", "/api/v1/orders%3ba", "/API/V1/orders", "/api/v1/orders?x=/../products", "/api/v1/orders#",
    "/api/v1/products/A/stock", "/api/v1/products/A/%2e/stock", "/api/v1/products/A%2fstock",
    "/api/v1/products//A/stock", "/api/v1/products/B/../A/stock",
    "/api/v1/users/me/", "/api/v1/users/%6de", "/.well-known/../api/v1/users/me",
    "/.well-known/%2e%2e/api/v1/users/me", "/api/v1/orders/openapi.json/../", "/docs/../api/v1/orders",
]  # fmt: skip


@pytest.fixture(scope="module")
def user(gateway: str) -> Client:
    """A customer, whose token the forgers have got hold of."""
    return Client(gateway).sign_up()


@pytest.fixture(scope="module")
def token(user: Client) -> str:
    """That customer's own token."""
    return str(user.session.headers["Authorization"]).removeprefix("Bearer ")


@pytest.fixture(scope="module")
def refused_tokens(gateway: str, token: str) -> dict[str, str]:
    """Every token that nobody may believe, by what is wrong with it."""
    client = Client(gateway)
    jwk = client.call("GET", "/.well-known/jwks.json").json()["keys"][0]
    demo = Client(gateway).log_in(os.environ["ADMIN_EMAIL"], os.environ["ADMIN_PASSWORD"])
    admin = demo.call("GET", "/api/v1/users/me").json()["id"]
    return forged(token, jwk, admin) | mistaken(token)


@pytest.fixture(scope="module")
def echo(gateway: str) -> Iterator[str]:
    """The gateway, with the echo server behind it."""
    with echo_service():
        eventually(lambda: Client(gateway).call("GET", "/echo-public/").raise_for_status(), seconds=15)
        yield gateway


def came(base: str, headers: Sequence[Header], path: str = "/echo/") -> list[tuple[str, str]]:
    """The headers that reached the service."""
    answer = send(base, path, headers)
    assert answer.status == 200, answer.body
    return [(name, value) for name, value in answer.json()["headers"]]


def test_a_rightly_signed_token_passes(gateway: str, token: str) -> None:
    """The forger's tools work: with the true claims and the true key the same door opens."""
    claims = jwt.decode(token, options={"verify_signature": False})
    signed = really_signed({"true": claims})["true"]
    assert send(gateway, "/api/v1/users/me", [("Authorization", f"Bearer {signed}")]).status == 200


@pytest.mark.parametrize("path", ["/api/v1/users/me", "/api/v1/orders", "/api/v1/products"])
def test_no_wrong_token_passes_the_edge(gateway: str, refused_tokens: dict[str, str], path: str) -> None:
    """401 as problem+json with a challenge, also on a public path: a wrong token is not the same as none."""
    for wrong, forgery in refused_tokens.items():
        answer = send(gateway, path, [("Authorization", f"Bearer {forgery}")])
        assert (answer.status, answer.json()["code"]) == (401, "unauthenticated"), wrong
        assert answer.headers["content-type"] == "application/problem+json", wrong
        assert answer.headers["www-authenticate"].startswith("Bearer"), wrong


@pytest.mark.parametrize("scheme", ["Basic YWRtaW46YWRtaW4=", "Digest username=admin", "bearer", "Token {}", "{}"])
def test_other_credentials_are_none(gateway: str, token: str, scheme: str) -> None:
    """Only Bearer counts, and only with a token."""
    answer = send(gateway, "/api/v1/users/me", [("Authorization", scheme.format(token))])
    assert (answer.status, answer.json()["code"]) == (401, "unauthenticated")


def test_two_tokens_are_refused_or_read_as_one(gateway: str, token: str, refused_tokens: dict[str, str]) -> None:
    """A second Authorization header cannot slip a forged token past the check of the first."""
    wrong = refused_tokens["tampered payload"]
    me = Client(gateway).call("GET", "/api/v1/users/me", headers={"Authorization": f"Bearer {token}"}).json()
    for order in itertools.permutations([token, wrong]):
        answer = send(gateway, "/api/v1/users/me", [("Authorization", f"Bearer {each}") for each in order])
        assert answer.status == 401 or answer.json()["id"] == me["id"]


@pytest.mark.parametrize("place", ["query", "cookie", "form"])
def test_tokens_count_only_in_their_header(gateway: str, token: str, place: str) -> None:
    """A token in the address would end up in logs and histories, one in a cookie comes along unasked (RFC 6750)."""
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    answer = {
        "query": lambda: send(gateway, f"/api/v1/users/me?access_token={token}&jwt={token}"),
        "cookie": lambda: send(gateway, "/api/v1/users/me", [("Cookie", f"access_token_cookie={token}")]),
        "form": lambda: send(gateway, "/api/v1/orders", form, method="POST", body=f"access_token={token}".encode()),
    }[place]()
    assert answer.status == 401


@pytest.mark.parametrize("path", ["/echo/", "/echo-public/"])
def test_clients_say_nothing_about_themselves(echo: str, token: str, user: Client, path: str) -> None:
    """Identity, trace, request id and forwarding headers of a client reach no service, in whatever spelling."""
    headers = dict(came(echo, [("Authorization", f"Bearer {token}"), *ALL_SPELLINGS], path))
    received = {name.lower().replace("_", "-").replace(".", "-"): value for name, value in headers.items()}
    believed = {name: value for name, value in received.items() if FORGED_VALUES.search(value)}
    assert believed.keys() <= {"authorization"}
    assert received["x-user-id"] == user.call("GET", "/api/v1/users/me").json()["id"]
    assert received["x-user-roles"] == "customer"


def test_nobody_stays_nobody(echo: str) -> None:
    """Without a token no identity header arrives at all, however often and in whatever spelling it is sent."""
    received = came(echo, ALL_SPELLINGS * 2, "/echo-public/")
    names = {name.lower().replace("_", "-").replace(".", "-") for name, _ in received}
    assert not names & set(IDENTITY)


@pytest.mark.parametrize("value", ["X-User-Id", "x-user-id, X-User-Roles", "close, X-User-Id, X-User-Scope",
                                   "X-Request-Id, Traceparent", "keep-alive, x-user-roles"])  # fmt: skip
def test_connection_header_removes_no_identity(echo: str, token: str, value: str) -> None:
    """`Connection: X-User-Id` makes a proxy drop that header as hop-by-hop: the edge's own must survive it."""
    sent = [("Authorization", f"Bearer {token}"), ("Connection", value), ("X-User-Id", VICTIM)]
    received = [(name.lower(), content) for name, content in came(echo, sent)]
    subject = jwt.decode(token, options={"verify_signature": False})["sub"]
    assert [content for name, content in received if name == "x-user-id"] == [subject]
    assert {name for name, _ in received} >= {*IDENTITY, "x-request-id", "traceparent"}


def test_connection_header_cannot_hide_the_token(gateway: str, token: str) -> None:
    """Whoever has the edge drop the token is nobody."""
    sent = [("Authorization", f"Bearer {token}"), ("Connection", "Authorization")]
    assert send(gateway, "/api/v1/users/me", sent).status in {200, 401}
    sent = [("Authorization", f"Bearer {token}"), ("Connection", "Authorization"), ("X-User-Id", VICTIM)]
    answer = send(gateway, "/api/v1/users/me", sent)
    assert answer.status == 401 or answer.json()["id"] != VICTIM


@pytest.mark.parametrize("name", sorted(spelling for name in IDENTITY for spelling in _spellings(name)))
def test_no_spelling_makes_an_admin(gateway: str, token: str, name: str) -> None:
    """A customer with a header of somebody else stays that customer, for the services too."""
    sent = [("Authorization", f"Bearer {token}"), (name, VICTIM), (name, "admin")]
    answer = send(gateway, "/api/v1/products/A/stock", sent)
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("target", PATH_TRICKS)
def test_no_path_leads_inside(gateway: str, token: str, target: str) -> None:
    """What only the inside may ask is not answered, with a token or without, whatever way the path is written."""
    for headers in ([], [("Authorization", f"Bearer {token}")]):
        answer = send(gateway, target, headers)
        assert answer.status in {400, 401, 404}, answer.body
        assert b"available" not in answer.body
        assert b"checks" not in answer.body


@pytest.mark.parametrize("host", ["inventory-api:8000", "users-api", "forwardauth:8000", "consul:8500", "localhost"])
def test_host_header_leads_nowhere(gateway: str, host: str) -> None:
    """Routes go by path alone."""
    assert send(gateway, "/internal/availability?sku=A", [("Host", host)]).status == 404


@pytest.mark.parametrize("target", PRIVATE_WAYS)
def test_no_way_round_the_token(gateway: str, target: str) -> None:
    """A private path in another spelling is still private, or is not there."""
    assert send(gateway, target).status in {400, 401, 404}


def test_no_request_hides_in_another(gateway: str) -> None:
    """Length and chunks at once, on which proxies disagree: what follows the body is not taken for a request."""
    hidden = b"GET /internal/availability?sku=A HTTP/1.1\r\nHost: x\r\n\r\n"
    sent = [("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")]
    answer = send(gateway, "/api/v1/auth/login", sent, method="POST", body=b"0\r\n\r\n" + hidden)
    assert answer.status >= 400
    assert b"available" not in answer.body


# Asks each API directly, as a stolen foothold inside the network could.
_ASK_INSIDE = """
import json, sys, urllib.error, urllib.request
statuses = {}
for service, path in json.loads(sys.argv[2]):
    for name, token in json.loads(sys.argv[1]).items():
        headers = {"X-User-Id": sys.argv[3], "X-User-Roles": "admin", "X-User-Scope": "api"}
        headers |= {"Authorization": "Bearer " + token} if token is not None else {}
        request = urllib.request.Request(f"http://{service}:8000{path}", headers=headers)
        try:
            status = urllib.request.urlopen(request).status
        except urllib.error.HTTPError as refusal:
            status = refusal.code
        statuses[f"{service}: {name}"] = status
print(json.dumps(statuses))
"""


def test_services_check_the_token_themselves(token: str, refused_tokens: dict[str, str]) -> None:
    """Asked directly, past the edge, each API refuses what the edge refuses, whatever identity headers say."""
    doors = [("users-api", "/api/v1/users/me"), ("orders-api", "/api/v1/orders"),
             ("inventory-api", "/api/v1/reservations/0198c5f0-7a3b-7c51-9d0e-2f6a41b7c001")]  # fmt: skip
    tokens = {**refused_tokens, "none": None}
    tokens.pop("an empty token")  # not a header that can be sent
    inside = ("exec", "-T", "forwardauth", "python", "-c", _ASK_INSIDE)
    statuses = json.loads(compose(*inside, json.dumps(tokens), json.dumps(doors), VICTIM))
    assert len(statuses) == len(tokens) * len(doors)
    assert {asked: status for asked, status in statuses.items() if status != 401} == {}


def test_internal_paths_are_for_services(token: str) -> None:
    """What services ask each other needs a token with its scope, which no user has."""
    doors = [("inventory-api", "/internal/availability?sku=A"), ("inventory-api", "/internal/products?after=")]
    inside = ("exec", "-T", "forwardauth", "python", "-c", _ASK_INSIDE)
    for sent, status in ({"user": token}, 403), ({"none": None}, 401):
        for door in doors:
            statuses = json.loads(compose(*inside, json.dumps(sent), json.dumps([door]), VICTIM))
            assert set(statuses.values()) == {status}
