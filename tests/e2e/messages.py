"""Messages of the tests' own in the services' event queues, and what becomes of them."""

import json
import os
from typing import Any

import pika
import requests

from catalogue import SERVICES, published, subscriptions
from chassis.messaging.events import CONTENT_TYPE, Event, encode, event_type, publication
from chassis.messaging.topology import OPERATOR, VHOST, event_queue, replay_exchange
from tests.e2e.containers import address, containers
from tests.e2e.stack import compose

MODELS = {event_type(model): model for service in SERVICES for model in published(service)}
HEARD = {
    event_queue(each.service, publisher): sorted(one.event_type for one in each if one.publisher == publisher)
    for each in subscriptions()
    for publisher in each.publishers()
}
"""Every event queue of the catalogue, with the types that have a handler behind it."""


def example(kind: str, **ids: str) -> Event:
    """The publisher's example of an event, about the given order, customer or product."""
    text = json.dumps(MODELS[kind].model_json_schema()["examples"][0])
    data = _with_ids(json.loads(text), ids)
    model = MODELS[kind].model_validate(data)
    source = next(service for service in SERVICES if MODELS[kind] in published(service))
    return publication(model, source=source, subject="test", sequence=1, correlation=None, cause=None)


def _with_ids(node: Any, ids: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_with_ids(each, ids) for each in node]
    if isinstance(node, dict):
        return {name: ids[name] if name in ids else _with_ids(value, ids) for name, value in node.items()}
    return node


class EventQueue:
    """One service's queue, reached as operators reach it."""

    def __init__(self, name: str, management: str) -> None:
        password = os.environ["RABBITMQ_OPERATOR_PASSWORD"]
        self.name = name
        self._broker = pika.URLParameters(f"amqp://{OPERATOR}:{password}@{address(containers('rabbitmq')[0])}/{VHOST}")
        self._management = f"{management}/api"
        self._session = requests.Session()
        self._session.auth = (OPERATOR, password)

    def put(self, body: bytes, **properties: Any) -> None:
        """Any message at all, through the replay exchange, which leads to this queue alone."""
        exchange = replay_exchange(self.name.split(".", 1)[0])
        with pika.BlockingConnection(self._broker) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            channel.basic_publish(exchange, self.name, body, pika.BasicProperties(**properties), mandatory=True)

    def put_event(self, event: Event) -> None:
        """A good event."""
        self.put(encode(event).encode(), content_type=CONTENT_TYPE)

    def assert_dead(self, expected: int) -> None:
        """So many letters are known to the operators' tool."""
        rows = {row["queue"]: row["count"] for row in json.loads(self.dead_letters("list", "--json"))}
        assert rows[self.name] == expected, rows

    def assert_empty(self) -> None:
        """No message waits in it, is worked on, or waits for its next round."""
        for name in (self.name, f"{self.name}.retry"):
            queue = self._session.get(f"{self._management}/queues/{VHOST}/{name}", timeout=10).json()
            assert queue["messages"] == 0, name

    @staticmethod
    def dead_letters(*arguments: str) -> str:
        """The operators' tool."""
        return compose("run", "--rm", "--no-deps", "-T", "ops", "dead-letters", *arguments)
