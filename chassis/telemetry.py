"""Traces: OpenTelemetry spans to the Collector by OTLP. Without an endpoint, or with it away, nothing waits."""

from collections.abc import Mapping

from opentelemetry import context as otel_context
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

tracer = trace.get_tracer("chassis")


def configure_telemetry(service: str, endpoint: str | None) -> None:
    """Starts tracing for this process under the service's name; once, and in the process that serves."""
    if endpoint is None:
        return
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=2)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def current_traceparent() -> str | None:
    """The W3C trace context of the running span, to be stored or sent with an event."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent")


def remote_context(traceparent: str | None) -> otel_context.Context:
    """The context in which a span continues the given trace; an empty one where there is none."""
    carrier: Mapping[str, str] = {} if traceparent is None else {"traceparent": traceparent}
    return propagate.extract(carrier, context=otel_context.Context())


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace id in a W3C traceparent, or None."""
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) == 4 else None  # noqa: PLR2004 - version, trace, span, flags
