"""What the orders service listens to: inventory's catalogue, and its answers in the saga."""

from decimal import Decimal
from typing import Protocol
from uuid import UUID

from apps.orders import service
from apps.orders.domain import events as told
from apps.orders.domain.lines import Product
from apps.orders.domain.money import Money
from apps.orders.repositories import Catalogue, Orders
from chassis.messaging.events import Event
from chassis.messaging.subscriptions import Reading, Subscriptions

INVENTORY = "inventory"

subscriptions = Subscriptions("orders")


class Parts(Protocol):
    """What the handlers need."""

    @property
    def orders(self) -> Orders:
        """The orders."""

    @property
    def catalogue(self) -> Catalogue:
        """The copy of the catalogue."""


class Price(Reading):
    """What one of a product costs."""

    amount: Decimal
    currency: str


class ProductDescribed(Reading):
    """A product as it is now."""

    sku: str
    name: str
    price: Price
    active: bool


class StockReserved(Reading):
    """A revision is held."""

    order_id: UUID
    revision: int


class Shortage(Reading):
    """Too little of a product."""

    sku: str
    asked: int
    available: int


class StockRejected(Reading):
    """A revision cannot be held."""

    order_id: UUID
    revision: int
    held_revision: int
    shortages: tuple[Shortage, ...]


class ReservationEnded(Reading):
    """The hold of an order has come to an end: expired, sold, released, or not there when it was to be sold."""

    order_id: UUID


@subscriptions.on(INVENTORY, "product.created", ProductDescribed)
@subscriptions.on(INVENTORY, "product.updated", ProductDescribed)
def product_described(parts: Parts, data: ProductDescribed, event: Event) -> None:
    """Keeps the copy of the catalogue."""
    product = Product(data.sku, data.name, Money(data.price.amount, data.price.currency), data.active)
    service.keep_product(parts.catalogue, product, event.sequence)


@subscriptions.on(INVENTORY, "stock.reserved", StockReserved)
def stock_reserved(parts: Parts, data: StockReserved, event: Event) -> None:
    """Confirms the order."""
    service.stock_reserved(parts.orders, data.order_id, data.revision, event)


@subscriptions.on(INVENTORY, "stock.rejected", StockRejected)
def stock_rejected(parts: Parts, data: StockRejected, event: Event) -> None:
    """Rejects the order, or goes back to the revision that is held."""
    shortages = [told.Shortage(**shortage.model_dump()) for shortage in data.shortages]
    service.stock_rejected(parts.orders, data.order_id, data.revision, data.held_revision, shortages, event)


@subscriptions.on(INVENTORY, "stock.expired", ReservationEnded)
def stock_expired(parts: Parts, data: ReservationEnded, event: Event) -> None:
    """Cancels the order."""
    service.stock_expired(parts.orders, data.order_id, event)


@subscriptions.on(INVENTORY, "stock.sold", ReservationEnded)
def stock_sold(parts: Parts, data: ReservationEnded, event: Event) -> None:
    """Ends the shipping."""
    service.stock_sold(parts.orders, data.order_id, event)


@subscriptions.on(INVENTORY, "stock.sale_rejected", ReservationEnded)
def stock_sale_rejected(parts: Parts, data: ReservationEnded, event: Event) -> None:
    """Cancels the order that could not be shipped."""
    service.stock_sale_rejected(parts.orders, data.order_id, event)


@subscriptions.on(INVENTORY, "stock.released", ReservationEnded)
def stock_released(parts: Parts, data: ReservationEnded, event: Event) -> None:
    """Notes that a cancelled order holds nothing any more."""
    service.stock_released(parts.orders, data.order_id, event)
