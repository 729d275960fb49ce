"""What a worker tells Flower, without holding up the work: it lives, and what has become of each task."""

from typing import Any

from celery.app.events import Events
from celery.events.dispatcher import EventDispatcher


class OneTryDispatcher(EventDispatcher):
    """Celery's, but nothing is sent twice.

    Celery's heart repeats until it succeeds, inside the loop that takes in messages. When the broker had blocked the
    connection and then dropped it, kombu declared the exchange on the dead channel again and again, and the worker
    never came back. Here the heart's failure is raised, and the consumer connects anew as after any loss. What comes
    from the pool's threads waits for that: it must not fail there.
    """

    def _publish(self, event: Any, producer: Any, routing_key: str, retry: bool = False, **_: Any) -> None:  # noqa: FBT001, FBT002 - as Celery's
        self.buffer_while_offline = not retry  # only the heart asks for it
        super()._publish(event, producer, routing_key)  # type: ignore[misc] # missing in the stubs


class OneTryEvents(Events):
    """Has Celery use it."""

    dispatcher_cls = f"{OneTryDispatcher.__module__}:{OneTryDispatcher.__qualname__}"
