"""Errors: every refusal is RFC 9457 problem+json with a stable `code`; this module holds the one table of them."""

import json
from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask import Response, g, has_request_context, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from chassis.logs import get_logger
from chassis.telemetry import current_trace_id

log = get_logger()

CONTENT_TYPE = "application/problem+json"

UNAUTHENTICATED = 401  # always with a challenge (RFC 9110, RFC 6750)

CODES: Mapping[int, str] = {
    400: "malformed_json",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "conflict",
    412: "precondition_failed",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "validation_error",
    426: "upgrade_required",
    428: "precondition_required",
    429: "rate_limited",
    500: "internal_error",
    502: "bad_gateway",
    503: "unavailable",
}
"""The code of a status when nothing more special is said."""


class Problem(Exception):
    """A refusal of an HTTP request. `instance` is the path that was asked, where it is not the request's own."""

    def __init__(
        self,
        status: int,
        code: str | None = None,
        detail: str | None = None,
        *,
        errors: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        instance: str | None = None,
    ) -> None:
        super().__init__(detail or code or HTTP_STATUS_CODES[status])
        self.status = status
        self.code = code or CODES[status]
        self.detail = detail
        self.errors = errors
        self.headers = {**({"WWW-Authenticate": "Bearer"} if status == UNAUTHENTICATED else {}), **(headers or {})}
        self.instance = instance


class ProblemSchema(ma.Schema):
    """The body of every error, for the OpenAPI document."""

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String()
    instance = ma.fields.String(required=True)
    code = ma.fields.String(required=True, metadata={"description": "Stable; the table is in docs/errors.md"})
    errors = ma.fields.Dict(metadata={"description": "What is wrong, by field"})
    trace_id = ma.fields.String()


def problem_response(problem: Problem, *, trace_id: str | None = None) -> Response:
    """The problem as an HTTP answer to the current request, in the running trace unless another one is named."""
    body = {
        "type": "about:blank",
        "title": HTTP_STATUS_CODES[problem.status],
        "status": problem.status,
        "detail": problem.detail,
        "instance": problem.instance or (request.path if has_request_context() else None),
        "code": problem.code,
        "errors": problem.errors,
        "trace_id": trace_id or current_trace_id(),
    }
    given = {name: value for name, value in body.items() if value is not None}
    if has_request_context():
        g.problem_code = problem.code
    return Response(json.dumps(given), problem.status, problem.headers, content_type=CONTENT_TYPE)


def problem_of(error: HTTPException) -> Problem:
    """What Flask, Werkzeug or webargs raised, as a problem."""
    status = error.code or 500
    data: Mapping[str, Any] = getattr(error, "data", None) or {}
    headers = dict(data.get("headers") or {})
    if status == 405 and getattr(error, "valid_methods", None):  # noqa: PLR2004 - Method Not Allowed wants Allow
        headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    if data.get("messages"):
        return Problem(
            status, detail="The request does not have the expected form.", errors=_by_field(data["messages"])
        )
    return Problem(
        status, code=CODES.get(status, "error"), detail=data.get("message") or error.description, headers=headers
    )


def unavailable(error: Exception) -> Response:
    """Something that the service cannot do without is away: logged by name, told to the caller without it."""
    log.error("dependency_unavailable", reason=f"{type(error).__name__}: {error}".splitlines()[0])
    return problem_response(Problem(503, detail="The service is out of order for a moment."))


def unexpected(error: Exception) -> Response:
    """Anything nobody foresaw: logged with its traceback, told to the caller without it."""
    log.error("request_failed", exc_info=error)
    return problem_response(Problem(500, detail="The server made a mistake; it has been logged."))


def _by_field(messages: Mapping[str, Any]) -> Mapping[str, Any]:
    # webargs sorts by place (json, query, …): a client knows where it put its fields.
    fields: dict[str, Any] = {}
    for place in messages.values():
        fields.update(place if isinstance(place, Mapping) else {"_": place})
    return fields
