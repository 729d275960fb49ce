"""Topology: how exchanges, queues and the broker's own users are named.

exchange orders (topic) ──order.placed──▶ queue inventory.orders ──rejected──▶ exchange inventory.retry
     ▲ alternate: unroutable                    ▲                                     │
                                                └──── after its TTL ──── queue inventory.orders.retry
exchange inventory.dead ──▶ queue inventory.orders.dead      (the worker puts a message there itself)
exchange inventory.replay ──▶ queue inventory.orders         (operators send a dead letter back to its one queue)

The broker gets all of it from `rabbitmq/definitions.json`, which the catalogue writes: nobody declares it by hand.
"""

VHOST = "quadrille"
FLOWER, MONITORING, OPERATOR, SCHEDULER = "flower", "monitoring", "operator", "scheduler"


def event_queue(consumer: str, publisher: str) -> str:
    """The queue in which a service gets the events of a publisher."""
    return f"{consumer}.{publisher}"


def task_queue(service: str) -> str:
    """The service's exchange, and queue, of private Celery tasks."""
    return f"{service}.tasks"


def retry_exchange(service: str) -> str:
    """Where the broker takes what a worker of the service rejects."""
    return f"{service}.retry"


def dead_exchange(service: str) -> str:
    """Where a worker of the service puts its dead letters."""
    return f"{service}.dead"


def replay_exchange(service: str) -> str:
    """Through which operators send a dead letter back to the one queue that failed."""
    return f"{service}.replay"


def live_queue(service: str, process: str) -> str:
    """The queue in which one process of a service hears events live; it goes with the process."""
    return f"{service}.live.{process}"
