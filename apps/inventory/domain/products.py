"""Products: what can be ordered, under which name and at which price."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

SKU = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,39}")

# ISO 4217: the currencies that have not the usual two.
_DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"), 0),
    **dict.fromkeys(("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
USUAL_DECIMALS = 2


def is_sku(text: str) -> bool:
    """Whether the text could be the SKU of a product at all."""
    return SKU.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the minor units of its currency (ISO 4217), for instance cents."""

    minor_units: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> Self:
        """The amount as money. Raises ValueError when the currency has no such small coin."""
        minor_units = amount.scaleb(_decimals(currency))
        if minor_units != minor_units.to_integral_value():
            raise ValueError(f"{currency} has {_decimals(currency)} decimals")
        return cls(int(minor_units), currency)

    @property
    def amount(self) -> Decimal:
        """The amount in whole units, with two decimals or more: 12.50."""
        exact = Decimal(self.minor_units).scaleb(-_decimals(self.currency))
        return exact.quantize(Decimal(1).scaleb(-max(_decimals(self.currency), USUAL_DECIMALS)))


def _decimals(currency: str) -> int:
    return _DECIMALS.get(currency, USUAL_DECIMALS)


@dataclass(frozen=True, slots=True)
class Product:
    """One thing that can be ordered. An inactive one stays known, but is no longer offered."""

    sku: str
    name: str
    description: str
    price: Money
    active: bool = True
    version: int = 1
