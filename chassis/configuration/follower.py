"""Follows the configuration in the process that serves: asks when it is told of a change, and every now and then."""

import random
import threading
from typing import Any

from chassis import metrics
from chassis.configuration.client import ConfigurationError, Source
from chassis.configuration.copies import LastKnownGood
from chassis.configuration.live import SERVICE, Live
from chassis.logs import get_logger

log = get_logger()


class Follower:
    """A thread that keeps `live` at the newest commit, and the copy too."""

    def __init__(self, live: Live[Any], source: Source, seconds: float, copy: LastKnownGood | None) -> None:
        self._live = live
        self._source = source
        self._seconds = seconds
        self._copy = copy
        self._failing = False
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="configuration", daemon=True)

    def start(self) -> None:
        """Follows from now on."""
        self._thread.start()

    def stop(self, timeout: float = 5) -> None:
        """Ends the thread."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout)

    def wake(self) -> None:
        """Asks at once: something may have changed."""
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait(self._seconds * random.uniform(0.8, 1.2))  # noqa: S311 - replicas should not ask in step
            self._wake.clear()
            if self._stopping.is_set():
                return
            try:
                self.step()
            except Exception as error:
                log.error("configuration_not_followed", exc_info=error)

    def step(self) -> None:
        """Asks once, and takes over what is new."""
        try:
            given = self._source.fetch(self._live.commit)
        except ConfigurationError as error:
            metrics.CONFIGURATION_CHECKS.labels("failed").inc()
            if not self._failing:
                log.warning("configuration_unavailable", reason=str(error))
            self._failing = True
            return
        self._failing = False
        metrics.CONFIGURATION_CHECKS.labels("unchanged" if given is None else "changed").inc()
        if given is None:
            self._live.confirm(self._live.commit, SERVICE)
            return
        if self._copy is not None:
            self._copy.write(given)
        self._live.offer(given)
