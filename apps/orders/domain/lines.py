"""Lines of an order: what a customer asks for, priced from the catalogue at that moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.orders.domain.money import Money
from apps.orders.domain.refusals import MixedCurrencies, ProductInactive, UnknownSku

MAX_LINES = 50
MAX_QUANTITY = 1000
SKU_PATTERN = r"^[A-Z0-9][A-Z0-9._-]{0,39}$"


@dataclass(frozen=True, slots=True)
class Product:
    """A product as the catalogue knows it now."""

    sku: str
    name: str
    price: Money
    active: bool


@dataclass(frozen=True, slots=True)
class AskedLine:
    """What the customer writes."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line with the name and the price that were agreed when it came into the order."""

    sku: str
    name: str
    quantity: int
    unit_price: Money


Lines = tuple[Line, ...]


def total(lines: Lines) -> Money:
    """The sum of all lines, which are in one currency."""
    amounts = [line.unit_price.times(line.quantity).amount for line in lines]
    return Money(sum(amounts, Decimal()), lines[0].unit_price.currency)


def price_lines(asked: Sequence[AskedLine], catalogue: Mapping[str, Product], agreed: Mapping[str, Line]) -> Lines:
    """The asked lines with names and prices; a product that is in the order already keeps what was agreed.

    Raises `UnknownSku`, `ProductInactive` (unless the order had as many of it before) or `MixedCurrencies`.
    """
    lines = tuple(_price(line, catalogue, agreed.get(line.sku)) for line in asked)
    currencies = {line.unit_price.currency for line in (*lines, *agreed.values())}
    if len(currencies) > 1:
        raise MixedCurrencies(f"An order has one currency; these lines have {' and '.join(sorted(currencies))}.")
    return lines


def _price(asked: AskedLine, catalogue: Mapping[str, Product], agreed: Line | None) -> Line:
    if agreed is not None and asked.quantity <= agreed.quantity:
        return Line(asked.sku, agreed.name, asked.quantity, agreed.unit_price)
    product = catalogue.get(asked.sku)
    if product is None:
        raise UnknownSku(f"There is no product {asked.sku}.")
    if not product.active:
        raise ProductInactive(f"The product {asked.sku} is no longer sold.")
    if agreed is not None:
        return Line(asked.sku, agreed.name, asked.quantity, agreed.unit_price)
    return Line(asked.sku, product.name, asked.quantity, product.price)
