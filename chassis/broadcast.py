"""Broadcast: every process that runs hears an event, on a queue of its own that goes when the process goes.

For what only matters now (a setting has changed, a browser waits for news). Nothing is kept for a process that is away,
nothing is retried, and a broker that is away harms nobody: the listener comes back by itself. Work that must not be
lost is a subscription's.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chassis import metrics
from chassis.logs import get_logger
from chassis.messaging.connection import RECONNECT_SECONDS, Channel, Properties, open_channel
from chassis.messaging.events import Event, PoisonMessage, decode
from chassis.messaging.topology import live_queue

log = get_logger()

PREFETCH = 100
MOST_WAITING = 1_000  # of a process that cannot keep up the oldest events are dropped
QUEUE_EXPIRES_MS = 60_000
_STOP_SECONDS = 0.5  # how often it looks whether it should stop


@dataclass(frozen=True)
class LiveInterests:
    """What every process of a service hears live, by publisher and event type: each gets all, nobody's work waits.

    For what only matters now, such as "ask again what changed". An event that must have an effect needs a subscription.
    """

    service: str
    events: tuple[tuple[str, str], ...]


LiveHandler = Callable[[Event], None]
"""Called in the listener's thread, one event at a time, so it must be quick. An event may come twice."""


def _nothing() -> None:
    """There may be nothing to catch up with."""


class LiveListener:
    """Hears the events of `interests` in a thread with a connection of its own, and hands each to `handler`.

    `on_listening` is called whenever it begins to listen, again after each loss of the connection: what happened before
    was not heard, and this is the moment to look for it.
    """

    def __init__(
        self, url: str, interests: LiveInterests, handler: LiveHandler, on_listening: Callable[[], None] = _nothing
    ) -> None:
        self._url = url
        self._interests = interests
        self._handler = handler
        self._on_listening = on_listening
        self._stopping = threading.Event()
        self._problem: str | None = "not connected yet"
        self._thread = threading.Thread(target=self._run, name="live-listener", daemon=True)

    def start(self) -> None:
        """Connects in the background and reconnects for as long as it runs. After a fork, in the process that hears."""
        self._thread.start()

    def stop(self, timeout: float = 5) -> None:
        """Closes the connection, and with it the queue."""
        self._stopping.set()
        self._thread.join(timeout)

    @property
    def problem(self) -> str | None:
        """Why nothing is heard now, or None; for a check of health that is not required."""
        return self._problem

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except Exception as error:  # noqa: BLE001 - the thread must live, whatever the broker and pika come up with
                self._note(f"{type(error).__name__}: {error}".strip(": "))
            self._stopping.wait(RECONNECT_SECONDS)

    def _listen(self) -> None:
        with open_channel(self._url, f"{self._interests.service}-live") as channel:
            queue = self._declare_queue(channel)
            self._note(None)
            self._guarded(self._on_listening)
            for method, properties, body in self._deliveries(channel, queue):
                self._hear(method.exchange, properties, body)
                channel.basic_ack(method.delivery_tag)
        self._note("the broker has ended the delivery")

    def _declare_queue(self, channel: Channel) -> str:
        queue = live_queue(self._interests.service, secrets.token_hex(8))
        limits = {"x-queue-type": "classic", "x-max-length": MOST_WAITING, "x-expires": QUEUE_EXPIRES_MS}
        channel.basic_qos(prefetch_count=PREFETCH)
        channel.queue_declare(queue, exclusive=True, auto_delete=True, arguments=limits)
        for publisher, event_type in self._interests.events:
            channel.queue_bind(queue, publisher, event_type)
        return queue

    def _deliveries(self, channel: Channel, queue: str) -> Iterator[tuple[Any, Any, bytes]]:
        for delivery in channel.consume(queue, exclusive=True, inactivity_timeout=_STOP_SECONDS):
            if self._stopping.is_set():
                return
            if delivery[0] is not None:
                yield delivery

    def _hear(self, publisher: str, properties: Properties, body: bytes) -> None:
        try:
            event = decode(body, properties.content_type, properties.content_encoding)
            if (publisher, event.type) not in self._interests.events:
                raise PoisonMessage(f"nobody listens to {event.type} of {publisher}")
        except PoisonMessage as poison:
            log.warning("live_event_refused", publisher=publisher, message_id=properties.message_id, reason=str(poison))
            metrics.EVENTS_HEARD.labels("unknown", "poison").inc()
            return
        handled = self._guarded(lambda: self._handler(event), event_type=event.type, event_id=str(event.id))
        metrics.EVENTS_HEARD.labels(event.type, "handled" if handled else "failed").inc()

    @staticmethod
    def _guarded(act: Callable[[], None], **context: str) -> bool:
        """Whether it succeeded: a mistake of the service's own code must not end the listening."""
        try:
            act()
        except Exception:
            log.exception("live_handler_failed", **context)
            return False
        return True

    def _note(self, problem: str | None) -> None:
        """One line for each change, not for each attempt."""
        if problem != self._problem and not self._stopping.is_set():
            if problem is None:
                log.info("live_listening", events=[kind for _, kind in self._interests.events])
            else:
                log.warning("live_not_listening", reason=problem)
        self._problem = problem
