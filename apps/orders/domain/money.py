"""Money: an exact decimal amount of one currency."""

from dataclasses import dataclass
from decimal import Decimal

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount and its ISO 4217 code."""

    amount: Decimal
    currency: str

    def times(self, quantity: int) -> "Money":
        """The price of that many."""
        return Money(self.amount * quantity, self.currency)

    @property
    def text(self) -> str:
        """The amount as it is written outside: plain digits, two decimals or more, for instance 12.50."""
        decimals = self.amount.as_tuple().exponent
        exact = self.amount if isinstance(decimals, int) and decimals <= -2 else self.amount.quantize(_CENT)  # noqa: PLR2004 - two decimals
        return f"{exact:f}"
