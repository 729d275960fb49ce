"""RabbitMQ's definitions, made from what each service publishes and hears: exchanges, queues, users and their rights.

What by the catalogue no queue hears goes to `unheard`, so that whatever comes into `unroutable` is a mistake.
The queues of what a process hears live, `inventory.live.<random>`, are not in here: the process declares its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chassis.broadcast import LiveInterests
from chassis.messaging.subscriptions import Subscriptions
from chassis.messaging.topology import (
    FLOWER,
    MONITORING,
    OPERATOR,
    SCHEDULER,
    VHOST,
    dead_exchange,
    event_queue,
    replay_exchange,
    retry_exchange,
    task_queue,
)

UNROUTABLE = "unroutable"
RETRY_DELAY_MS = 5_000
UNROUTABLE_KEPT = 100_000
UNHEARD = "unheard"
UNHEARD_KEPT = 10_000
# The broker's own limit loses messages: it takes an event to the retry queue, and drops it on its way back, as it does
# with every cycle that no consumer has rejected. So the worker counts. And to look at a dead letter is a delivery too.
NO_DELIVERY_LIMIT = {"x-delivery-limit": -1}


def definitions(
    publishers: Iterable[str],
    consumers: Sequence[Subscriptions],
    live: Sequence[LiveInterests] = (),
    unheard: Iterable[tuple[str, str]] = (),
) -> dict[str, Any]:
    """RabbitMQ's definitions for the whole system, without password hashes.

    Who has a worker is among the consumers, even one that hears nothing; who only publishes gets an exchange alone.
    `unheard` names the publishers and types of the events that are known to have no consumer.
    """
    workers = sorted({each.service for each in consumers})
    services = sorted({*publishers, *workers})
    exchanges = [
        _exchange(UNROUTABLE, "fanout"),
        *(_exchange(service, "topic", {"alternate-exchange": UNROUTABLE}) for service in services),
    ]
    queues = [_kept(UNROUTABLE, UNROUTABLE_KEPT), _kept(UNHEARD, UNHEARD_KEPT)]
    bindings = [
        _binding(UNROUTABLE, UNROUTABLE, ""),
        *(_binding(publisher, UNHEARD, event_type) for publisher, event_type in sorted(unheard)),
    ]
    for service in workers:
        exchanges += _worker_exchanges(service)
        queues += [
            _queue(task_queue(service), _dead_lettering(dead_exchange(service), task_queue(service))),
            _queue(f"{task_queue(service)}.dead", NO_DELIVERY_LIMIT),
        ]
        bindings += [
            _binding(task_queue(service), task_queue(service), "#"),
            _binding(dead_exchange(service), f"{task_queue(service)}.dead", task_queue(service)),
        ]
    for subscriptions in consumers:
        for publisher in subscriptions.publishers():
            queues += _event_queues(subscriptions.service, publisher)
            bindings += _event_bindings(subscriptions, publisher)
    return {
        "users": _users({*services, *(each.service for each in live)}),
        "vhosts": [{"name": VHOST}],
        "permissions": _permissions(services, workers, live),
        "exchanges": exchanges,
        "queues": queues,
        "bindings": bindings,
    }


def _worker_exchanges(service: str) -> list[dict[str, Any]]:
    return [
        # A topic exchange: with a direct one Celery would publish to the default exchange, which nobody may write.
        _exchange(task_queue(service), "topic"),
        *(_exchange(name(service), "direct") for name in (retry_exchange, dead_exchange, replay_exchange)),
    ]


def _event_queues(service: str, publisher: str) -> list[dict[str, Any]]:
    queue = event_queue(service, publisher)
    return [
        _queue(queue, {**_dead_lettering(retry_exchange(service), queue), **NO_DELIVERY_LIMIT}),
        _queue(f"{queue}.retry", {**_dead_lettering("", queue), "x-message-ttl": RETRY_DELAY_MS}),
        _queue(f"{queue}.dead", NO_DELIVERY_LIMIT),
    ]


def _event_bindings(subscriptions: Subscriptions, publisher: str) -> list[dict[str, Any]]:
    service = subscriptions.service
    queue = event_queue(service, publisher)
    types = sorted(each.event_type for each in subscriptions if each.publisher == publisher)
    return [
        *(_binding(publisher, queue, kind) for kind in types),
        _binding(retry_exchange(service), f"{queue}.retry", queue),
        _binding(dead_exchange(service), f"{queue}.dead", queue),
        _binding(replay_exchange(service), queue, queue),
    ]


def _dead_lettering(exchange: str, key: str) -> dict[str, Any]:
    # At-least-once wants reject-publish; without it a dead letter can be lost on its way between the queues.
    return {
        "x-dead-letter-exchange": exchange,
        "x-dead-letter-routing-key": key,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def _exchange(name: str, kind: str, arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {
        "name": name, "vhost": VHOST, "type": kind, "durable": True, "auto_delete": False, "internal": False,
        "arguments": dict(arguments or {}),
    }  # fmt: skip


def _queue(name: str, arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {
        "name": name, "vhost": VHOST, "durable": True, "auto_delete": False,
        "arguments": {"x-queue-type": "quorum", **(arguments or {})},
    }  # fmt: skip


def _kept(name: str, newest: int) -> dict[str, Any]:
    return _queue(name, {"x-max-length": newest, "x-overflow": "drop-head"})


def _binding(source: str, queue: str, key: str) -> dict[str, Any]:
    return {
        "source": source, "vhost": VHOST, "destination": queue, "destination_type": "queue", "routing_key": key,
        "arguments": {},
    }  # fmt: skip


def _users(listeners: Iterable[str]) -> list[dict[str, Any]]:
    tags = {MONITORING: ["monitoring"], OPERATOR: ["administrator"]}
    names = sorted({*listeners, FLOWER, MONITORING, OPERATOR, SCHEDULER})
    return [{"name": name, "password_hash": "", "tags": tags.get(name, [])} for name in names]


@dataclass
class _Rights:
    """What a user may do to exchanges and queues: expressions for their whole names."""

    configure: list[str] = field(default_factory=list)
    write: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)


def _permissions(
    services: Sequence[str], workers: Sequence[str], live: Iterable[LiveInterests]
) -> list[dict[str, Any]]:
    # A worker declares Celery's event exchange and what it hears live, nothing else.
    # Nobody may write the default exchange: it reaches every queue.
    events = r"celeryev(\..*)?"
    rights = defaultdict(_Rights)
    for service in services:
        rights[service] = _Rights(write=[service])
    for service in workers:
        rights[service] = _Rights([events], [events, service, rf"{service}\..*"], [rf"{service}\..*"])
    rights[FLOWER] = _Rights([events], [events], [events])
    rights[MONITORING] = _Rights()
    rights[SCHEDULER] = _Rights(write=[rf"({'|'.join(workers)})\.tasks"])
    rights[OPERATOR] = _Rights(write=[r".*\.replay"], read=[r".*\.dead"])
    for interests in live:
        _allow_live(rights[interests.service], interests)
    return [
        {"user": user, "vhost": VHOST, **{kind: _any_of(names) for kind, names in vars(allowed).items()}}
        for user, allowed in sorted(rights.items())
    ]


def _allow_live(rights: _Rights, interests: LiveInterests) -> None:
    # To bind a queue takes the right to write to it and to read the exchange.
    queues = rf"{interests.service}\.live\..*"
    rights.configure.append(queues)
    rights.write.append(queues)
    rights.read += [queues, *(publisher for publisher, _ in interests.events)]


def _any_of(names: Iterable[str]) -> str:
    distinct = sorted(set(names))
    return f"^({'|'.join(distinct)})$" if distinct else "^$"
