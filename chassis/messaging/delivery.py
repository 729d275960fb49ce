"""A delivery: one message of an event queue as it comes from the broker, before anybody believes it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from amqp.serialization import PROPERTY_CLASSES
from amqp.spec import Basic
from kombu.message import Message as BrokerMessage

from chassis.messaging.events import Event, PoisonMessage, decode, reason_of
from chassis.messaging.topology import event_queue, replay_exchange

# Headers of ours or the broker's that a message keeps on its way to the dead letters; a foreign one could be anything.
KEPT_HEADERS = {"traceparent": str, "x-failure-reason": str, "x-first-failure": str, "x-attempts": int}
UNREADABLE = "unreadable"


@dataclass
class Delivery:
    """The message's raw form and where it came from."""

    queue: str
    body: bytes
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
            body=body.encode() if isinstance(body, str) else bytes(body),
            content_type=message.content_type,
            content_encoding=message.content_encoding,
            message_id=message.properties.get("message_id"),
            headers={name: headers[name] for name, kind in KEPT_HEADERS.items() if isinstance(headers.get(name), kind)},
            rounds=rounds,
            losses=max(0, returns - rounds) if isinstance(returns, int) else 0,
            unreadable=unreadable or message.properties.get(UNREADABLE),
        )

    def forget_body(self) -> None:
        """Frees the memory: Celery and its tracebacks hold on to a delivery for some time after it is settled."""
        self.body = b""
        vars(self).pop("event", None)

    @property
    def publisher(self) -> str:
        """The service whose events this queue holds."""
        return self.queue.split(".", 1)[1]

    @cached_property
    def event(self) -> Event:
        """The event in it, read once. Raises `PoisonMessage`, with the reason, when there is none."""
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


def take_unreadable_properties() -> None:
    """Has py-amqp hand over a message whose properties it cannot read, with the reason alone in their place.

    Its error would end the worker, or the connection, and the message would come again and again.
    """
    read = PROPERTY_CLASSES[Basic.CLASS_ID]

    def read_any(buffer: bytes, offset: int) -> tuple[dict[str, Any], int]:
        try:
            found: tuple[dict[str, Any], int] = read(buffer, offset)
            json.dumps(found, ensure_ascii=False, default=str).encode()  # half a character could not be sent on
        except Exception as error:  # noqa: BLE001 - whatever it may be: bad UTF-8, a date that there never was
            return {UNREADABLE: f"properties cannot be read: {reason_of(error)}"}, len(buffer)
        return found

    PROPERTY_CLASSES[Basic.CLASS_ID] = read_any  # type: ignore[assignment] # the stubs take it for a class
