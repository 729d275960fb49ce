"""Polling with a deadline, for everything that happens a moment later."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(attempt: Callable[[], T], seconds: float = 10, interval: float = 0.1) -> T:
    """Repeats the attempt until it raises nothing; after the deadline its last exception passes through."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return attempt()
        except Exception:
            if time.monotonic() > deadline:
                raise
        time.sleep(interval)
