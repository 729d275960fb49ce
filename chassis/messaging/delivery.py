"""A delivery: one message of an event queue as it comes from the broker, before anybody believes it."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kombu.message import Message as BrokerMessage

from chassis.messaging.events import Event, PoisonMessage, decode
from chassis.messaging.topology import event_queue, replay_exchange

# Headers of ours or the broker's that a message keeps on its way to the dead letters; a foreign one could be anything.
KEPT_HEADERS = {"traceparent": str, "x-failure-reason": str, "x-first-failure": str, "x-attempts": int}


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
    """How often it has been through the retry queue."""
    losses: int = 0
    """How often it came back for another reason: its worker ended, or lost the connection."""
    unreadable: str | None = None
    """Why the broker's library could not even unpack it."""

    @classmethod
    def of(cls, message: BrokerMessage, service: str, unreadable: str | None = None) -> "Delivery":
        """Takes the message as it is; of its headers those of the chain."""
        queue, headers, body = _queue_of(message, service), message.headers or {}, message.body or b""
        rounds = rejections(headers, queue)
        returns: Any = headers.get("x-delivery-count")
        return cls(
            queue=queue,
            body_base64=base64.b64encode(body.encode() if isinstance(body, str) else bytes(body)).decode(),
            content_type=message.content_type,
            content_encoding=message.content_encoding,
            message_id=message.properties.get("message_id"),
            headers={name: headers[name] for name, kind in KEPT_HEADERS.items() if isinstance(headers.get(name), kind)},
            rounds=rounds,
            losses=max(0, returns - rounds) if isinstance(returns, int) else 0,
            unreadable=unreadable,
        )

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
        if self.unreadable is not None:
            raise PoisonMessage(self.unreadable)
        return decode(self.body, self.content_type, self.content_encoding)


def rejections(headers: Mapping[str, Any], queue: str) -> int:
    """How often the broker has taken the message out of the queue and into its retry queue, from `x-death`."""
    deaths = headers.get("x-death")
    counts = [
        death.get("count")
        for death in (deaths if isinstance(deaths, list) else ())
        if isinstance(death, dict) and death.get("queue") == queue and death.get("reason") == "rejected"
    ]
    return sum(count for count in counts if isinstance(count, int))


def _queue_of(message: BrokerMessage, service: str) -> str:
    # Back from the retry queue, or replayed, the routing key is the queue's name; else the exchange is the publisher's.
    exchange = message.delivery_info.get("exchange", "")
    if exchange in ("", replay_exchange(service)):
        return str(message.delivery_info["routing_key"])
    return event_queue(service, exchange)
