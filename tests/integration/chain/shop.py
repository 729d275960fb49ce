"""The shop: publishes what the chain's workers handle, as its relay would."""

import random

import pika
from pydantic import BaseModel

from chassis.identifiers import new_id
from chassis.messaging.events import CONTENT_TYPE, encode, publication
from tests.integration.servers import Broker


class ThingSold(BaseModel):
    """The shop's event."""

    thing: str
    fail_times: int = 0
    mistake: bool = False
    seconds: float = 0


class Shop:
    """Publishes events and other things, and remembers what the broker has confirmed."""

    def __init__(self, broker: Broker) -> None:
        self._url = broker.url("shop")
        self.sold: list[str] = []
        """The ids of all events."""
        self.spoiled: list[str] = []
        """The ids of all poison."""

    def sell(self, **data: object) -> str:
        """One event; returns its id."""
        event_id, body = _made(**data)
        self.send(body, message_id=event_id)
        self.sold.append(event_id)
        return event_id

    def spoil(self) -> None:
        """One message that is no event."""
        message_id = str(new_id())
        self.send(b"\xff not json", message_id=message_id)
        self.spoiled.append(message_id)

    def send(self, body: bytes, times: int = 1, routing_key: str = "thing.sold", **properties: object) -> None:
        """Any message at all, confirmed."""
        given = {"content_type": CONTENT_TYPE, "delivery_mode": 2, **properties}
        with pika.BlockingConnection(pika.URLParameters(self._url)) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            for _ in range(times):
                channel.basic_publish("shop", routing_key, body, pika.BasicProperties(**given), mandatory=True)

    def send_shuffled(self, events: int, copies: int) -> None:
        """So many events, each so many times, in any order."""
        made = dict(_made() for _ in range(events))
        deliveries = list(made) * copies
        random.shuffle(deliveries)
        for event_id in deliveries:
            self.send(made[event_id], message_id=event_id)
        self.sold += made


def _made(**data: object) -> tuple[str, bytes]:
    model = ThingSold.model_validate({"thing": "chair", **data})
    event = publication(model, source="shop", subject=model.thing, sequence=1, correlation=None, cause=None)
    return str(event.id), encode(event).encode()
