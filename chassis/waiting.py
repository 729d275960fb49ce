"""Waiting for something outside with a deadline, for start-up and for tests."""

import time
from collections.abc import Callable

from chassis.logs import get_logger

log = get_logger()


def wait_until(check: Callable[[], str | None], seconds: float, interval: float = 0.5) -> str | None:
    """Repeats the check until it is well (None) or the time is over; then the last reason is returned."""
    deadline = time.monotonic() + seconds
    while (problem := check()) is not None and time.monotonic() < deadline:
        log.info("waiting_for_dependency", reason=problem)
        time.sleep(interval)
    return problem
