"""`make demo`: a customer signs up and places two orders, one that is confirmed and one that is more than there is."""

import json
import secrets
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from tools.console import Clock, Failure, main, say
from tools.paths import ROOT
from tools.stack import Stack

DEADLINE_SECONDS = 30
POLL_SECONDS = 0.05
ENDS = frozenset({"confirmed", "rejected", "cancelled"})
CONFLICT = 409


@dataclass(frozen=True)
class Answer:
    """Status and body of one HTTP exchange."""

    status: int
    body: Any


class Client:
    """The API as a customer sees it: through the gateway."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.token = ""

    def ask(self, method: str, path: str, body: object = None, expect: tuple[int, ...] = (200,)) -> Answer:
        """One exchange; raises Failure for any other status than those expected."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}{path}", data, headers, method=method)  # noqa: S310 - http only
        answer = _exchange(request)
        if answer.status not in expect:
            detail = answer.body.get("detail", "") if isinstance(answer.body, dict) else ""
            raise Failure(f"{method} {path} answered {answer.status} {detail}: see `make ps` and `make logs`".strip())
        return answer


def _exchange(request: urllib.request.Request) -> Answer:
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - as above
            return Answer(response.status, _parse(response.read()))
    except urllib.error.HTTPError as error:
        return Answer(error.code, _parse(error.read()))
    except OSError:
        raise Failure(f"nothing answers at {request.host}: run `make up` first") from None


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def step(text: str, clock: Clock) -> None:
    """Prints a step with the milliseconds that it took."""
    say(f"{clock.seconds * 1000:7.0f} ms  {text}")


def sign_up(client: Client) -> None:
    """Registers somebody new and logs in."""
    account = {"email": f"demo-{secrets.token_hex(6)}@example.com", "password": secrets.token_urlsafe(18)}
    clock = Clock()
    client.ask("POST", "/api/v1/users", {**account, "name": "Demo Customer"}, expect=(201,))
    step(f"signed up as {account['email']}", clock)
    clock = Clock()
    client.token = client.ask("POST", "/api/v1/auth/login", account).body["access_token"]
    step("logged in", clock)


def follow(client: Client, order_id: str) -> dict[str, Any]:
    """The order, once the saga has decided."""
    clock = Clock()
    while clock.seconds < DEADLINE_SECONDS:
        order: dict[str, Any] = client.ask("GET", f"/api/v1/orders/{order_id}").body
        if order["status"] in ENDS:
            return order
        time.sleep(POLL_SECONDS)
    raise Failure(f"order {order_id} is still undecided after {DEADLINE_SECONDS} s: see `make logs S=inventory-worker`")


def place(client: Client, sku: str, quantity: int, zipkin: str) -> str:
    """Places an order and prints what becomes of it. Returns its status at the end."""
    clock = Clock()
    lines = {"lines": [{"sku": sku, "quantity": quantity}]}
    answer = client.ask("POST", "/api/v1/orders", lines, expect=(202, CONFLICT))
    step(f"ordered {quantity} x {sku}: {answer.status}", clock)
    if answer.status == CONFLICT:
        step(f"rejected at once: {answer.body['code']}", clock)
        return "rejected"
    order = follow(client, answer.body["id"])
    reason = f" ({order['reason']})" if order.get("reason") else ""
    step(f"order {order['id']} is {order['status']}{reason}", clock)
    timeline = client.ask("GET", f"/api/v1/orders/{order['id']}/timeline").body
    say(f"            its trace: {zipkin}/traces/{timeline[0]['trace_id']}")
    return str(order["status"])


def demo() -> None:
    """Plays the customer; raises Failure when the orders end otherwise than they should."""
    values = Stack(ROOT / ".env").values
    client = Client(f"http://localhost:{values['GATEWAY_PORT']}")
    sign_up(client)
    clock = Clock()
    products = client.ask("GET", "/api/v1/products?page_size=1").body
    step("looked at the catalogue", clock)
    if not products:
        raise Failure("the catalogue is empty: set DEMO_DATA=true in .env and run `make up`")
    sku = products[0]["sku"]
    zipkin = f"http://localhost:{values['ZIPKIN_PORT']}/zipkin"
    ends = [place(client, sku, quantity, zipkin) for quantity in (1, 1000)]
    if ends != ["confirmed", "rejected"]:
        raise Failure(f"the orders ended as {', '.join(ends)} instead of confirmed, rejected: see `make logs`")


if __name__ == "__main__":
    main(demo)
