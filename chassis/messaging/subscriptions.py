"""What a service listens to: its subscriptions, which miss nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from chassis.messaging.events import Event


class Reading(BaseModel):
    """Base of a consumer's own model of an event: the fields that it uses; the rest is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


ReadingT = TypeVar("ReadingT", bound=Reading)
Handler = Callable[[Any, Any, Event], None]
"""Called with the service's parts, its reading of the data, and the whole event."""


@dataclass(frozen=True)
class Subscription:
    """One event type that a service listens to."""

    publisher: str
    event_type: str
    reading: type[Reading]
    handler: Handler

    @property
    def task_name(self) -> str:
        """The handler's name in Celery and Flower: its module and function."""
        handler: Any = self.handler
        return f"{handler.__module__}.{handler.__name__}"


@dataclass
class Subscriptions:
    """All that one service listens to. An event type has one handler in a service."""

    service: str
    _by_type: dict[tuple[str, str], Subscription] = field(default_factory=dict)

    def on(
        self, publisher: str, event_type: str, reading: type[ReadingT]
    ) -> Callable[[Callable[[Any, ReadingT, Event], None]], Callable[[Any, ReadingT, Event], None]]:
        """Marks the handler of `event_type` of `publisher`, which gets its data as `reading`."""

        def register(handler: Callable[[Any, ReadingT, Event], None]) -> Callable[[Any, ReadingT, Event], None]:
            key = (publisher, event_type)
            if key in self._by_type:
                raise ValueError(f"{self.service} handles {event_type} of {publisher} already")
            self._by_type[key] = Subscription(publisher, event_type, reading, handler)
            return handler

        return register

    def find(self, publisher: str, event_type: str) -> Subscription | None:
        """The subscription to that event, if there is one."""
        return self._by_type.get((publisher, event_type))

    def publishers(self) -> list[str]:
        """The publishers that are listened to, sorted."""
        return sorted({publisher for publisher, _ in self._by_type})

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._by_type.values())
