"""Spans of HTTP, and the ids that every answer carries."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from opentelemetry.trace import SpanKind, StatusCode

from chassis.health import Health
from chassis.http.app import Blueprint, Description, create_app
from chassis.spans.http import client_span
from chassis.telemetry import trace_id_of
from tests.tracing import Recorder

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """The spans of this test."""
    return Recorder(monkeypatch)


@pytest.fixture
def client(recorder: Recorder) -> FlaskClient:
    """An API with one resource, and one that fails."""
    blueprint = Blueprint("things", __name__)

    @blueprint.route("/things/<int:number>")
    def thing(number: int) -> dict[str, int]:
        return {"number": 1 // number}

    app: Flask = create_app(Description("things", "Things", [blueprint]), Health())
    return app.test_client()


def attributes(span: Any) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_request_continues_the_trace_of_the_edge(client: FlaskClient, recorder: Recorder) -> None:
    """One span, below the caller's, named after the route and not after the path."""
    client.get("/things/1", headers={"traceparent": TRACEPARENT})
    span = recorder.only()
    assert (span.name, span.kind) == ("GET /things/<int:number>", SpanKind.SERVER)
    assert attributes(span) == {
        "http.request.method": "GET", "url.path": "/things/1", "http.route": "/things/<int:number>",
        "http.response.status_code": 200,
    }  # fmt: skip
    assert span.context is not None
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == trace_id_of(TRACEPARENT)
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"


def test_answer_carries_its_ids(client: FlaskClient) -> None:
    """The request's id from the edge, and the trace's: in a good answer, and in a problem's body too."""
    headers = {"traceparent": TRACEPARENT, "X-Request-ID": "0190"}
    for path in ("/things/1", "/things/0", "/nothing"):
        answer = client.get(path, headers=headers)
        assert (answer.headers["X-Trace-Id"], answer.headers["X-Request-ID"]) == (trace_id_of(TRACEPARENT), "0190")
    assert answer.json is not None
    assert answer.json["trace_id"] == trace_id_of(TRACEPARENT)


def test_failure_marks_the_span(client: FlaskClient, recorder: Recorder) -> None:
    """A 5xx status is an error of the server; a 4xx one is not."""
    client.get("/things/0")
    client.get("/nothing")
    failed, missing = recorder.ended
    assert (failed.status.status_code, missing.status.status_code) == (StatusCode.ERROR, StatusCode.UNSET)
    assert missing.name == "GET"


@pytest.mark.parametrize(
    ("path", "headers"), [("/health/live", {}), ("/metrics", {}), ("/things/1", {"Upgrade": "websocket"})]
)
def test_probes_scrapes_and_sockets_have_no_span(
    client: FlaskClient, recorder: Recorder, path: str, headers: dict[str, str]
) -> None:
    """They would fill the store of traces, or never end."""
    client.get(path, headers=headers)
    assert recorder.ended == ()


def test_unknown_method_makes_no_name(client: FlaskClient, recorder: Recorder) -> None:
    """Whatever a client comes up with is called the same."""
    client.open("/things/1", method="BREW")
    assert recorder.only().name.startswith("_OTHER")


def test_client_span_passes_the_trace_on(recorder: Recorder) -> None:
    """The called service continues below the client's span; a query, which may hold secrets, stays out."""
    with recorder.tracer.start_as_current_span("caller"), client_span("GET", "http://h/p?q=1", "other") as (head, note):
        note(503)
    span, caller = recorder.ended
    assert (span.name, span.kind, span.status.status_code) == ("GET other", SpanKind.CLIENT, StatusCode.ERROR)
    assert span.context is not None
    assert head["traceparent"].startswith(f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-")
    assert attributes(span) == {
        "http.request.method": "GET", "url.full": "http://h/p", "server.address": "h", "peer.service": "other",
        "http.response.status_code": 503,
    }  # fmt: skip
    assert span.parent == caller.context


def test_client_makes_no_trace_of_its_own(recorder: Recorder) -> None:
    """Outside a trace, a request is made without a span and without a header."""
    with client_span("GET", "http://h/p", "other") as (headers, note):
        note(200)
    assert (headers, recorder.ended) == ({}, ())
