"""The app factory of every API: OpenAPI, problem+json, limits, request ids, metrics, health and one log line each."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

import flask_smorest
import marshmallow as ma
from flask import Flask, Response, g, request
from flask_smorest.pagination import PaginationMetadataSchema
from prometheus_flask_exporter import PrometheusMetrics
from werkzeug.exceptions import HTTPException

from chassis.health import Health
from chassis.http import errors
from chassis.http.health import health_blueprint
from chassis.http.problems import problem_pages
from chassis.identifiers import new_id
from chassis.logs import get_logger
from chassis.spans.http import UNTRACED, note_route, traced
from chassis.telemetry import current_trace_id

log = get_logger()

MAX_BODY_BYTES = 64 * 1024
View = TypeVar("View", bound=Callable[..., Any])
_BEARER = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}


class Schema(ma.Schema):
    """Base of all HTTP schemas: unknown fields are refused."""

    class Meta:
        """See marshmallow."""

        unknown = ma.RAISE
        ordered = True


class Decorator(Protocol):
    """What leaves a view's type as it is."""

    def __call__(self, view: View) -> View:
        """The view, with more said about it."""


UNREADABLE = (HTTPStatus.BAD_REQUEST, HTTPStatus(413), HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc] # flask-smorest ships no types
    """Base of all blueprints, so that a change for all has one home."""

    DEFAULT_PAGINATION_PARAMETERS = {"page": 1, "page_size": 20, "max_page_size": 100}  # noqa: RUF012 - the library's own

    def arguments(self, schema: type[ma.Schema], *, location: str = "json", **options: Any) -> Decorator:
        """Parses what comes with the request; a body may also be unreadable, which the document says too."""
        parse: Decorator = super().arguments(schema, location=location, **options)
        return _refusing(UNREADABLE, parse) if location in ("json", "form") else parse

    # The decorators that are in use, with the types that the library does not ship.
    route: Callable[..., Decorator]
    response: Callable[..., Decorator]
    alt_response: Callable[..., Decorator]
    paginate: Callable[..., Decorator]
    doc: Callable[..., Decorator]


def _refusing(statuses: Sequence[HTTPStatus], decorate: Decorator) -> Decorator:
    """As `decorate`, and these refusals are documented in the words that `Api` has for them."""

    def document(view: View) -> View:
        documented = decorate(view)
        described: Any = documented
        responses = described._apidoc["arguments"]["responses"]  # noqa: SLF001 - the library's way
        responses.update({int(status): status.name for status in statuses})
        return documented

    return document


class Api(flask_smorest.Api):  # type: ignore[misc] # flask-smorest ships no types
    """flask-smorest with our error body."""

    ERROR_SCHEMA = errors.ProblemSchema

    def _register_responses(self) -> None:
        """The answers that the library documents by itself. They are all errors, so they are problem+json."""
        content = {errors.CONTENT_TYPE: {"schema": self.ERROR_SCHEMA}}
        named = {status.name: status.phrase for status in HTTPStatus} | {"DEFAULT_ERROR": "Any other error"}
        for name, words in named.items():
            self.spec.components.response(name, {"description": words, "content": content}, lazy=True)

    def _register_pagination_header(self) -> None:
        """X-Pagination is a text in JSON, which the library's own description leaves open."""
        content = {"application/json": {"schema": PaginationMetadataSchema}}
        self.spec.components.header("PAGINATION", {"description": "Where this page is", "content": content}, lazy=True)

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Every HTTP error as problem+json."""
        return errors.problem_response(errors.problem_of(error))


@dataclass(frozen=True)
class Description:
    """What tells one API from another."""

    service: str
    title: str
    blueprints: Sequence[flask_smorest.Blueprint]
    refusals: Mapping[type[Exception], int] = field(default_factory=dict)
    """The domain's refusals (exceptions with a `code`) and their HTTP status."""
    security_schemes: Mapping[str, Any] = field(default_factory=dict)
    """Ways to say who one is, beside access tokens, as OpenAPI describes them."""
    outages: Sequence[type[Exception]] = ()
    """Errors that say: something that the service cannot do without is away. They become 503."""


def create_app(description: Description, health: Health) -> Flask:
    """The Flask app of an API."""
    app = Flask(description.service, static_folder=None)
    app.config.update(
        API_TITLE=description.title,
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=f"/api/v1/{description.service}",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={"components": {"securitySchemes": {**_BEARER, **description.security_schemes}}},
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        JSON_SORT_KEYS=False,
        PROPAGATE_EXCEPTIONS=False,
    )
    _install_request_life(app)
    app.register_error_handler(errors.Problem, errors.problem_response)
    app.register_error_handler(Exception, errors.unexpected)
    for refusal, status in description.refusals.items():
        app.register_error_handler(refusal, _refusal_handler(status))
    for outage in description.outages:
        app.register_error_handler(outage, errors.unavailable)
    api = Api(app)
    for blueprint in description.blueprints:
        api.register_blueprint(blueprint)
    app.register_blueprint(health_blueprint(health))
    app.register_blueprint(problem_pages())
    PrometheusMetrics(
        app, group_by="url_rule", excluded_paths=["^/health/.*"], default_labels={"service": description.service}
    )
    app.wsgi_app = traced(app.wsgi_app)  # type: ignore[method-assign, assignment]
    return app


def _refusal_handler(status: int) -> Any:
    def handle(refusal: Exception) -> Response:
        code = getattr(refusal, "code", None)
        retry_after = getattr(refusal, "retry_after", None)  # in seconds
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return errors.problem_response(
            errors.Problem(status, code, str(refusal) or None, errors=getattr(refusal, "errors", None), headers=headers)
        )

    return handle


def _install_request_life(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.started = time.monotonic()
    g.request_id = request.headers.get("X-Request-ID") or str(new_id())
    if request.method in ("POST", "PUT", "PATCH") and request.content_length and not _readable():
        raise errors.Problem(415, detail="The body must be application/json.")


def _readable() -> bool:
    return request.is_json or request.mimetype == "application/x-www-form-urlencoded"


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    if trace_id := current_trace_id():
        response.headers["X-Trace-Id"] = trace_id
    if not request.path.startswith(UNTRACED):
        route = str(request.url_rule) if request.url_rule else None
        note_route(request.method, route)
        log.info(
            "request",
            method=request.method,
            route=route,
            status=response.status_code,
            code=g.get("problem_code"),
            user_id=str(g.caller.id) if "caller" in g else None,
            request_id=g.request_id,
            duration_ms=round((time.monotonic() - g.started) * 1000, 1),
        )
    return response
