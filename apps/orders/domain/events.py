"""The events that orders publishes. The class name gives the type: OrderShipRequested → order.ship_requested."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

_ORDER = {
    "order_id": "0199c1a0-7e1b-7c3a-9d55-0c7f2a6b1e10",
    "customer_id": "0199c19f-11aa-7b02-8f7e-52f4c1d0a9b3",
}
_LINES = {"lines": [{"sku": "TEA-GREEN-100", "quantity": 2}], "total": {"amount": "25.00", "currency": "EUR"}}
_SHORTAGES = {"reason": "insufficient_stock", "shortages": [{"sku": "TEA-GREEN-100", "asked": 200, "available": 7}]}


def _config(**example: Any) -> ConfigDict:
    return ConfigDict(frozen=True, json_schema_extra={"examples": [{**_ORDER, **example}]})


class OrderedLine(BaseModel):
    """One product of an order."""

    model_config = ConfigDict(frozen=True)

    sku: str = Field(description="the product")
    quantity: int = Field(description="how many", ge=1, le=1000)


class Total(BaseModel):
    """An amount of money."""

    model_config = ConfigDict(frozen=True)

    amount: str = Field(description="two decimals or more", pattern=r"^\d+\.\d{2,}$")
    currency: str = Field(description="ISO 4217 code", pattern="^[A-Z]{3}$")


class Shortage(BaseModel):
    """A product of which there is less than was asked."""

    model_config = ConfigDict(frozen=True)

    sku: str = Field(description="the product")
    asked: int = Field(description="how many were asked", ge=1)
    available: int = Field(description="how many there were, those that the order holds included", ge=0)


class OrderEvent(BaseModel):
    """What all events of an order say."""

    schema_version: ClassVar[str] = "1.0"

    order_id: UUID = Field(description="the order; also the event's correlationid")
    customer_id: UUID = Field(description="whose order it is")

    @property
    def detail(self) -> str:
        """The event in one sentence, for the order's timeline."""
        raise NotImplementedError


class OrderPlaced(OrderEvent):
    """A customer has placed an order: hold exactly these lines for it. Asked again while nobody answers."""

    model_config = _config(revision=1, **_LINES)

    revision: int = Field(description="the revision that asks: 1", ge=1)
    lines: tuple[OrderedLine, ...] = Field(description="what to hold, one line per product")
    total: Total = Field(description="the price of all lines")

    @property
    def detail(self) -> str:
        """See `OrderEvent`."""
        return f"Placed for {self.total.amount} {self.total.currency}."


class OrderChanged(OrderEvent):
    """A customer asks for other lines: hold these instead, or keep what is held. Asked again while nobody answers."""

    model_config = _config(revision=2, **_LINES)

    revision: int = Field(description="the revision that asks, 2 or more; an older one is void", ge=1)
    lines: tuple[OrderedLine, ...] = Field(description="what to hold, one line per product")
    total: Total = Field(description="the price of all lines")

    @property
    def detail(self) -> str:
        """See `OrderEvent`."""
        return f"Revision {self.revision} asked for, {self.total.amount} {self.total.currency}."


class OrderConfirmed(OrderEvent):
    """The goods of a revision are held for the order: keep them until it is shipped, changed or cancelled."""

    model_config = _config(revision=1, **_LINES)

    revision: int = Field(description="the revision whose hold becomes permanent", ge=1)
    lines: tuple[OrderedLine, ...] = Field(description="what is held")
    total: Total = Field(description="the price of all lines")

    @property
    def detail(self) -> str:
        """See `OrderEvent`."""
        return f"Revision {self.revision} confirmed, {self.total.amount} {self.total.currency}."


class OrderChangeRejected(OrderEvent):
    """A change could not be held; the order stands as it was before."""

    model_config = _config(revision=2, held_revision=1, **_SHORTAGES)

    revision: int = Field(description="the revision that was refused", ge=1)
    held_revision: int = Field(description="the revision that is still held", ge=1)
    reason: str = Field(description="a stable word: insufficient_stock")
    shortages: tuple[Shortage, ...] = Field(description="what there was too little of")

    @property
    def detail(self) -> str:
        """See `OrderEvent`."""
        return f"Revision {self.revision} refused; revision {self.held_revision} stays."


class OrderRejected(OrderEvent):
    """Nothing could be held for the order. It has ended."""

    model_config = _config(revision=1, **_SHORTAGES)

    revision: int = Field(description="the newest revision, which was refused", ge=1)
    reason: str = Field(description="a stable word: insufficient_stock")
    shortages: tuple[Shortage, ...] = Field(description="what there was too little of")

    @property
    def detail(self) -> str:
        """See `OrderEvent`."""
        return "Rejected: there is not enough stock."


class OrderCancelled(OrderEvent):
    """The order has ended unshipped: nothing may be held for it, now or later."""

    model_config = _config(revision=1, reason="requested_by_customer")

    revision: int = Field(description="the newest revision at that moment", ge=1)
    reason: str = Field(
        description="a stable word: requested_by_customer, requested_by_staff, reservation_expired, sale_rejected or "
        "no_answer"
    )

    @property
    def detail(self) -> str:
        """See `OrderEvent`."""
        return f"Cancelled: {self.reason.replace('_', ' ')}."


class OrderShipRequested(OrderEvent):
    """The order shall be shipped: sell what is held for exactly this revision. Asked again while nobody answers."""

    model_config = _config(revision=1)

    revision: int = Field(description="the confirmed revision", ge=1)

    @property
    def detail(self) -> str:
        """See `OrderEvent`."""
        return f"Shipping of revision {self.revision} requested."


class OrderShipped(OrderEvent):
    """The goods are sold and on their way. The order has ended."""

    model_config = _config(revision=1, **_LINES)

    revision: int = Field(description="the revision that was sold", ge=1)
    lines: tuple[OrderedLine, ...] = Field(description="what was sold")
    total: Total = Field(description="the price of all lines")

    @property
    def detail(self) -> str:
        """See `OrderEvent`."""
        return "Shipped."
