"""Spans of the broker's hops: one where an event is sent, one where it is processed, in one trace."""

from contextlib import suppress
from typing import Any

import pytest
from celery.exceptions import Ignore, Reject
from opentelemetry.trace import SpanKind, StatusCode
from pydantic import BaseModel

from chassis.messaging.delivery import Delivery
from chassis.messaging.events import CONTENT_TYPE, Event, encode, publication
from chassis.messaging.handling import Handling
from chassis.messaging.subscriptions import Reading, Subscriptions
from chassis.spans.broker import note_sending
from chassis.storage.outbox import StoredEvent
from chassis.telemetry import current_traceparent, trace_id_of
from tests.tracing import Recorder

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class ThingSold(BaseModel):
    """What the publisher says."""

    name: str = "chair"


class Sold(Reading):
    """What the consumer reads."""

    name: str


class Letters:
    """Takes every dead letter."""

    problem = None

    def publish(self, _messages: Any, timeout: float = 10) -> dict[str, str]:
        return {}


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """The spans of this test."""
    return Recorder(monkeypatch)


def sold(traceparent: str | None = TRACEPARENT, **data: Any) -> tuple[Event, Delivery]:
    event = publication(ThingSold(**data), source="shop", subject="t-1", sequence=1, correlation="c-1", cause=None)
    body = encode(event).encode()
    headers = {"traceparent": traceparent} if traceparent else {}
    return event, Delivery("stock.shop", body, CONTENT_TYPE, None, None, headers, 0)


def handle(delivery: Delivery, error: Exception | None = None) -> list[str | None]:
    """Has it handled; returns the trace that the handler ran in."""
    seen: list[str | None] = []
    subscriptions = Subscriptions("stock")

    @subscriptions.on("shop", "thing.sold", Sold)
    def take(_parts: object, _sold: Sold, _event: Event) -> None:
        seen.append(trace_id_of(current_traceparent()))
        if error is not None:
            raise error

    with suppress(Reject, Ignore):
        Handling(subscriptions, None, (TimeoutError,), lambda: 1, Letters(), lambda: None).handle(delivery)
    return seen


def test_sent_event_carries_the_senders_span(recorder: Recorder) -> None:
    """The span continues the trace that the event was born in, and names exchange and routing key."""
    carried = note_sending("shop", StoredEvent("id-1", "thing.sold", "{}", TRACEPARENT))
    span = recorder.only()
    assert (span.name, span.kind) == ("send shop:thing.sold", SpanKind.PRODUCER)
    assert dict(span.attributes or {}) == {
        "messaging.system": "rabbitmq", "messaging.operation.name": "send", "messaging.operation.type": "send",
        "messaging.destination.name": "shop:thing.sold", "messaging.rabbitmq.destination.routing_key": "thing.sold",
        "messaging.message.id": "id-1", "peer.service": "rabbitmq",
    }  # fmt: skip
    assert trace_id_of(carried) == trace_id_of(TRACEPARENT)
    assert carried is not None
    assert span.context is not None
    assert f"{span.context.span_id:016x}" in carried


@pytest.mark.parametrize("traceparent", [None, TRACEPARENT.removesuffix("01") + "00"])
def test_unrecorded_trace_goes_on_unrecorded(recorder: Recorder, traceparent: str | None) -> None:
    """Who began it has decided; without a trace none begins here."""
    assert note_sending("shop", StoredEvent("id-1", "thing.sold", "{}", traceparent)) == traceparent
    assert recorder.ended == ()


def test_handler_runs_in_the_trace_of_the_message(recorder: Recorder) -> None:
    """Below the sender's span; the span names exchange, routing key and queue, and the conversation."""
    event, delivery = sold()
    assert handle(delivery) == [trace_id_of(TRACEPARENT)]
    span = recorder.only()
    assert (span.name, span.kind) == ("process shop:thing.sold:stock.shop", SpanKind.CONSUMER)
    assert dict(span.attributes or {}) == {
        "messaging.system": "rabbitmq", "messaging.operation.name": "process", "messaging.operation.type": "process",
        "messaging.destination.name": "shop:thing.sold:stock.shop",
        "messaging.rabbitmq.destination.routing_key": "thing.sold", "messaging.message.id": str(event.id),
        "messaging.message.conversation_id": "c-1", "messaging.message.body.size": len(delivery.body),
        "peer.service": "rabbitmq",
    }  # fmt: skip
    assert span.status.status_code is StatusCode.UNSET
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"


def test_span_of_the_task_is_the_one(recorder: Recorder) -> None:
    """In a worker Celery's instrumentation has begun it: there is no second one, and it gets the names."""
    with recorder.tracer.start_as_current_span("run/take", kind=SpanKind.CONSUMER):
        handle(sold()[1])
    span = recorder.only()
    assert span.name == "process shop:thing.sold:stock.shop"
    assert (span.attributes or {})["messaging.message.conversation_id"] == "c-1"


@pytest.mark.parametrize("traceparent", [None, "nonsense"])
def test_message_without_a_trace_begins_one(recorder: Recorder, traceparent: str | None) -> None:
    """Whatever the header holds, the event is handled."""
    assert handle(sold(traceparent)[1]) != [None]
    assert recorder.only().parent is None


@pytest.mark.parametrize("error", [TimeoutError("too slow"), ZeroDivisionError("x")])
def test_failure_is_seen_in_the_trace(recorder: Recorder, error: Exception) -> None:
    """A retry and a dead letter mark the span, with the reason."""
    handle(sold()[1], error)
    status = recorder.only().status
    assert status.status_code is StatusCode.ERROR
    assert str(error) in str(status.description)


def test_reason_of_a_misfit_does_not_repeat_the_data(recorder: Recorder) -> None:
    """What an event holds may be anybody's address: field and mistake are enough."""

    class Strict(Reading):
        name: int

    subscriptions = Subscriptions("stock")
    subscriptions.on("shop", "thing.sold", Strict)(lambda *_: None)
    with suppress(Ignore):
        Handling(subscriptions, None, (), lambda: 1, Letters(), lambda: None).handle(sold(name="ada@example.com")[1])
    reason = str(recorder.only().status.description)
    assert "name: Input should be a valid integer" in reason
    assert "ada@example.com" not in reason
