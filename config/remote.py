"""Follows a remote repository: fetches it on a schedule, and at once when somebody asks."""

import threading
import time

from chassis.logs import get_logger
from config.git import FetchFailed, GitRepository
from config.metrics import FETCHES

log = get_logger()


class Remote:
    """A remote repository and the thread that follows it."""

    def __init__(self, repository: GitRepository, url: str, seconds: float) -> None:
        self._repository = repository
        self._url = url
        self._seconds = seconds
        self._failure: str | None = "it was not fetched yet"
        self._lock = threading.Lock()

    def start(self) -> None:
        """Fetches in the background from now on."""
        threading.Thread(target=self._run, name="remote-repository", daemon=True).start()

    def problem(self) -> str | None:
        """Why the last fetch failed, or None."""
        return self._failure

    def fetch(self) -> None:
        """Fetches now. Raises `FetchFailed`; what is there already is served on."""
        with self._lock:
            try:
                self._repository.fetch(self._url)
            except FetchFailed as error:
                FETCHES.labels("failed").inc()
                if str(error) != self._failure:
                    log.warning("remote_repository_unavailable", reason=str(error))
                self._failure = str(error)
                raise
            if self._failure is not None:
                log.info("remote_repository_fetched")
            self._failure = None
            FETCHES.labels("ok").inc()

    def _run(self) -> None:
        while True:
            try:
                self.fetch()
            except FetchFailed:
                pass  # logged once, shown in /health/ready, and tried again
            except Exception as error:
                log.error("remote_repository_failed", exc_info=error)
            time.sleep(self._seconds)
