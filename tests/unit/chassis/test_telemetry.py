"""The exporter's words, and what of a trace context survives."""

import json

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased

from chassis.logs import configure_logs
from chassis.telemetry import (
    ChangingRatio,
    TellingExporter,
    continued,
    current_trace_id,
    current_traceparent,
    remote_context,
    trace_id_of,
)


class Moody(InMemorySpanExporter):
    """Fails as told."""

    def __init__(self, results: list[SpanExportResult]) -> None:
        super().__init__()
        self._results = results

    def export(self, _spans: object) -> SpanExportResult:
        return self._results.pop(0)


def test_lost_traces_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """One line when the Collector is away, one when it is back, however many batches fail between."""
    configure_logs("test")
    good, bad = SpanExportResult.SUCCESS, SpanExportResult.FAILURE
    exporter = TellingExporter(Moody([good, bad, bad, bad, good, good]))
    for _ in range(6):
        exporter.export(())
    events = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert events == ["traces_get_lost", "traces_are_taken_again"]


def test_share_of_traces_may_change() -> None:
    """Each trace begins with the share of that moment."""
    shares = iter([1.0, 0.0, 1.0])
    tracer = TracerProvider(sampler=ParentBased(ChangingRatio(lambda: next(shares)))).get_tracer("test")
    recorded = [tracer.start_span("order", Context()).is_recording() for _ in range(3)]
    assert recorded == [True, False, True]


def test_outside_a_trace_there_is_no_id() -> None:
    """Nothing is made up."""
    assert (current_trace_id(), current_traceparent()) == (None, None)


def test_trace_is_continued_for_a_while() -> None:
    """Inside the block alone; where there is none to continue, the running one goes on."""
    first, second = (f"00-{digit * 32}-{digit * 16}-01" for digit in "ab")
    with continued(first):
        with continued(second):
            assert current_traceparent() == second
            with continued(None):
                assert current_traceparent() == second
        assert current_traceparent() == first
    assert current_traceparent() is None


@pytest.mark.parametrize("traceparent", [None, "", "nonsense", "00-0-0-00"])
def test_bad_context_is_no_context(traceparent: str | None) -> None:
    """A trace that cannot be continued is not."""
    assert dict(remote_context(traceparent)) == {}


def test_trace_id_is_the_second_part() -> None:
    """As W3C Trace Context has it."""
    assert trace_id_of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") == "0af7651916cd43dd8448eb211c80319c"
    assert trace_id_of("nonsense") is None
