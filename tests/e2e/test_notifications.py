"""Notifications as a customer gets them: events of other services become entries of an inbox."""

import time
from typing import Any

import pytest

from tests.e2e.client import Client
from tests.e2e.inbox import INBOX, Port, address_of, inbox, mails_to
from tests.e2e.stack import stopped
from tests.polling import eventually

OUTAGE_SECONDS = 30
PAUSE_SECONDS = 1.5  # of each customer between two orders


def kinds_in_inbox(client: Client, *expected: str) -> None:
    """Waits until exactly these are there, newest first."""

    def there() -> None:
        assert [each["kind"] for each in inbox(client)] == list(expected)

    eventually(there, seconds=30)


def test_order_is_followed_from_registration_to_shipping(manager: Client, customer: Client) -> None:
    """Welcome, confirmed, shipped: each once; reading takes them out of the unread."""
    order = customer.settled(customer.place(manager.add_product(stock=1))["id"])
    kinds_in_inbox(customer, "order.confirmed", "user.registered")
    assert manager.call("POST", f"/api/v1/orders/{order['id']}/ship").status_code == 202
    kinds_in_inbox(customer, "order.shipped", "order.confirmed", "user.registered")
    newest = inbox(customer)[0]
    assert newest["order_id"] == order["id"]
    assert order["id"] in newest["body"]
    assert customer.call("POST", f"{INBOX}/{newest['id']}/read").status_code == 204
    assert len(inbox(customer, "?unread=true")) == 2
    assert customer.call("POST", f"{INBOX}/read").status_code == 204
    assert inbox(customer, "?unread=true") == []


def test_managers_hear_of_low_stock(manager: Client, customer: Client) -> None:
    """And customers do not."""
    sku = manager.add_product(stock=3)
    changed = manager.call("PATCH", f"/api/v1/products/{sku}", json={"low_stock_threshold": 3})
    assert changed.status_code == 200
    customer.settled(customer.place(sku)["id"])

    def told() -> None:
        assert any(each["kind"] == "stock.low" and sku in each["body"] for each in inbox(manager))

    eventually(told, seconds=30)
    assert all(each["kind"] != "stock.low" for each in inbox(customer))


def test_mail_tells_of_the_order(manager: Client, customer: Client, port: Port) -> None:
    """One each for the welcome and the confirmation, with the order's whole id in text and HTML."""
    order = customer.place(manager.add_product(stock=1))
    address = address_of(customer)

    def both_there() -> list[dict[str, Any]]:
        mails = mails_to(port, address)
        assert len(mails) == 2
        return mails

    (mail,) = (each for each in eventually(both_there, seconds=30) if order["id"] in each["Text"])
    assert order["id"] in mail["HTML"]
    assert mail["Subject"] == "Order confirmed"


@pytest.mark.slow
def test_mail_server_that_is_down_delays_mails(manager: Client, gateway: str, port: Port) -> None:
    """For half a minute, under load: afterwards every mail has arrived, one each."""
    sku = manager.add_product(stock=200)
    customers = [Client(gateway).sign_up() for _ in range(4)]
    customers[0].settled(customers[0].place(sku)["id"])
    with stopped("mailpit"):
        up_again = time.monotonic() + OUTAGE_SECONDS
        orders: list[str] = []
        while time.monotonic() < up_again:
            orders += [customer.place(sku)["id"] for customer in customers]
            time.sleep(PAUSE_SECONDS)
    orders += [customer.place(sku)["id"] for customer in customers]
    addresses = [address_of(customer) for customer in customers]

    def one_each() -> None:
        texts = [mail["Text"] for address in addresses for mail in mails_to(port, address)]
        assert {order: sum(order in text for text in texts) for order in orders} == dict.fromkeys(orders, 1)

    eventually(one_each, seconds=60, interval=1)
