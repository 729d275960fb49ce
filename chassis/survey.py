"""Surveys: figures that a store must be asked for. A thread asks now and then, so no scrape waits for a database."""

import threading
from collections.abc import Callable

from chassis.logs import get_logger

log = get_logger()

EVERY_SECONDS = 15.0


class Survey:
    """Calls a function that sets gauges, again and again. While it fails, the gauges keep what they say."""

    def __init__(self, name: str, measure: Callable[[], None], *, every: float = EVERY_SECONDS) -> None:
        self._name = name
        self._measure = measure
        self._every = every
        self._failing = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"survey-{name}", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, timeout: float = 2) -> None:
        """Ends it, after the call that may be running."""
        self._stopping.set()
        self._thread.join(timeout)

    def take(self) -> None:
        """One call. A failure is logged once, not each time, and ends nothing: figures are not worth that."""
        try:
            self._measure()
        except Exception as error:  # noqa: BLE001 - see above
            if not self._failing:
                log.warning(
                    "survey_failed", survey=self._name, reason=f"{type(error).__name__}: {error}".splitlines()[0]
                )
            self._failing = True
        else:
            self._failing = False

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.take()
            self._stopping.wait(self._every)
