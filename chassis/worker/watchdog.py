"""The watchdog: a consumer that stands still while its broker is well is stuck, and its container starts it again."""

import os
import threading
from collections.abc import Callable

from chassis.health import Turns
from chassis.logs import get_logger

log = get_logger()

STUCK_SECONDS = 60.0
EVERY_SECONDS = 5.0


def _end() -> None:
    # A stuck main thread handles no signal. What the process holds is not acknowledged: the broker gives it out again.
    os._exit(1)


class Watchdog:
    """Ends the process when the consumer's loop has not turned for a minute although the broker can be reached."""

    def __init__(self, turns: Turns, broker_problem: Callable[[], str | None], end: Callable[[], None] = _end) -> None:
        self._turns = turns
        self._broker_problem = broker_problem
        self._end = end
        self._stopping = threading.Event()
        self._well = 0
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Starts to watch."""
        self._thread.start()

    def stop(self) -> None:
        """A worker that ends does not turn any more."""
        self._stopping.set()
        self._thread.join(1)

    def look(self) -> None:
        """One look. A broker that has just come back is given as long as a consumer that has just stopped."""
        self._well = self._well + 1 if self._broker_problem() is None else 0
        still = self._turns.still
        if still > STUCK_SECONDS and self._well * EVERY_SECONDS > STUCK_SECONDS:
            log.critical("consumer_stuck", seconds=round(still))
            self._end()

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_SECONDS):
            self.look()
