"""The shop: publishes what the chain's workers handle, as its relay would."""

import itertools
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pika
from pydantic import BaseModel

from chassis.identifiers import new_id
from chassis.messaging.events import CONTENT_TYPE, encode, publication
from tests.integration.servers import Broker
from tests.polling import eventually

THINGS = ("chair", "table", "bed", "lamp")


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

    def sell(self, *, patience: float = 0, **data: object) -> str:
        """One event; returns its id. For so many seconds it is sent again until it is confirmed."""
        event_id, body = _made(**data)
        eventually(lambda: self.send(body, message_id=event_id), seconds=patience)
        self.sold.append(event_id)
        return event_id

    @contextmanager
    def selling(self, things: Sequence[str] = THINGS, **data: object) -> Iterator[None]:
        """Sells the things on and on in a thread of its own, whatever happens to the broker meanwhile."""
        closing = threading.Event()
        thread = threading.Thread(target=self._sell_until, args=(closing, things, data), name="shop", daemon=True)
        thread.start()
        try:
            yield
        finally:
            closing.set()
            thread.join(60)
        assert not thread.is_alive()

    def _sell_until(self, closing: threading.Event, things: Sequence[str], data: dict[str, object]) -> None:
        for thing in itertools.cycle(things):
            if closing.is_set():
                break
            self.sell(patience=90, thing=thing, **data)

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
