"""Stock: received = available + reserved + sold, for every SKU at every moment.

Nothing sets these numbers. A `Move` shifts units between them, so the equation holds by construction; a move that would
leave fewer than none available is refused as a whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Lines = Mapping[str, int]
"""Quantities by SKU."""


@dataclass(frozen=True, slots=True)
class Move:
    """By how much each number of one SKU changes; their sum is what comes in or goes out."""

    sku: str
    available: int = 0
    reserved: int = 0
    sold: int = 0


def converge(held: Lines, asked: Lines) -> list[Move]:
    """The moves that turn one hold into another; nothing asked releases all."""
    changes = {sku: asked.get(sku, 0) - held.get(sku, 0) for sku in sorted({*held, *asked})}
    return [Move(sku, available=-change, reserved=change) for sku, change in changes.items() if change]


def sell(held: Lines) -> list[Move]:
    """The moves that make a hold a sale."""
    return [Move(sku, reserved=-quantity, sold=quantity) for sku, quantity in sorted(held.items())]


def correct(sku: str, delta: int) -> list[Move]:
    """The move for goods that came, or that turned out to be missing."""
    return [Move(sku, available=delta)]


@dataclass(frozen=True, slots=True)
class Stock:
    """The numbers of one SKU."""

    sku: str
    received: int
    available: int
    reserved: int
    sold: int
    low_stock_threshold: int = 0
    version: int = 1

    def fell_low(self, move: Move) -> bool:
        """Whether the move, which led here, crossed the threshold downwards."""
        return self.available < self.low_stock_threshold <= self.available - move.available


@dataclass(frozen=True, slots=True)
class Totals:
    """What there is of all products together, and of how many there is less than their threshold."""

    available: int
    reserved: int
    sold: int
    low: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of some moves: either all were made, or some SKUs were short and none was."""

    stocks: Sequence[Stock] = ()
    short: Lines = field(default_factory=dict)
    """What is available of each SKU that was short; 0 of an unknown one."""
