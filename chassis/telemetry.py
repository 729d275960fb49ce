"""Traces: OpenTelemetry spans to the Collector by OTLP. Without an endpoint, or with it away, nothing waits.

Spans are made where the work is done, in few words: `http/spans.py`, `storage/spans.py`, the relay and the handling of
events. A span below another is made only while that one is recorded, so what a process does for itself (the relay's
polling, its health checks) makes no traces of one span each.
"""

import logging
from collections.abc import Sequence

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.logs import get_logger

log = get_logger()
tracer = trace.get_tracer("chassis")

QUEUED_SPANS = 8192  # what a burst makes in the second between two exports
EXPORT_SECONDS = 1.0
EXPORT_TIMEOUT_SECONDS = 2.0

_PROPAGATOR = TraceContextTextMapPropagator()


def configure_telemetry(service: str, endpoint: str | None, sample_ratio: float = 1.0) -> None:
    """Starts tracing for this process under the service's name; once, and in the process that serves.

    Of the traces that begin here, the ratio is recorded; who continues a trace does what its beginning has decided.
    """
    if endpoint is None:
        return
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # it would say every second that nobody listens
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(sample_ratio)), resource=Resource.create({"service.name": service})
    )
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_TIMEOUT_SECONDS)
    provider.add_span_processor(
        BatchSpanProcessor(TellingExporter(exporter), QUEUED_SPANS, schedule_delay_millis=EXPORT_SECONDS * 1000)
    )
    trace.set_tracer_provider(provider)


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


def remote_context(traceparent: str | None) -> otel_context.Context:
    """The context in which a span continues the given trace; an empty one where there is none."""
    empty = otel_context.Context()
    return empty if traceparent is None else _PROPAGATOR.extract({"traceparent": traceparent}, context=empty)


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace id in a W3C traceparent, or None."""
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) == 4 else None  # noqa: PLR2004 - version, trace, span, flags
