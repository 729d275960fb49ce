"""The HTTP API of orders, with Flask's client, stores in memory and tokens signed on the spot."""

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from werkzeug.test import TestResponse

from apps.orders.api.app import create_app
from apps.orders.api.parts import ApiParts
from apps.orders.domain.order import Status
from chassis.health import Health
from chassis.identifiers import new_id
from chassis.settings import TokenSettings
from tests.unit.orders.fakes import FakeAvailability, FakeCatalogue, FakeOrders
from tests.unit.orders.samples import CUSTOMER, order, product

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ORDERS = "/api/v1/orders"
TEA = {"lines": [{"sku": "TEA", "quantity": 2}]}


class OwnKey:
    """A key source with one key."""

    def find(self, kid: str) -> Any:
        return KEY.public_key() if kid == "test" else None


class StoreIsAway(Exception):
    """What the store raises when it cannot be reached."""


def token(user: UUID, *roles: str) -> dict[str, str]:
    now = int(time.time())
    claims = {
        "iss": "quadrille",
        "aud": "quadrille-api",
        "sub": str(user),
        "roles": roles,
        "iat": now,
        "exp": now + 3600,
        "jti": "1",
        "type": "access",
    }
    return {"Authorization": f"Bearer {jwt.encode(claims, KEY, 'RS256', {'kid': 'test'})}"}


MINE = token(CUSTOMER, "customer")
STAFF = token(new_id(), "manager")


@pytest.fixture
def orders() -> FakeOrders:
    """The stored orders."""
    return FakeOrders()


@pytest.fixture
def availability() -> FakeAvailability:
    """What inventory would say: one cup."""
    return FakeAvailability({"CUP": 1})


@pytest.fixture
def client(orders: FakeOrders, availability: FakeAvailability) -> Iterator[FlaskClient]:
    """The API's client."""
    known = set(REGISTRY._collector_to_names)  # noqa: SLF001 - each app registers its metrics; one registry per process
    catalogue = FakeCatalogue(
        product(), product("OLD", active=False), product("CHF", currency="CHF"), product("CUP", "3.00")
    )
    parts = ApiParts(orders, catalogue, availability, OwnKey(), TokenSettings(), Health(), outages=(StoreIsAway,))
    yield create_app(parts).test_client()
    for collector in set(REGISTRY._collector_to_names) - known:  # noqa: SLF001 - as above
        REGISTRY.unregister(collector)


def refusal(answer: TestResponse) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    return answer.status_code, answer.json["code"]  # type: ignore[index]


def test_place(client: FlaskClient, orders: FakeOrders) -> None:
    """A placed order is answered at once with 202, its place and its version."""
    answer = client.post(ORDERS, json=TEA, headers=MINE)
    placed = next(iter(orders.orders.values()))

    assert answer.status_code == 202
    assert (answer.headers["Location"], answer.headers["ETag"]) == (f"{ORDERS}/{placed.id}", '"1"')
    body: Any = answer.json
    assert body.pop("created_at") == body.pop("updated_at")
    assert body == {
        "id": str(placed.id),
        "customer_id": str(CUSTOMER),
        "status": "pending",
        "revision": 1,
        "held_revision": 0,
        "lines": [
            {"sku": "TEA", "name": "Tea", "quantity": 2, "unit_price": {"amount": "12.50", "currency": "EUR"}},
        ],
        "total": {"amount": "25.00", "currency": "EUR"},
        "reason": None,
    }


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "validation_error"),
        ([{"sku": "TEA", "quantity": 0}], "validation_error"),
        ([{"sku": "TEA", "quantity": 1001}], "validation_error"),
        ([{"sku": "TEA", "quantity": "2"}], "validation_error"),
        ([{"sku": "tea", "quantity": 2}], "validation_error"),
        ([{"quantity": 2}], "validation_error"),
        ([{"sku": "TEA", "quantity": 2, "price": "0.01"}], "validation_error"),
        ([{"sku": "TEA", "quantity": 1}, {"sku": "TEA", "quantity": 2}], "validation_error"),
        ([{"sku": f"T{number}", "quantity": 1} for number in range(51)], "validation_error"),
        ([{"sku": "NONE", "quantity": 2}], "unknown_sku"),
        ([{"sku": "OLD", "quantity": 2}], "product_inactive"),
        ([{"sku": "TEA", "quantity": 2}, {"sku": "CHF", "quantity": 2}], "mixed_currencies"),
    ],
)
def test_refused_lines(client: FlaskClient, orders: FakeOrders, lines: list[object], code: str) -> None:
    """Lines that break a rule are refused with 422 and the rule's code, and nothing is stored."""
    assert refusal(client.post(ORDERS, json={"lines": lines}, headers=MINE)) == (422, code)
    assert orders.writes == 0


