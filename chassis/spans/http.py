"""Spans of HTTP: one for each request that is answered, one for each that is sent (OpenTelemetry's conventions)."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from chassis.telemetry import current_traceparent, is_recording, remote_context, tracer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

UNTRACED = ("/health/", "/metrics")
SERVER_ERROR = 500

# Anything else would make a name, and a label, of whatever a client comes up with.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def traced(app: "WSGIApplication") -> "WSGIApplication":
    """The WSGI app with a span around each request; probes, scrapes and sockets have none."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = str(environ["PATH_INFO"])
        if path.startswith(UNTRACED) or "HTTP_UPGRADE" in environ:
            return app(environ, start_response)
        context = remote_context(environ.get("HTTP_TRACEPARENT"))
        method = _known(str(environ["REQUEST_METHOD"]))
        attributes = {"http.request.method": method, "url.path": path}
        with tracer.start_as_current_span(method, context, SpanKind.SERVER, attributes) as span:

            def started(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
                _note_status(span, int(status.split(" ", 1)[0]))
                return start_response(status, headers, *exc_info)

            return app(environ, started)

    return answer


def note_route(method: str, route: str | None) -> None:
    """Names the request's span after its route, which is known only inside the app."""
    span = trace.get_current_span()
    if route is not None and span.is_recording():
        span.update_name(f"{_known(method)} {route}")
        span.set_attribute("http.route", route)


@contextmanager
def client_span(method: str, url: str, service: str) -> Iterator[tuple[dict[str, str], Callable[[int], None]]]:
    """A span around a request to another service: gives the headers to send with it, and what takes its status."""
    if not is_recording():
        traceparent = current_traceparent()
        yield ({} if traceparent is None else {"traceparent": traceparent}), lambda _status: None
        return
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "url.full": url.partition("?")[0],
        "server.address": urlsplit(url).hostname or "",
        "peer.service": service,
    }
    with tracer.start_as_current_span(f"{method} {service}", kind=SpanKind.CLIENT, attributes=attributes) as span:
        yield {"traceparent": current_traceparent() or ""}, lambda status: _note_status(span, status)


def _known(method: str) -> str:
    return method if method in METHODS else "_OTHER"


def _note_status(span: Span, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= SERVER_ERROR:
        span.set_status(StatusCode.ERROR)
