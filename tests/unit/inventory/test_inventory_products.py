"""Money and SKUs."""

from decimal import Decimal

import pytest

from apps.inventory.domain.products import Money, is_sku


@pytest.mark.parametrize(
    ("amount", "currency", "minor_units", "shown"),
    [
        ("12.5", "EUR", 1250, "12.50"),
        ("0", "EUR", 0, "0.00"),
        ("1200", "JPY", 1200, "1200.00"),
        ("1.234", "KWD", 1234, "1.234"),
        ("999999999.99", "USD", 99999999999, "999999999.99"),
    ],
)
def test_amounts_are_kept_exactly(amount: str, currency: str, minor_units: int, shown: str) -> None:
    """Stored in the currency's smallest coin, shown with two decimals or more."""
    money = Money.of(Decimal(amount), currency)
    assert (money.minor_units, str(money.amount)) == (minor_units, shown)


@pytest.mark.parametrize(("amount", "currency"), [("0.001", "EUR"), ("0.5", "JPY"), ("0.0001", "KWD")])
def test_smaller_than_any_coin_is_refused(amount: str, currency: str) -> None:
    """An amount is never rounded in silence."""
    with pytest.raises(ValueError, match=currency):
        Money.of(Decimal(amount), currency)


@pytest.mark.parametrize("text", ["A", "0", "MUG-BLUE", "a".upper() * 40, "9.X_1"])
def test_sku(text: str) -> None:
    """Capitals, digits and a few marks."""
    assert is_sku(text)


@pytest.mark.parametrize("text", ["", "-A", "mug", "A" * 41, "A B", "A\n", "Ä", "A/B", "A\0"])
def test_no_sku(text: str) -> None:
    """Anything else is none."""
    assert not is_sku(text)