def test_too_little(client: FlaskClient, orders: FakeOrders) -> None:
    """What inventory cannot hold is refused at once, with the shortages; the key stays free for another try."""
    lines = {"lines": [{"sku": "CUP", "quantity": 2}]}
    answer = client.post(ORDERS, json=lines, headers=keyed("k-1"))

    assert refusal(answer) == (409, "insufficient_stock")
    assert answer.json["errors"] == {"shortages": [{"sku": "CUP", "asked": 2, "available": 1}]}  # type: ignore[index]
    assert client.post(ORDERS, json=TEA, headers=keyed("k-1")).status_code == 202


def test_most_lines(client: FlaskClient) -> None:
    """Fifty lines of a thousand each is a possible order, as far as the form goes."""
    lines = [{"sku": f"T{number}", "quantity": 1000} for number in range(50)]

    assert refusal(client.post(ORDERS, json={"lines": lines}, headers=MINE)) == (422, "unknown_sku")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ""), ("GET", ""), ("GET", f"/{CUSTOMER}"), ("GET", f"/{CUSTOMER}/timeline"),
        ("PATCH", f"/{CUSTOMER}"), ("POST", f"/{CUSTOMER}/cancel"), ("POST", f"/{CUSTOMER}/ship"),
    ],
)  # fmt: skip
def test_token_is_needed(client: FlaskClient, method: str, path: str) -> None:
    """Every endpoint asks for an access token before anything else."""
    assert refusal(client.open(ORDERS + path, method=method)) == (401, "unauthenticated")


def test_read_own_order(client: FlaskClient, orders: FakeOrders) -> None:
    """The customer and staff read an order; its ETag is its version."""
    sample = order()
    orders.orders[sample.id] = sample

    for reader in (MINE, STAFF):
        answer = client.get(f"{ORDERS}/{sample.id}", headers=reader)
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"7"')


@pytest.mark.parametrize(("method", "action"), [("GET", ""), ("GET", "/timeline"), ("POST", "/cancel"), ("PATCH", "")])
def test_others_orders_are_invisible(client: FlaskClient, orders: FakeOrders, method: str, action: str) -> None:
    """Another customer's order is answered like one that does not exist."""
    sample = order()
    orders.orders[sample.id] = sample
    stranger = {**token(new_id(), "customer"), "If-Match": '"7"'}
    body = TEA if method == "PATCH" else None

    theirs = client.open(f"{ORDERS}/{sample.id}{action}", method=method, json=body, headers=stranger)
    nobodys = client.open(f"{ORDERS}/{new_id()}{action}", method=method, json=body, headers=stranger)
    assert refusal(theirs) == refusal(nobodys) == (404, "not_found")
    assert orders.writes == 0


def test_path_id_must_be_an_id(client: FlaskClient) -> None:
    """What is no UUID is not found."""
    assert refusal(client.get(f"{ORDERS}/1", headers=MINE)) == (404, "not_found")


def test_list(client: FlaskClient, orders: FakeOrders) -> None:
    """Customers list their own orders, newest first and by status; staff list all."""
    mine = [order(Status.CONFIRMED, held_revision=1), order(), order()]
    other = client.post(ORDERS, json=TEA, headers=token(new_id(), "customer")).json["id"]  # type: ignore[index]
    orders.orders.update({each.id: each for each in mine})

    def ids(query: str, reader: dict[str, str]) -> list[str]:
        return [each["id"] for each in client.get(ORDERS + query, headers=reader).json]  # type: ignore[union-attr]

    assert ids("", MINE) == [str(each.id) for each in reversed(mine)]
    assert ids("?status=confirmed", MINE) == [str(mine[0].id)]
    assert ids("?page=2&page_size=2", MINE) == [str(mine[0].id)]
    assert other in ids("", STAFF)


def test_list_tells_its_pages(client: FlaskClient, orders: FakeOrders) -> None:
    """X-Pagination counts what the filter leaves."""
    orders.orders.update({each.id: each for each in [order(), order(), order()]})
    answer = client.get(f"{ORDERS}?page_size=2", headers=MINE)

    pagination = json.loads(answer.headers["X-Pagination"])
    assert (pagination["total"], pagination["total_pages"], pagination["next_page"]) == (3, 2, 2)


