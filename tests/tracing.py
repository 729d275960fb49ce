"""Spans of one test alone, kept in memory."""

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis import telemetry
from chassis.spans import broker as broker_spans
from chassis.spans import http as http_spans
from chassis.spans import storage as storage_spans


class Recorder:
    """Takes the place of the chassis' tracer, and of a process that has begun a trace."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        processor = SimpleSpanProcessor(self._exporter)
        provider.add_span_processor(processor)
        self.tracer = provider.get_tracer("test")
        for spans in (http_spans, broker_spans):
            monkeypatch.setattr(spans, "tracer", self.tracer)
        leaves = telemetry.Leaves()
        leaves.write_to(processor, provider.resource)
        for module in (broker_spans, storage_spans):
            monkeypatch.setattr(module, "leaves", leaves)

    @property
    def ended(self) -> tuple[ReadableSpan, ...]:
        """The spans that have ended, in that order."""
        return self._exporter.get_finished_spans()

    def only(self) -> ReadableSpan:
        """The one span that has ended."""
        (span,) = self.ended
        return span
