"""Lines: prices are taken from the catalogue once, and then agreed."""

from decimal import Decimal

import pytest

from apps.orders.domain.lines import AskedLine, Product, price_lines, total
from apps.orders.domain.money import Money
from apps.orders.domain.refusals import MixedCurrencies, ProductInactive, Refusal, UnknownSku
from tests.unit.orders.samples import euros, line, product

TEA = AskedLine("TEA", 2)


def test_new_lines_take_name_and_price() -> None:
    """A new line has the catalogue's name and today's price."""
    assert price_lines([TEA], {"TEA": product()}, {}) == (line("TEA", 2, "12.50"),)


def test_agreed_price_stays() -> None:
    """A product that is in the order keeps its price, whatever it costs today, also when there is more of it."""
    agreed = {"TEA": line("TEA", 1, "10.00")}

    assert price_lines([TEA], {"TEA": product(price="99.00")}, agreed) == (line("TEA", 2, "10.00"),)


@pytest.mark.parametrize(
    ("catalogue", "refusal"),
    [
        ([], UnknownSku),
        ([product("TEA", active=False)], ProductInactive),
        ([product("TEA", currency="CHF"), product("CUP")], MixedCurrencies),
    ],
)
def test_refusals(catalogue: list[Product], refusal: type[Refusal]) -> None:
    """What cannot be sold together, or at all, is refused."""
    asked = [TEA, *([AskedLine("CUP", 1)] if len(catalogue) > 1 else [])]

    with pytest.raises(refusal):
        price_lines(asked, {each.sku: each for each in catalogue}, {})


@pytest.mark.parametrize(("before", "allowed"), [(2, True), (3, True), (1, False)])
def test_inactive_product_in_the_order(before: int, *, allowed: bool) -> None:
    """Of a product that is no longer sold an order may keep what it has, or less."""
    catalogue, agreed = {"TEA": product(active=False)}, {"TEA": line("TEA", before)}

    if allowed:
        assert price_lines([TEA], catalogue, agreed) == (line("TEA", 2),)
    else:
        with pytest.raises(ProductInactive):
            price_lines([TEA], catalogue, agreed)


def test_change_keeps_the_currency() -> None:
    """An order in one currency takes no line in another."""
    with pytest.raises(MixedCurrencies):
        price_lines([AskedLine("CUP", 1)], {"CUP": product("CUP", currency="CHF")}, {"TEA": line()})


def test_total_is_exact() -> None:
    """Sums are decimal: ten times ten cents is one euro."""
    assert total((line("A", 3, "0.10"), line("B", 7, "0.10"))) == euros("1.00")


@pytest.mark.parametrize(("amount", "text"), [("12.5", "12.50"), ("3", "3.00"), ("0.125", "0.125"), ("1E+2", "100.00")])
def test_money_in_words(amount: str, text: str) -> None:
    """Outside, an amount has two decimals or more and no exponent."""
    assert Money(Decimal(amount), "EUR").text == text
