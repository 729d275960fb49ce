"""The events that inventory publishes: its contract with whoever listens."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from apps.inventory.domain.products import Product

_ORDER = "0198f3a2-7c41-7d7e-9b55-3f0f5f1f2a10"


def _with_example(**example: Any) -> ConfigDict:
    return ConfigDict(frozen=True, json_schema_extra={"examples": [example]})


class Price(BaseModel):
    """Money."""

    model_config = ConfigDict(frozen=True)

    amount: str = Field(description="decimal with two decimals or more", pattern=r"^\d+\.\d{2,3}$")
    currency: str = Field(description="ISO 4217 code", pattern="^[A-Z]{3}$")


class Line(BaseModel):
    """A quantity of one SKU."""

    model_config = ConfigDict(frozen=True)

    sku: str = Field(description="the product's SKU")
    quantity: int = Field(description="units", ge=1)


class Shortage(BaseModel):
    """A line that could not be held."""

    model_config = ConfigDict(frozen=True)

    sku: str = Field(description="the product's SKU; it may be unknown")
    asked: int = Field(description="units that the order asked for", ge=1)
    available: int = Field(description="units that the order could have had, with those that it holds", ge=0)


class _ProductState(BaseModel):
    sku: str = Field(description="the product's SKU")
    name: str = Field(description="what customers call it")
    price: Price = Field(description="the price of one unit")
    active: bool = Field(description="whether it is offered")


class ProductCreated(_ProductState):
    """A product is in the catalogue. The event's `sequence` is the product's version."""

    schema_version: ClassVar[str] = "1.0"
    model_config = _with_example(
        sku="MUG-BLUE", name="Blue mug", price={"amount": "12.50", "currency": "EUR"}, active=True
    )


class ProductUpdated(_ProductState):
    """A product changed; all of its fields, so that an older event can be left out."""

    schema_version: ClassVar[str] = "1.0"
    model_config = _with_example(
        sku="MUG-BLUE", name="Blue mug", price={"amount": "13.00", "currency": "EUR"}, active=False
    )


class _ReservationState(BaseModel):
    order_id: UUID = Field(description="the order")
    revision: int = Field(description="the revision of the order", ge=0)


class StockReserved(_ReservationState):
    """All lines of the revision are held, and nothing else is."""

    schema_version: ClassVar[str] = "1.0"
    model_config = _with_example(order_id=_ORDER, revision=1, expires_at="2026-01-02T03:19:05.678Z")

    expires_at: datetime = Field(description="when the hold ends unless the order is confirmed")


class StockRejected(_ReservationState):
    """Some lines of the revision are short; what was held before stays held."""

    schema_version: ClassVar[str] = "1.0"
    model_config = _with_example(
        order_id=_ORDER, revision=2, held_revision=1, shortages=[{"sku": "MUG-BLUE", "asked": 40, "available": 12}]
    )

    held_revision: int = Field(description="the revision that is still held; 0: none", ge=0)
    shortages: tuple[Shortage, ...] = Field(description="every line that is short, by SKU", min_length=1)


class StockReleased(_ReservationState):
    """The order was cancelled: what was held for it is available again."""

    schema_version: ClassVar[str] = "1.0"
    model_config = _with_example(order_id=_ORDER, revision=1, lines=[{"sku": "MUG-BLUE", "quantity": 2}])

    lines: tuple[Line, ...] = Field(description="what was released, by SKU")


class StockExpired(_ReservationState):
    """The order was not confirmed in time: what was held for it is available again, and it can hold no more."""

    schema_version: ClassVar[str] = "1.0"
    model_config = _with_example(order_id=_ORDER, revision=1, lines=[{"sku": "MUG-BLUE", "quantity": 2}])

    lines: tuple[Line, ...] = Field(description="what was released, by SKU")


class StockSold(_ReservationState):
    """What was held is sold: the order can be shipped."""

    schema_version: ClassVar[str] = "1.0"
    model_config = _with_example(order_id=_ORDER, revision=1, lines=[{"sku": "MUG-BLUE", "quantity": 2}])

    lines: tuple[Line, ...] = Field(description="what was sold, by SKU")


class StockSaleRejected(_ReservationState):
    """The revision that should be shipped is not held. The order holds nothing now, and never will again."""

    schema_version: ClassVar[str] = "1.0"
    model_config = _with_example(order_id=_ORDER, revision=2, lines=[])

    lines: tuple[Line, ...] = Field(description="what was held instead and is released, by SKU; often none")


class StockLow(BaseModel):
    """The available units fell below the threshold. Said once per crossing; `sequence` is the stock's version."""

    schema_version: ClassVar[str] = "1.0"
    model_config = _with_example(sku="MUG-BLUE", available=4, threshold=5)

    sku: str = Field(description="the product's SKU")
    available: int = Field(description="units that can still be held", ge=0)
    threshold: int = Field(description="fewer than these are low", ge=1)


def price_of(product: Product) -> Price:
    """The product's price as events and answers tell it."""
    return Price(amount=str(product.price.amount), currency=product.price.currency)


def product_created(product: Product) -> ProductCreated:
    """The event of a new product."""
    return ProductCreated(sku=product.sku, name=product.name, price=price_of(product), active=product.active)


def product_updated(product: Product) -> ProductUpdated:
    """The event of a changed product."""
    return ProductUpdated(sku=product.sku, name=product.name, price=price_of(product), active=product.active)
