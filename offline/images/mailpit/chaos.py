"""Mailpit's Chaos: refusals on demand, for tests of what a sender makes of them. Here, of recipients alone."""

import random
import threading
from typing import Any

CODES = range(400, 600)
PERCENTS = range(101)


class Chaos:
    """What share of the recipients is refused, and with which code."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._code, self._percent = 451, 0

    def set(self, triggers: dict[str, Any]) -> None:
        """As the API takes them; what is missing is off. Raises ValueError."""
        recipient = triggers.get("Recipient", {})
        code, percent = recipient.get("ErrorCode", 451), recipient.get("Probability", 0)
        if code not in CODES or percent not in PERCENTS:
            raise ValueError("ErrorCode is between 400 and 599, Probability between 0 and 100")
        with self._lock:
            self._code, self._percent = code, percent

    def as_json(self) -> dict[str, Any]:
        """As the API shows them."""
        with self._lock:
            return {"Recipient": {"ErrorCode": self._code, "Probability": self._percent}}

    def refusal(self) -> str | None:
        """The answer to a recipient who is refused."""
        with self._lock:
            refuses = random.randrange(100) < self._percent  # noqa: S311 - no secret
            return f"{self._code} Chaos recipient error" if refuses else None
