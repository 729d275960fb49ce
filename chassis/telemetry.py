"""Traces: OpenTelemetry spans to the Collector by OTLP. Without an endpoint, or with it away, nothing waits.

A task's span comes from Celery's instrumentation, the others from `chassis.spans`. A span below another is made only
while that one is recorded, so what a process does for itself (the relay's polling, its health checks) makes no traces
of one span each.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.logs import get_logger
from chassis.settings import ProcessSettings

log = get_logger()
tracer = trace.get_tracer("chassis")

QUEUED_SPANS = 8192  # what a burst makes in the second between two exports
EXPORT_SECONDS = 1.0
EXPORT_TIMEOUT_SECONDS = 2.0

_PROPAGATOR = TraceContextTextMapPropagator()
_IDS = RandomIdGenerator()


def configure_telemetry(service: str, settings: ProcessSettings) -> None:
    """Starts tracing for this process under the service's name; once, and in the process that serves.

    Of the traces that begin here, `trace_sample_ratio` is recorded, which may change; who continues a trace does what
    its beginning has decided. Without an endpoint there are none.
    """
    if settings.otel_exporter_otlp_endpoint is None:
        return
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # it would say every second that nobody listens
    provider = TracerProvider(
        sampler=ParentBased(ChangingRatio(lambda: settings.live.current.trace_sample_ratio)),
        resource=Resource.create({"service.name": service}),
    )
    processor = processor_for(str(settings.otel_exporter_otlp_endpoint))
    provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
    leaves.write_to(processor, provider.resource)


def processor_for(endpoint: str) -> SpanProcessor:
    """What collects ended spans and sends them to the Collector in batches, in a thread of its own."""
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_TIMEOUT_SECONDS)
    return BatchSpanProcessor(TellingExporter(exporter), QUEUED_SPANS, schedule_delay_millis=EXPORT_SECONDS * 1000)


class ChangingRatio(Sampler):
    """Records a share of the traces, by their ids; the share is asked for at the beginning of each."""

    def __init__(self, ratio: Callable[[], float]) -> None:
        self._ratio = ratio

    def should_sample(self, *args: Any, **options: Any) -> SamplingResult:
        """See OpenTelemetry."""
        return TraceIdRatioBased(self._ratio()).should_sample(*args, **options)

    def get_description(self) -> str:
        """See OpenTelemetry."""
        return "ChangingRatio"


class TellingExporter(SpanExporter):
    """Says in the log, once each, that the Collector is away and that it is back."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._away = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hands the spans over; those that are not taken are lost."""
        result = self._exporter.export(spans)
        away = result is not SpanExportResult.SUCCESS
        if away != self._away:
            log.warning("traces_get_lost" if away else "traces_are_taken_again")
        self._away = away
        return result

    def shutdown(self) -> None:
        """Ends the connection."""
        self._exporter.shutdown()


@dataclass
class Leaves:
    """Spans in which nothing else happens: written down when they have ended, in a sixth of the time of a live span.

    They are the many ones: each statement, each message.
    """

    _processor: SpanProcessor | None = None
    _resource: Resource | None = None

    def write_to(self, processor: SpanProcessor, resource: Resource) -> None:
        """From here on they are handed to the processor."""
        self._processor, self._resource = processor, resource

    def write(
        self, name: str, kind: SpanKind, attributes: Mapping[str, str | int], since: int, failure: str | None = None
    ) -> SpanContext | None:
        """Writes a span below the running one, from `since` (nanoseconds) until now; None when that is not recorded."""
        parent = trace.get_current_span().get_span_context()
        if self._processor is None or not parent.trace_flags.sampled:
            return None
        context = SpanContext(parent.trace_id, _IDS.generate_span_id(), is_remote=False, trace_flags=parent.trace_flags)
        status = Status() if failure is None else Status(StatusCode.ERROR, failure)
        span = ReadableSpan(
            name, context, parent, self._resource, attributes, kind=kind, status=status, start_time=since,
            end_time=time.time_ns(),
        )  # fmt: skip
        self._processor.on_end(span)
        return context


leaves = Leaves()


def is_recording() -> bool:
    """Whether the running span is recorded: whether a span below it is worth making."""
    return trace.get_current_span().is_recording()


def current_trace_id() -> str | None:
    """The running trace's id, to be shown to a person."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def current_traceparent() -> str | None:
    """The W3C trace context of the running span, to be stored or sent with an event."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def traceparent_of(context: SpanContext) -> str:
    """The W3C form of a span's context."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def remote_context(traceparent: str | None) -> otel_context.Context:
    """The context in which a span continues the given trace; an empty one where there is none."""
    empty = otel_context.Context()
    return empty if traceparent is None else _PROPAGATOR.extract({"traceparent": traceparent}, context=empty)


@contextmanager
def continued(traceparent: str | None) -> Iterator[None]:
    """What happens inside belongs to the given trace; where there is none, to the running one."""
    if traceparent is None:
        yield
        return
    token = otel_context.attach(remote_context(traceparent))
    try:
        yield
    finally:
        otel_context.detach(token)


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace id in a W3C traceparent, or None."""
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) == 4 else None  # noqa: PLR2004 - version, trace, span, flags
