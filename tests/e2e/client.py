"""A black-box client of the API, through the gateway."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.polling import eventually

TERMINAL = {"confirmed", "rejected", "cancelled", "shipped"}
PASSWORD = "correct horse battery staple"
RENEWAL_SECONDS = 300  # an access token lives for ten minutes, the whole run for longer


def new_email() -> str:
    """The address of a customer who is not registered yet."""
    return f"customer-{secrets.token_hex(6)}@example.com"


@dataclass
class Client:
    """One user's view of the system."""

    base: str
    session: requests.Session = field(default_factory=requests.Session)
    _credentials: tuple[str, str] | None = None
    _renewal: float = 0.0

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """A request; the answer is not judged."""
        if self._credentials is not None and time.monotonic() > self._renewal:
            self.log_in(*self._credentials)
        return self.session.request(method, self.base + path, timeout=10, **options)

    def log_in(self, email: str, password: str) -> "Client":
        """From here on with an access token of that user, a new one before it expires."""
        self._credentials, self._renewal = (email, password), time.monotonic() + RENEWAL_SECONDS
        answer = self.sign_in("/api/v1/auth/login", {"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return self

    def renew(self) -> None:
        """A new access token before it is time: soon nobody may be able to give one."""
        assert self._credentials is not None
        self.log_in(*self._credentials)

    def sign_up(self) -> "Client":
        """A new customer, logged in."""
        email = new_email()
        answer = self.sign_in("/api/v1/users", {"email": email, "password": PASSWORD, "name": "A Customer"})
        assert answer.status_code == 201, answer.text
        return self.log_in(email, PASSWORD)

    def sign_in(self, path: str, body: dict[str, str]) -> requests.Response:
        """The gateway limits sign-ins per address, and all tests have the same one: they wait their turn."""

        def answered() -> requests.Response:
            answer = self.call("POST", path, json=body)
            assert (answer.status_code, answer.headers.get("Retry-After")) != (429, "1"), answer.text
            return answer

        return eventually(answered, seconds=20, interval=0.5)

    def add_product(self, stock: int, price: str = "12.50") -> str:
        """A new product (as a manager); returns its SKU."""
        sku = f"TEST-{secrets.token_hex(5).upper()}"
        body = {"sku": sku, "name": f"Test {sku}", "description": "A product of a test",
                "price": {"amount": price, "currency": "EUR"}, "stock": stock}  # fmt: skip
        answer = self.call("POST", "/api/v1/products", json=body)
        assert answer.status_code == 201, answer.text
        return sku

    def stock(self, sku: str) -> dict[str, int]:
        """The four numbers of a product (as a manager)."""
        answer = self.call("GET", f"/api/v1/products/{sku}/stock")
        assert answer.status_code == 200, answer.text
        body: dict[str, int] = answer.json()
        return {name: body[name] for name in ("received", "available", "reserved", "sold")}

    def place(self, sku: str, quantity: int = 1) -> dict[str, Any]:
        """Places an order, which must be accepted; returns it."""
        answer = self.ask(sku, quantity)
        assert answer.status_code == 202, answer.text
        order: dict[str, Any] = answer.json()
        return order

    def ask(self, sku: str, quantity: int = 1) -> requests.Response:
        """Asks for an order as soon as the orders service knows the product; the answer may be a refusal."""

        def answered() -> requests.Response:
            answer = self.call("POST", "/api/v1/orders", json={"lines": [{"sku": sku, "quantity": quantity}]})
            assert answer.status_code != 422, answer.text
            return answer

        return eventually(answered, seconds=30)

    def order(self, order_id: str) -> dict[str, Any]:
        """The order as it is now."""
        answer = self.call("GET", f"/api/v1/orders/{order_id}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def settled(self, order_id: str, seconds: float = 30) -> dict[str, Any]:
        """Waits until the saga has decided; returns the order."""

        def decided() -> dict[str, Any]:
            order = self.order(order_id)
            assert order["status"] in TERMINAL, order["status"]
            return order

        return eventually(decided, seconds=seconds, interval=0.2)
