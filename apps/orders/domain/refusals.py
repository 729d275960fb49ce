"""Refusals: what a customer is told when the rules say no. `code` is stable; the words may change.

Refusal
├── OrderNotFound         there is none, or it is somebody else's
├── UnknownSku            not in the catalogue
├── ProductInactive       no longer sold
├── MixedCurrencies       an order has one currency
├── InsufficientStock     inventory has less than is asked, and says so beforehand
├── OrderNotChangeable    ┐
├── OrderNotCancellable   ├ not in this state
├── OrderNotShippable     ┘
└── VersionMismatch       the order has moved since the client read it
"""

from collections.abc import Sequence
from typing import ClassVar, TypedDict


class Refusal(Exception):
    """A request that the rules do not allow."""

    code: ClassVar[str]


class OrderNotFound(Refusal):
    """There is no such order among those that the caller may see."""

    code = "not_found"


class UnknownSku(Refusal):
    """A line names a product that is not in the catalogue."""

    code = "unknown_sku"


class ProductInactive(Refusal):
    """A line names a product that is no longer sold."""

    code = "product_inactive"


class MixedCurrencies(Refusal):
    """The prices of the lines are in different currencies."""

    code = "mixed_currencies"


class Shortage(TypedDict):
    """A product of which there is less than was asked."""

    sku: str
    asked: int
    available: int


class InsufficientStock(Refusal):
    """There is less than was asked of some products, which are listed."""

    code = "insufficient_stock"

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        super().__init__(f"There is not enough of {', '.join(short['sku'] for short in shortages)}.")
        self.errors = {"shortages": list(shortages)}


class OrderNotChangeable(Refusal):
    """The order is past the point where its lines can change."""

    code = "order_not_changeable"


class OrderNotCancellable(Refusal):
    """The order is past the point where it can be cancelled."""

    code = "order_not_cancellable"


class OrderNotShippable(Refusal):
    """Only a confirmed order can be shipped."""

    code = "order_not_shippable"


class VersionMismatch(Refusal):
    """The order is not the one that the client has seen."""

    code = "precondition_failed"