@pytest.mark.parametrize("query", ["page=0", "page_size=101", "status=lost"])
def test_list_refuses(client: FlaskClient, query: str) -> None:
    """Pages start at 1, hold 100 at most, and states have names."""
    assert refusal(client.get(f"{ORDERS}?{query}", headers=MINE)) == (422, "validation_error")


def test_change(client: FlaskClient, orders: FakeOrders) -> None:
    """A change with the right ETag is accepted; the held lines show until it is decided."""
    sample = order(Status.CONFIRMED, 1, 1)
    orders.orders[sample.id] = sample
    answer = client.patch(f"{ORDERS}/{sample.id}", json=TEA, headers={**MINE, "If-Match": '"7"'})

    assert answer.status_code == 202
    assert (answer.json["status"], answer.json["revision"], answer.json["held_revision"]) == ("changing", 2, 1)  # type: ignore[index]
    assert (answer.headers["ETag"], answer.json["lines"][0]["quantity"]) == ('"8"', 1)  # type: ignore[index]


@pytest.mark.parametrize(
    ("if_match", "expected"),
    [
        ({}, (428, "precondition_required")),
        ({"If-Match": '"6"'}, (412, "precondition_failed")),
        ({"If-Match": 'W/"7"'}, (412, "precondition_failed")),
        ({"If-Match": '"x"'}, (412, "precondition_failed")),
        ({"If-Match": '"'}, (412, "precondition_failed")),
        ({"If-Match": f'"{"9" * 5000}"'}, (412, "precondition_failed")),
    ],
)
def test_change_needs_the_etag(
    client: FlaskClient, orders: FakeOrders, if_match: dict[str, str], expected: tuple[int, str]
) -> None:
    """A change says which version it is about; another one is refused."""
    sample = order()
    orders.orders[sample.id] = sample

    assert refusal(client.patch(f"{ORDERS}/{sample.id}", json=TEA, headers=MINE | if_match)) == expected


@pytest.mark.parametrize("if_match", ["*", '"6", "7"'])
def test_change_of_any_seen_version(client: FlaskClient, orders: FakeOrders, if_match: str) -> None:
    """If-Match may list versions, or take any."""
    sample = order()
    orders.orders[sample.id] = sample

    answer = client.patch(f"{ORDERS}/{sample.id}", json=TEA, headers={**MINE, "If-Match": if_match})
    assert answer.status_code == 202


def test_wrong_state(client: FlaskClient, orders: FakeOrders) -> None:
    """A shipped order cannot be changed, cancelled or shipped; each refusal has its code."""
    sample = order(Status.SHIPPED, 1, 1)
    orders.orders[sample.id] = sample
    path = f"{ORDERS}/{sample.id}"

    change = client.patch(path, json=TEA, headers={**MINE, "If-Match": "*"})
    assert refusal(change) == (409, "order_not_changeable")
    assert refusal(client.post(f"{path}/cancel", headers=MINE)) == (409, "order_not_cancellable")
    assert refusal(client.post(f"{path}/ship", headers=STAFF)) == (409, "order_not_shippable")


def test_cancel_twice(client: FlaskClient, orders: FakeOrders) -> None:
    """Cancelling is idempotent: the second answer is the first."""
    sample = order()
    orders.orders[sample.id] = sample
    first, second = (client.post(f"{ORDERS}/{sample.id}/cancel", headers=MINE) for _ in range(2))

    assert (first.status_code, second.status_code, first.json) == (202, 202, second.json)
    assert orders.writes == 1


def test_only_staff_ships(client: FlaskClient, orders: FakeOrders) -> None:
    """A customer may not ship, a manager may."""
    sample = order(Status.CONFIRMED, 1, 1)
    orders.orders[sample.id] = sample

    assert refusal(client.post(f"{ORDERS}/{sample.id}/ship", headers=MINE)) == (403, "forbidden")
    assert client.post(f"{ORDERS}/{sample.id}/ship", headers=STAFF).json["status"] == "shipping"  # type: ignore[index]


def test_timeline(client: FlaskClient) -> None:
    """The timeline tells what happened, oldest first."""
    order_id = client.post(ORDERS, json=TEA, headers=MINE).json["id"]  # type: ignore[index]
    client.post(f"{ORDERS}/{order_id}/cancel", headers=MINE)
    entries = client.get(f"{ORDERS}/{order_id}/timeline", headers=MINE).json

    assert [(each["type"], each["source"]) for each in entries] == [  # type: ignore[union-attr]
        ("order.placed", "orders"),
        ("order.cancelled", "orders"),
    ]


