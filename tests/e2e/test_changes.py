"""The life of an order after it was placed: changed, refused, cancelled, shipped; and the timeline that tells of it."""

from typing import Any

import pytest

from tests.e2e.client import Client
from tests.polling import eventually

BOTH = {"inventory", "orders"}


@pytest.fixture
def tea(manager: Client) -> str:
    """A product of which there are five."""
    return manager.add_product(stock=5, price="2.50")


def change(customer: Client, order: dict[str, Any], **quantities: int) -> dict[str, Any]:
    """Asks for other lines, which must be accepted, and waits for the decision."""
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
    path = f"/api/v1/orders/{order['id']}"
    etag = customer.call("GET", path).headers["ETag"]
    answer = customer.call("PATCH", path, json={"lines": lines}, headers={"If-Match": etag})
    assert (answer.status_code, answer.json()["status"]) == (202, "changing"), answer.text
    return customer.settled(order["id"])


def tells(customer: Client, order: dict[str, Any], *types: str) -> list[dict[str, Any]]:
    """Waits until the timeline has exactly these types; every entry has its time, service and trace."""

    def told() -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = customer.call("GET", f"/api/v1/orders/{order['id']}/timeline").json()
        assert [entry["type"] for entry in entries] == list(types)
        return entries

    entries = eventually(told, seconds=30)
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    assert all(len(entry["trace_id"]) == 32 for entry in entries)
    assert all(entry["source"] == {"o": "orders", "s": "inventory"}[entry["type"][0]] for entry in entries)
    return entries


def test_change_holds_the_difference(manager: Client, customer: Client, tea: str) -> None:
    """A change moves the hold; what was in the order keeps its price, what is new has today's."""
    cup = manager.add_product(stock=5, price="4.00")
    placed = customer.place(tea, 2)
    customer.settled(placed["id"])
    assert manager.call("PATCH", f"/api/v1/products/{tea}", json={"price": euros("3.00")}).status_code == 200
    assert manager.call("PATCH", f"/api/v1/products/{cup}", json={"price": euros("5.00")}).status_code == 200
    eventually(lambda: in_the_catalogue(customer, cup, "5.00"), seconds=30)
    eventually(lambda: nothing_held(manager, cup), seconds=30)

    order = change(customer, placed, **{tea: 1, cup: 3})
    assert (order["status"], order["revision"], order["held_revision"]) == ("confirmed", 2, 2)
    assert [line["unit_price"] for line in order["lines"]] == [euros("2.50"), euros("5.00")]
    assert order["total"] == euros("17.50")
    assert (manager.stock(tea)["reserved"], manager.stock(cup)["reserved"]) == (1, 3)
    answers = (
        "order.placed",
        "stock.reserved",
        "order.confirmed",
        "order.changed",
        "stock.reserved",
        "order.confirmed",
    )
    tells(customer, order, *answers)


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def in_the_catalogue(customer: Client, sku: str, price: str) -> None:
    """The orders service has heard of the price: seen by an order that is let go again."""
    order = customer.place(sku)
    customer.settled(order["id"])
    customer.call("POST", f"/api/v1/orders/{order['id']}/cancel")
    assert order["total"]["amount"] == price


def nothing_held(manager: Client, sku: str) -> None:
    """What was let go is available again."""
    assert manager.stock(sku)["reserved"] == 0


def test_refused_change_keeps_what_is_held(manager: Client, customer: Client, tea: str) -> None:
    """More than there is: the order stands as it was, and its customer is told what is short."""
    placed = customer.place(tea, 2)
    customer.settled(placed["id"])
    order = change(customer, placed, **{tea: 9})

    assert (order["status"], order["revision"], order["held_revision"]) == ("confirmed", 2, 1)
    assert (order["reason"], order["lines"][0]["quantity"]) == ("insufficient_stock", 2)
    assert manager.stock(tea) == {"received": 5, "available": 3, "reserved": 2, "sold": 0}
    before = ("order.placed", "stock.reserved", "order.confirmed", "order.changed")
    entries = tells(customer, order, *before, "stock.rejected", "order.change_rejected", "order.confirmed")
    assert f"{tea}: 9 asked, 5 available." in entries[4]["detail"]


def test_cancelled_order_gives_back(manager: Client, customer: Client, tea: str) -> None:
    """Everything is available again, cancelling once more is accepted, and nothing else is."""
    order = customer.place(tea, 2)
    customer.settled(order["id"])
    path = f"/api/v1/orders/{order['id']}"
    for _ in range(2):
        assert customer.call("POST", f"{path}/cancel").status_code == 202

    tells(customer, order, "order.placed", "stock.reserved", "order.confirmed", "order.cancelled", "stock.released")
    assert customer.order(order["id"])["reason"] == "requested_by_customer"
    assert manager.stock(tea) == {"received": 5, "available": 5, "reserved": 0, "sold": 0}
    assert manager.call("GET", f"/api/v1/reservations/{order['id']}").json()["status"] == "cancelled"
    assert manager.call("POST", f"{path}/ship").json()["code"] == "order_not_shippable"


def test_shipped_order_is_sold(manager: Client, customer: Client, tea: str) -> None:
    """Shipping makes the hold a sale; after that nothing moves."""
    order = customer.place(tea, 2)
    customer.settled(order["id"])
    path = f"/api/v1/orders/{order['id']}"
    assert manager.call("POST", f"{path}/ship").status_code == 202

    before = ("order.placed", "stock.reserved", "order.confirmed")
    tells(customer, order, *before, "order.ship_requested", "stock.sold", "order.shipped")
    assert customer.order(order["id"])["status"] == "shipped"
    assert manager.stock(tea) == {"received": 5, "available": 3, "reserved": 0, "sold": 2}
    assert customer.call("POST", f"{path}/cancel").json()["code"] == "order_not_cancellable"
