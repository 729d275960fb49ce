"""Announces each new commit to the services. The repository itself says what was announced last, so none is lost.

The branch is compared with that mark at start and then all the time: a broker that was away, a commit made by another
process, a crash between publishing and noting it all end in one more announcement.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from chassis.logs import get_logger
from chassis.messaging.events import CONTENT_TYPE, encode, publication
from chassis.messaging.publisher import BrokerUnavailable, Message
from config.domain.events import ConfigChanged
from config.domain.refusals import ConfigurationRefusal
from config.domain.resolution import SHARED, owner
from config.git import GitRepository
from config.metrics import ANNOUNCED
from config.service import OWN, Configuration

log = get_logger()

LOOK_SECONDS = 0.5


class BatchPublisher(Protocol):
    """What the announcer needs of a publisher."""

    def publish(self, messages: Sequence[Message], timeout: float = 10) -> dict[str, str]:
        """Sends a batch; returns what was refused. Raises `BrokerUnavailable`."""


class Announcer:
    """The thread that compares and announces."""

    def __init__(
        self,
        configuration: Configuration,
        applications: Sequence[str],
        publisher: BatchPublisher | None,
        on_commit: Callable[[], None],
    ) -> None:
        """`on_commit` is called here whenever another commit is served, whether or not there is a broker."""
        self._configuration = configuration
        self._applications = applications
        self._publisher = publisher
        self._on_commit = on_commit
        self._seen: str | None = None
        self._waiting = False
        self._mark = f"announced-{configuration.branch}"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)

    def start(self) -> None:
        """Announces from now on."""
        self._thread.start()

    def stop(self, timeout: float = 5) -> None:
        """Ends the thread."""
        self._stopping.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self.step()
            except BrokerUnavailable as error:
                if not self._waiting:
                    log.warning("announcement_waits", reason=str(error))
                self._waiting = True
            except Exception as error:
                log.error("announcement_failed", exc_info=error)
                self._stopping.wait(LOOK_SECONDS * 10)

    def step(self) -> None:
        """Compares once, and announces what is new. Raises `BrokerUnavailable`."""
        repository, branch = self._configuration.repository, self._configuration.branch
        try:
            commit, _ = repository.good(repository.resolve(branch))
        except ConfigurationRefusal:
            commit = None
        if commit != self._seen:
            self._seen = commit
            self._configuration.problem()  # says it, and sets its metric
            self._on_commit()
        announced = repository.mark(self._mark)
        if self._publisher is None or commit is None or commit == announced:
            return
        applications = changed_applications(repository, self._applications, announced, commit)
        event = publication(
            ConfigChanged(applications=applications, commit=commit),
            source=OWN,
            subject=branch,
            sequence=sum(1 for _ in repository.history(commit)),
            correlation=commit,
            cause=None,
        )
        message = Message(str(event.id), OWN, event.type, encode(event).encode(), CONTENT_TYPE, type=event.type)
        if refused := self._publisher.publish([message]):
            raise BrokerUnavailable(next(iter(refused.values())))
        repository.set_mark(self._mark, commit)
        self._waiting = False
        ANNOUNCED.inc()
        log.info("configuration_announced", commit=commit, applications=applications)


def changed_applications(
    repository: GitRepository, applications: Sequence[str], announced: str | None, commit: str
) -> list[str]:
    """Whose files differ from what was announced; `application`, which stands for all, when that is not known."""
    try:
        files = repository.changed_files(announced, commit) if announced else set()
    except ConfigurationRefusal:  # the announced commit is gone: the remote history was written anew
        files = set()
    owners = {found for file in files if (found := owner(file, applications))}
    return sorted(owners) if files else [SHARED]
