"""Dead letters for operators: what lies in the `.dead` queues, why, and the way back to the one queue that failed."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from itertools import islice
from typing import Any

from chassis.messaging.connection import NOT_TAKEN, PERSISTENT, Channel, Properties, RefusedByBroker, open_channel
from chassis.messaging.delivery import KEPT_HEADERS
from chassis.messaging.topology import replay_exchange, task_queue
from chassis.telemetry import trace_id_of
from chassis.times import rfc3339

SUFFIX = ".dead"


class UnknownQueue(Exception):
    """There are no dead letters of such a queue."""


class NeverReplayed(Exception):
    """The queue holds private tasks: whoever sends them sends them again."""


class NoWayBack(Exception):
    """The broker did not take a letter back into its queue; the letter stays."""


def way_back(queue: str) -> str:
    """The exchange through which the queue's letters are replayed. Raises `NeverReplayed`."""
    service = queue.split(".", 1)[0]
    if queue == task_queue(service):
        raise NeverReplayed(f"{queue} holds private tasks: not replayed, for a sweep or the scheduler sends them again")
    return replay_exchange(service)


@dataclass(frozen=True)
class DeadLetter:
    """One message that was put aside."""

    queue: str
    message_id: str | None
    content_type: str | None
    content_encoding: str | None
    headers: dict[str, Any]
    body: bytes

    @cached_property
    def event(self) -> dict[str, Any] | None:
        """The CloudEvent as it came, when the body is a JSON object at all."""
        try:
            event = json.loads(self.body)
        except ValueError:
            return None
        return event if isinstance(event, dict) else None

    @property
    def id(self) -> str | None:
        """The event's id, or else the private task's or the message's."""
        return str((self.event or {}).get("id") or self._text("id") or self.message_id or "") or None

    @property
    def type(self) -> str | None:
        """The event's type, or else the private task's name."""
        kind = (self.event or {}).get("type")
        return kind if isinstance(kind, str) else self._text("task")

    @property
    def reason(self) -> Any:
        """Why it was put aside: in our words, or else in the broker's, which puts private tasks aside by itself."""
        reason = self._death.get("reason")
        by_broker = f"dead-lettered by the broker: {reason}" if isinstance(reason, str) else None
        return self.headers.get("x-failure-reason", by_broker)

    @property
    def first_failure(self) -> Any:
        """When it was put aside for the first time."""
        return self.headers.get("x-first-failure", self._death_time)

    @property
    def last_failure(self) -> Any:
        """When it was put aside."""
        return self.headers.get("x-last-failure", self._death_time)

    def _text(self, header: str) -> str | None:
        value = self.headers.get(header)
        return value if isinstance(value, str) else None

    @property
    def _death(self) -> dict[str, Any]:
        """The newest entry of the broker's own history."""
        deaths = self.headers.get("x-death")
        newest = deaths[0] if isinstance(deaths, list) and deaths else None
        return newest if isinstance(newest, dict) else {}

    @property
    def _death_time(self) -> str | None:
        time = self._death.get("time")
        return rfc3339(time) if isinstance(time, datetime) else None

    @property
    def _trace_id(self) -> str | None:
        traceparent = self.headers.get("traceparent") or (self.event or {}).get("traceparent")
        return trace_id_of(traceparent) if isinstance(traceparent, str) else None

    def as_json(self) -> dict[str, Any]:
        """Everything that is known about it."""
        return {
            "id": self.id,
            "type": self.type,
            "queue": self.queue,
            "reason": self.reason,
            "attempts": self.headers.get("x-attempts"),
            "first_failure": self.first_failure,
            "last_failure": self.last_failure,
            "trace_id": self._trace_id,
            "event": self.event,
            "body_base64": None if self.event else base64.b64encode(self.body).decode(),
        }


Wanted = Callable[[DeadLetter], bool]


class DeadLetters:
    """The `.dead` queues of a broker, through a connection of an operator."""

    def __init__(self, url: str) -> None:
        self._channel = partial(open_channel, url, "dead-letters")

    def count(self, queue: str) -> int:
        """How many letters lie there. Raises `UnknownQueue`."""
        with self._channel() as channel:
            return self._declared(channel, queue)

    def letters(self, queue: str, limit: int, wanted: Wanted = lambda _letter: True) -> list[DeadLetter]:
        """Up to `limit` of the wanted letters, oldest first; all stay where they are. Raises `UnknownQueue`."""
        with self._channel() as channel:
            present = self._declared(channel, queue)
            read = (letter for _, letter in self._read(channel, queue, present))
            return list(islice(filter(wanted, read), limit))

    def replay(self, queue: str, wanted: Wanted, rate: float) -> int:
        """Sends the wanted letters back to the queue in which they failed, `rate` of them a second; returns how many.

        A letter leaves only when the broker has confirmed its copy, so an interruption may send one twice: the
        inbox of the service then drops the second. What fails again comes back here with its history.

        Raises `NeverReplayed`, `UnknownQueue`, and `NoWayBack` at the first letter that the broker does not take.
        """
        return self._take(queue, wanted, 1 / rate, partial(self._send_back, way_back(queue)))

    def purge(self, queue: str, wanted: Wanted) -> int:
        """Removes the wanted letters for good; returns how many."""
        return self._take(queue, wanted, 0, lambda _channel, _letter: None)

    def _take(
        self,
        queue: str,
        wanted: Wanted,
        pause: float,
        settle: Callable[[Channel, DeadLetter], None],
    ) -> int:
        taken = 0
        with self._channel() as channel:
            channel.confirm_delivery()
            present = self._declared(channel, queue)  # what comes back meanwhile is not taken a second time
            for tag, letter in self._read(channel, queue, present):
                if wanted(letter):
                    if taken:
                        channel.connection.sleep(pause)  # which answers the broker's heartbeats
                    settle(channel, letter)
                    channel.basic_ack(tag)
                    taken += 1
        return taken

    @staticmethod
    def _send_back(exchange: str, channel: Channel, letter: DeadLetter) -> None:
        # Without x-death: the rounds through the retry queue start anew. The letter's own history stays.
        properties = Properties(
            message_id=letter.message_id,
            content_type=letter.content_type,
            content_encoding=letter.content_encoding,
            headers={name: letter.headers[name] for name in KEPT_HEADERS if name in letter.headers},
            delivery_mode=PERSISTENT,
        )
        try:
            channel.basic_publish(exchange, letter.queue, letter.body, properties, mandatory=True)
        except NOT_TAKEN as error:
            raise NoWayBack(f"a letter was not taken back into {letter.queue}, so it stays: {error}") from error

    @staticmethod
    def _declared(channel: Channel, queue: str) -> int:
        try:
            return int(channel.queue_declare(queue + SUFFIX, passive=True).method.message_count)
        except RefusedByBroker as error:
            raise UnknownQueue(f"there is no queue {queue}{SUFFIX}: {error.reply_text}") from error

    @staticmethod
    def _read(channel: Channel, queue: str, limit: int) -> Iterator[tuple[int, DeadLetter]]:
        for _ in range(limit):
            method, properties, body = channel.basic_get(queue + SUFFIX)
            if method is None:
                return
            yield (
                method.delivery_tag,
                DeadLetter(
                    queue,
                    properties.message_id,
                    properties.content_type,
                    properties.content_encoding,
                    dict(properties.headers or {}),
                    body,
                ),
            )
