"""The AsyncAPI 3.0 document: every exchange, every event on it, and who listens."""

from typing import Any

from pydantic import BaseModel

from catalogue import SERVICES, live_interests, published, subscriptions
from catalogue.schemas import schema_of
from chassis.messaging.events import CONTENT_TYPE, event_type, schema_version
from chassis.messaging.topology import VHOST, event_queue, live_queue

_ENVELOPE: dict[str, dict[str, Any]] = {
    "id": {"type": "string", "format": "uuid", "description": "Unique; a repeated delivery has the same one."},
    "specversion": {"const": "1.0"},
    "source": {"type": "string", "description": "The publishing service."},
    "subject": {"type": "string", "description": "The aggregate that the event is about."},
    "time": {"type": "string", "format": "date-time"},
    "datacontenttype": {"const": "application/json"},
    "dataschema": {"type": "string", "description": "The schema of `data`, with its version."},
    "correlationid": {"type": "string", "description": "What belongs together: the order, where there is one."},
    "causationid": {"type": "string", "description": "The id of the event that caused this one."},
    "sequence": {"type": "integer", "minimum": 1, "description": "The version of the aggregate."},
    "traceparent": {"type": "string", "description": "W3C trace context."},
}
_OPTIONAL = {"causationid", "traceparent"}


def document() -> dict[str, Any]:
    """The whole document."""
    models = {service: published(service) for service in SERVICES}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Quadrille events",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 in structured JSON. One topic exchange a service; routing key = type.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"rabbitmq": {"host": "rabbitmq:5672", "protocol": "amqp", "pathname": f"/{VHOST}"}},
        "channels": {service: _channel(service, found) for service, found in models.items() if found},
        "operations": {**_sends(models), **_receives()},
        "components": {
            "messages": {model.__name__: _message(model) for found in models.values() for model in found},
        },
    }


def _channel(service: str, models: list[type[BaseModel]]) -> dict[str, Any]:
    return {
        "address": service,
        "description": f"What {service} publishes.",
        "messages": {model.__name__: {"$ref": f"#/components/messages/{model.__name__}"} for model in models},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": service, "type": "topic", "durable": True, "autoDelete": False, "vhost": VHOST},
            }
        },
    }


def _sends(models: dict[str, list[type[BaseModel]]]) -> dict[str, Any]:
    return {
        f"{service}-publishes": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{service}"},
            "messages": [_reference(service, model.__name__) for model in found],
        }
        for service, found in models.items()
        if found
    }


def _receives() -> dict[str, Any]:
    queued = {
        f"{each.service}-hears-{publisher}": _receive(
            publisher,
            [wanted.event_type for wanted in each if wanted.publisher == publisher],
            f"Queue {event_queue(each.service, publisher)}",
        )
        for each in subscriptions()
        for publisher in each.publishers()
    }
    live = {
        f"{each.service}-hears-{publisher}-live": _receive(
            publisher,
            [kind for source, kind in each.events if source == publisher],
            f"Queue {live_queue(each.service, '*')}, one for each process",
        )
        for each in live_interests()
        for publisher, _ in each.events
    }
    return {**queued, **live}


def _receive(publisher: str, kinds: list[str], summary: str) -> dict[str, Any]:
    names = {event_type(model): model.__name__ for model in published(publisher)}
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{publisher}"},
        "summary": summary,
        "messages": [_reference(publisher, names[kind]) for kind in sorted(kinds)],
    }


def _reference(service: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{service}/messages/{name}"}


def _message(model: type[BaseModel]) -> dict[str, Any]:
    kind = event_type(model)
    properties = {**_ENVELOPE, "type": {"const": kind}, "data": _inlined(schema_of(model))}
    return {
        "name": kind,
        "title": model.__name__,
        "summary": (model.__doc__ or "").strip().splitlines()[0],
        "description": f"Schema version {schema_version(model)}.",
        "contentType": CONTENT_TYPE,
        "payload": {
            "type": "object",
            "required": sorted(set(properties) - _OPTIONAL),
            "properties": properties,
        },
    }


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without references: inside another document they would point nowhere."""
    definitions = schema.get("$defs", {})

    def expand(node: Any) -> Any:
        if isinstance(node, list):
            return [expand(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return expand(definitions[node["$ref"].removeprefix("#/$defs/")])
        return {name: expand(value) for name, value in node.items() if name not in ("$defs", "$schema", "$id")}

    expanded: dict[str, Any] = expand(schema)
    return expanded