def test_store_is_away(client: FlaskClient, orders: FakeOrders) -> None:
    """Without its store the service says that it is unavailable, and nothing of the inside."""

    def fail(*_: object) -> None:
        raise StoreIsAway("mongo:27017 refused the connection")

    orders.find = fail  # type: ignore[assignment]
    answer = client.get(f"{ORDERS}/{new_id()}", headers=MINE)

    assert refusal(answer) == (503, "unavailable")
    assert "mongo" not in answer.text


def test_openapi_document(client: FlaskClient) -> None:
    """The document lists every endpoint, to anybody."""
    document: Any = client.get(f"{ORDERS}/openapi.json").json

    assert {path: sorted(set(methods) - {"parameters"}) for path, methods in document["paths"].items()} == {
        ORDERS: ["get", "post"],
        f"{ORDERS}/{{order_id}}": ["get", "patch"],
        f"{ORDERS}/{{order_id}}/cancel": ["post"],
        f"{ORDERS}/{{order_id}}/ship": ["post"],
        f"{ORDERS}/{{order_id}}/timeline": ["get"],
    }
    change = document["paths"][f"{ORDERS}/{{order_id}}"]["patch"]
    assert set(change["responses"]) >= {"202", "401", "404", "409", "412", "422", "428"}
    assert [each["name"] for each in change["parameters"]] == ["If-Match"]
    assert all(
        "security" in each for path in document["paths"].values() for verb, each in path.items() if verb != "parameters"
    )


def keyed(key: str, user: dict[str, str] = MINE) -> dict[str, str]:
    return {**user, "Idempotency-Key": key}


def test_repetition_gets_the_same_answer(client: FlaskClient, orders: FakeOrders) -> None:
    """Byte for byte, with its headers, although the order has moved on; and there is one order."""
    first = client.post(ORDERS, json=TEA, headers=keyed("k-1"))
    client.post(f"{first.headers['Location']}/cancel", headers=MINE)
    again = client.post(ORDERS, json=TEA, headers=keyed("k-1"))
    assert (again.status_code, again.data) == (202, first.data)
    assert [again.headers[name] for name in ("Location", "ETag")] == [
        first.headers[name] for name in ("Location", "ETag")
    ]
    assert len(orders.orders) == 1


def test_key_is_for_one_request(client: FlaskClient) -> None:
    """The same key with another body is a mistake of the client."""
    client.post(ORDERS, json=TEA, headers=keyed("k-1"))
    other = client.post(ORDERS, json={"lines": [{"sku": "TEA", "quantity": 3}]}, headers=keyed("k-1"))
    assert refusal(other) == (409, "idempotency_key_reused")


def test_key_belongs_to_its_user(client: FlaskClient, orders: FakeOrders) -> None:
    """Somebody else's equal key means another request."""
    client.post(ORDERS, json=TEA, headers=keyed("k-1"))
    assert client.post(ORDERS, json=TEA, headers=keyed("k-1", token(new_id(), "customer"))).status_code == 202
    assert len(orders.orders) == 2


@pytest.mark.parametrize("key", ["", "x" * 129, "tab\there"])
def test_bad_key_is_refused(client: FlaskClient, orders: FakeOrders, key: str) -> None:
    """Empty, too long, or with control characters."""
    assert refusal(client.post(ORDERS, json=TEA, headers=keyed(key))) == (422, "validation_error")
    assert orders.writes == 0


def test_refusal_is_not_kept(client: FlaskClient) -> None:
    """Only what created something is repeated."""
    assert client.post(ORDERS, json={"lines": []}, headers=keyed("k-1")).status_code == 422
    assert client.post(ORDERS, json=TEA, headers=keyed("k-1")).status_code == 202


def test_repetition_does_not_run_into_its_own_order(
    client: FlaskClient, orders: FakeOrders, availability: FakeAvailability
) -> None:
    """The last unit went to the first of two parallel requests: the second is answered like the first."""
    first: list[bytes] = []

    def be_faster() -> None:
        first.append(client.post(ORDERS, json=TEA, headers=keyed("k-1")).data)
        availability.available = {"TEA": 0}

    availability.meanwhile = be_faster
    second = client.post(ORDERS, json=TEA, headers=keyed("k-1"))
    assert (second.status_code, second.data) == (202, first[0])
    assert len(orders.orders) == 1
