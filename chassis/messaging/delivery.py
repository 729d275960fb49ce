"""A delivery: one message of an event queue as it comes from the broker, before anybody believes it."""

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kombu.message import Message as BrokerMessage

from chassis.messaging.events import Event, decode
from chassis.messaging.topology import event_queue, replay_exchange

# Headers of ours or the broker's that a message keeps on its way to the dead letters; a foreign one could be anything.
KEPT_HEADERS = ("traceparent", "x-failure-reason", "x-first-failure", "x-attempts")


@dataclass(frozen=True)
class Delivery:
    """The message's raw form and where it came from. JSON can carry it as a task's arguments."""

    queue: str
    body_base64: str
    content_type: str | None
    content_encoding: str | None
    message_id: str | None
    headers: dict[str, Any]
    rounds: int

    @classmethod
    def of(cls, message: BrokerMessage, service: str) -> "Delivery":
        """Takes the message as it is."""
        raw = message.body or b""
        return cls.from_parts(
            _queue_of(message, service),
            raw.encode() if isinstance(raw, str) else bytes(raw),
            message.content_type,
            content_encoding=message.content_encoding,
            message_id=message.properties.get("message_id"),
            headers=message.headers or {},
            rounds=rejections(message.headers or {}, _queue_of(message, service)),
        )

    @classmethod
    def from_parts(  # noqa: PLR0913 - a message has that many parts
        cls,
        queue: str,
        body: bytes,
        content_type: str | None,
        *,
        content_encoding: str | None = None,
        message_id: str | None = None,
        headers: Mapping[str, Any],
        rounds: int,
    ) -> "Delivery":
        """A delivery of the given parts; of the headers it keeps those of the chain."""
        kept = {name: headers[name] for name in KEPT_HEADERS if isinstance(headers.get(name), str | int)}
        encoded = base64.b64encode(body).decode()
        return cls(queue, encoded, content_type, content_encoding, message_id, kept, rounds)

    @property
    def body(self) -> bytes:
        """The message's body, byte for byte."""
        return base64.b64decode(self.body_base64)

    @property
    def publisher(self) -> str:
        """The service whose events this queue holds."""
        return self.queue.split(".", 1)[1]

    def event(self) -> Event:
        """The event in it. Raises `PoisonMessage`, with the reason, when there is none."""
        return decode(self.body, self.content_type, self.content_encoding)

    def as_arguments(self) -> dict[str, Any]:
        """The delivery as a task's keyword arguments."""
        return asdict(self)


def rejections(headers: Mapping[str, Any], queue: str) -> int:
    """How often the broker has taken the message out of the queue and into its retry queue, from `x-death`."""
    deaths = headers.get("x-death")
    if not isinstance(deaths, list):
        return 0
    return sum(
        int(death.get("count", 0))
        for death in deaths
        if isinstance(death, dict) and death.get("queue") == queue and death.get("reason") in _TAKEN_OUT
    )


_TAKEN_OUT = ("rejected", "delivery_limit")


def _queue_of(message: BrokerMessage, service: str) -> str:
    # Back from the retry queue, or replayed, the routing key is the queue's name; else the exchange is the publisher's.
    exchange = message.delivery_info.get("exchange", "")
    if exchange in ("", replay_exchange(service)):
        return str(message.delivery_info["routing_key"])
    return event_queue(service, exchange)
