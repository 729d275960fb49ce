"""Orders, products and events as the tests need them."""

from decimal import Decimal
from uuid import UUID

from apps.orders.domain.lines import Line, Product
from apps.orders.domain.money import Money
from apps.orders.domain.order import Order, Status
from chassis.identifiers import new_id
from chassis.messaging.events import Event
from chassis.times import utc_now

CUSTOMER = new_id()


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def product(sku: str = "TEA", price: str = "12.50", *, active: bool = True, currency: str = "EUR") -> Product:
    return Product(sku, sku.title(), Money(Decimal(price), currency), active)


def line(sku: str = "TEA", quantity: int = 2, price: str = "12.50") -> Line:
    return Line(sku, sku.title(), quantity, euros(price))


def order(status: Status = Status.PENDING, revision: int = 1, held_revision: int = 0) -> Order:
    """An order in which each revision r asks for r teas."""
    now = utc_now()
    revisions = {r: (line(quantity=r),) for r in range(max(held_revision, 1), revision + 1)}
    return Order(new_id(), CUSTOMER, status, revision, held_revision, 7, revisions, None, now, now)


def heard(event_type: str, order_id: UUID, sequence: int = 1) -> Event:
    """An event of inventory about an order."""
    return Event(
        id=new_id(),
        type=event_type,
        source="inventory",
        subject=str(order_id),
        time=utc_now(),
        sequence=sequence,
        correlationid=str(order_id),
        causationid=None,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        dataschema=f"urn:quadrille:schema:{event_type}:1.0",
        data={},
    )
