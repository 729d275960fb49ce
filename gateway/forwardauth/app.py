"""The ForwardAuth app: GET /verify answers Traefik before each request goes on.

Every request of every service waits for it, so it is a bare Flask app, without the documentation, the per-request logs
and the middlewares of an API. Unlike an API it takes neither request id nor trace from outside: both begin here.
"""

from contextlib import AbstractContextManager

from flask import Flask, Response, request
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind
from prometheus_client import make_wsgi_app
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from chassis.health import Health
from chassis.http.client import ServiceUnavailable
from chassis.http.errors import Problem, problem_of, problem_response, unexpected
from chassis.http.health import health_blueprint
from chassis.http.problems import problem_pages
from chassis.identifiers import new_id
from chassis.logs import get_logger
from chassis.spans.http import METHODS
from chassis.telemetry import current_trace_id, current_traceparent, tracer
from gateway.forwardauth import metrics
from gateway.forwardauth.tokens import Identity, InvalidToken, TokenReader

log = get_logger()


def create_app(reader: TokenReader, health: Health) -> Flask:
    """The app over a reader of tokens."""
    app = Flask("forwardauth", static_folder=None)

    @app.get("/verify")
    def verify() -> Response:
        with metrics.VERIFY_SECONDS.time(), _root_span() as span:
            response = _verdict(reader, span)
            response.headers["X-Request-ID"] = str(new_id())
            if trace_id := current_trace_id():
                response.headers["X-Trace-Id"] = trace_id
            if traceparent := current_traceparent():
                response.headers["traceparent"] = traceparent
        metrics.VERDICTS.labels(response.status_code).inc()
        return response

    app.register_error_handler(HTTPException, lambda error: problem_response(problem_of(error)))
    app.register_error_handler(Exception, unexpected)
    app.register_blueprint(health_blueprint(health))
    app.register_blueprint(problem_pages())
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/metrics": make_wsgi_app()})  # type: ignore[method-assign]
    return app


def _verdict(reader: TokenReader, span: Span) -> Response:
    token = _bearer_token()
    if token is None:
        if request.args.get("anonymous") == "allowed":
            return Response()
        return _refuse(401, "An access token is needed: Authorization: Bearer …")
    try:
        identity = reader.read(token)
    except InvalidToken as error:
        return _refuse(401, f"The access token is not valid: {error}.")
    except ServiceUnavailable as error:
        log.error("signing_keys_unavailable", reason=str(error))
        return _refuse(503, "Access tokens cannot be checked for a moment.")
    span.set_attribute("user.id", identity.user_id)
    return Response(headers=_identity_headers(identity))


def _identity_headers(identity: Identity) -> dict[str, str]:
    return {
        "X-User-Id": identity.user_id,
        "X-User-Roles": ",".join(identity.roles),
        "X-User-Scope": identity.scope,
    }


def _bearer_token() -> str | None:
    """The token; None also beside credentials of another scheme, which are for the service to judge."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _refuse(status: int, detail: str) -> Response:
    return problem_response(Problem(status, detail=detail, instance=_asked_path()))


def _asked_path() -> str:
    # From Traefik, which lets no client's X-Forwarded-Uri through. Without the query: that may hold secrets.
    return request.headers.get("X-Forwarded-Uri", "/").partition("?")[0]


def _root_span() -> AbstractContextManager[Span]:
    method = request.headers.get("X-Forwarded-Method", "")
    return tracer.start_as_current_span(
        method if method in METHODS else "HTTP",
        context=Context(),
        kind=SpanKind.SERVER,
        attributes={"http.request.method": method if method in METHODS else "_OTHER", "url.path": _asked_path()},
    )
