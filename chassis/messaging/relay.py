"""The outbox relay: one thread per worker process; of all workers of a service one leads, the others stand by."""

import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from chassis import failpoints, metrics
from chassis.logs import get_logger
from chassis.messaging.events import CONTENT_TYPE
from chassis.messaging.publisher import BatchPublisher, BrokerUnavailable, Message
from chassis.spans.broker import note_sending
from chassis.storage.outbox import Outbox, StoredEvent

log = get_logger()

BUSY_SECONDS = 0.010
IDLE_SECONDS = 0.250
STANDBY_SECONDS = 1.0
BACKLOG_EVERY_SECONDS = 5.0
FORGET_EVERY_SECONDS = 3600.0
FORGET_AGAIN_SECONDS = 1.0
REFUSED_PAUSE_SECONDS = 5.0


@dataclass
class Relay:
    """Moves events from a service's outbox to its exchange, and removes what the broker confirmed.

    `batch_size` and `inbox_days` are asked at each turn: they may change.
    """

    service: str
    outbox: Outbox
    publisher: BatchPublisher
    batch_size: Callable[[], int]
    inbox_days: Callable[[], int]
    pause: float = field(default=BUSY_SECONDS, init=False)

    def __post_init__(self) -> None:
        self._refused_until: dict[str, float] = {}
        self._next_backlog = self._next_forgetting = 0.0
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._leading = False
        self._waiting_for: str | None = None
        self._thread = threading.Thread(target=self._run, name="outbox-relay", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, timeout: float = 10) -> None:
        """Ends after the batch in flight and gives the lease back."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout)

    def wake(self) -> None:
        """Ends the leader's pause: something was just committed in this process."""
        if self._leading:
            self._wake.set()

    @property
    def problem(self) -> str | None:
        """None while it leads or stands by; a reason when the thread has died."""
        return None if self._thread.is_alive() else "the relay's thread is not running"

    def _run(self) -> None:
        try:
            self._run_until_stopped()
        finally:
            self._give_up()
            if not self._stopping.is_set():
                log.critical("relay_died")  # the process ends, and its container starts again
                os.kill(os.getpid(), signal.SIGTERM)

    def _run_until_stopped(self) -> None:
        while not self._stopping.is_set():
            try:
                moved = self.step()
            except BrokerUnavailable as error:
                self._note_waiting(str(error))
                moved, self.pause = 0, STANDBY_SECONDS
            except Exception as error:  # noqa: BLE001 - see below
                # Whatever the store throws: give up the lease, so that a healthy process can take over.
                self._note_waiting(f"{type(error).__name__}: {error}".splitlines()[0])
                self._give_up()
                moved, self.pause = 0, STANDBY_SECONDS
            if not moved:
                self._wake.wait(self.pause)
                self._wake.clear()

    def _note_waiting(self, reason: str) -> None:
        """One line for each new reason, not for each attempt."""
        if reason != self._waiting_for:
            log.warning("relay_waits", reason=reason)
        self._waiting_for = reason

    def step(self) -> int:
        """One turn: take or keep the lease, move a batch, set the next pause. Returns how many events were moved."""
        self._set_leading(leading=self.outbox.lead())
        if not self._leading:
            self.pause = STANDBY_SECONDS
            return 0
        self._report_backlog()
        self._forget_old_events()
        if self.publisher.problem is not None:
            raise BrokerUnavailable(self.publisher.problem)
        self._waiting_for = None
        now = time.monotonic()
        self._refused_until = {id_: until for id_, until in self._refused_until.items() if until > now}
        moved = self.outbox.drain(self._publish, self.batch_size(), self._refused_until.keys())
        self.pause = BUSY_SECONDS if moved else min(self.pause * 2, IDLE_SECONDS)
        return moved

    def _publish(self, events: Sequence[StoredEvent]) -> Collection[str]:
        refused = self.publisher.publish([self._message(event) for event in events])
        failpoints.reached(failpoints.AFTER_PUBLISH)
        for event in events:
            if event.id in refused:
                self._note_refusal(event, refused[event.id])
            else:
                metrics.EVENTS_PUBLISHED.labels(event.type).inc()
        return [event.id for event in events if event.id not in refused]

    def _message(self, event: StoredEvent) -> Message:
        traceparent = note_sending(self.service, event)
        headers = {} if traceparent is None else {"traceparent": traceparent}
        return Message(event.id, self.service, event.type, event.body.encode(), CONTENT_TYPE, headers, event.type)

    def _note_refusal(self, event: StoredEvent, reason: str) -> None:
        self._refused_until[event.id] = time.monotonic() + REFUSED_PAUSE_SECONDS
        metrics.EVENTS_REFUSED.labels(event.type, reason.split(":", 1)[0]).inc()
        log.error("event_refused", event_id=event.id, event_type=event.type, reason=reason)

    def _report_backlog(self) -> None:
        if time.monotonic() < self._next_backlog:
            return
        self._next_backlog = time.monotonic() + BACKLOG_EVERY_SECONDS
        backlog = self.outbox.backlog()
        metrics.OUTBOX_BACKLOG.labels(self.service).set(backlog.events)
        metrics.OUTBOX_OLDEST.labels(self.service).set(backlog.oldest_seconds)

    def _forget_old_events(self) -> None:
        if time.monotonic() < self._next_forgetting:
            return
        days = self.inbox_days()
        forgotten = self.outbox.forget(days)
        # Where there may be more, the next part comes after some turns: publishing does not wait for all of it.
        self._next_forgetting = time.monotonic() + (FORGET_AGAIN_SECONDS if forgotten else FORGET_EVERY_SECONDS)
        log.info("inbox_purged", events=forgotten, older_than_days=days)

    def _set_leading(self, *, leading: bool) -> None:
        if leading != self._leading:
            log.info("relay_leads" if leading else "relay_stands_by")
        if not leading:  # whoever leads next tells; what was true here must not be told on
            metrics.OUTBOX_BACKLOG.clear()
            metrics.OUTBOX_OLDEST.clear()
        self._leading = leading
        metrics.RELAY_LEADING.set(leading)

    def _give_up(self) -> None:
        self._set_leading(leading=False)
        try:
            self.outbox.resign()
        except Exception as error:  # noqa: BLE001 - the store may be away: then the lease ends by itself
            log.warning("relay_could_not_resign", reason=type(error).__name__)
