"""Spans of the broker's hops: one where an event is sent, one where it is processed (OpenTelemetry's conventions)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from chassis.messaging.delivery import Delivery
from chassis.messaging.events import Event
from chassis.storage.outbox import StoredEvent
from chassis.telemetry import leaves, remote_context, traceparent_of, tracer

_RABBITMQ = {"messaging.system": "rabbitmq", "peer.service": "rabbitmq"}


def note_sending(exchange: str, event: StoredEvent) -> str | None:
    """Writes a span into the trace that the event was born in; returns what the message carries on: its context."""
    destination = f"{exchange}:{event.type}"
    attributes = {
        **_RABBITMQ,
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": destination,
        "messaging.rabbitmq.destination.routing_key": event.type,
        "messaging.message.id": event.id,
    }
    token = otel_context.attach(remote_context(event.traceparent))
    try:
        sent = leaves.write(f"send {destination}", SpanKind.PRODUCER, attributes, time.time_ns())
    finally:
        otel_context.detach(token)
    return event.traceparent if sent is None else traceparent_of(sent)


@contextmanager
def processing(delivery: Delivery) -> Iterator[None]:
    """A span in the trace that the message carries; a message that carries none begins one.

    In a worker Celery's instrumentation has begun it already, from the task's headers: it gets its name and attributes.
    """
    attributes = {
        **_RABBITMQ,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": delivery.queue,
    }
    running = trace.get_current_span()
    if running.is_recording():
        running.update_name(f"process {delivery.queue}")
        running.set_attributes(attributes)
        yield
        return
    with tracer.start_as_current_span(
        f"process {delivery.queue}",
        remote_context(delivery.headers.get("traceparent")),
        SpanKind.CONSUMER,
        attributes,
        record_exception=False,  # what passes through tells Celery how to settle the message
        set_status_on_exception=False,
    ):
        yield


def note_event(delivery: Delivery, event: Event) -> None:
    """Says on the running span what is processed."""
    span = trace.get_current_span()
    if not span.is_recording():
        return
    destination = f"{delivery.publisher}:{event.type}:{delivery.queue}"
    span.update_name(f"process {destination}")
    span.set_attributes(
        {
            "messaging.destination.name": destination,
            "messaging.rabbitmq.destination.routing_key": event.type,
            "messaging.message.id": str(event.id),
            "messaging.message.conversation_id": event.correlationid,
            "messaging.message.body.size": len(delivery.body),
        }
    )


def note_failure(reason: str) -> None:
    """Says on the running span that the event was not handled, and why."""
    trace.get_current_span().set_status(StatusCode.ERROR, reason)
