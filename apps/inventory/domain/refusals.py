"""Refusals: what inventory says no to. `code` is stable, the words are for a person.

Refusal
├── ProductNotFound
├── ReservationNotFound
├── SkuTaken
└── StockBelowZero
"""

from typing import ClassVar
from uuid import UUID


class Refusal(Exception):
    """A request that the rules do not allow."""

    code: ClassVar[str]


class ProductNotFound(Refusal):
    """Nothing is known under that SKU."""

    code = "not_found"

    def __init__(self, sku: str) -> None:
        super().__init__(f"There is no product {sku!r}.")


class ReservationNotFound(Refusal):
    """Nothing was ever asked for that order."""

    code = "not_found"

    def __init__(self, order_id: UUID | str) -> None:
        super().__init__(f"There is no reservation for the order {str(order_id)!r}.")


class SkuTaken(Refusal):
    """Another product has the SKU."""

    code = "sku_taken"

    def __init__(self, sku: str) -> None:
        super().__init__(f"There is a product {sku} already.")


class StockBelowZero(Refusal):
    """A correction would take away more than is free."""

    code = "stock_below_zero"

    def __init__(self, sku: str, available: int) -> None:
        super().__init__(f"Only {available} of {sku} are available; what is held or sold cannot be taken away.")
