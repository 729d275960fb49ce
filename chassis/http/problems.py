"""Pages for what the gateway refuses by itself: it asks an API for the problem of a status, and hands that on.

The gateway has no route here for anybody else. Every API has the pages, so that one of them always answers.
"""

from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from chassis.http.errors import CODES, Problem, problem_response
from chassis.identifiers import new_id
from chassis.telemetry import trace_id_of

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
RETRY_SECONDS = "1"  # the gateway's limits are by the second

_WORDS = {
    404: "There is nothing at this address.",
    413: "A body has up to 64 KiB.",
    429: "Too many requests come from this address.",
    502: "The service broke off its answer.",
    503: "The service is out of reach for a moment.",
}


def problem_pages() -> Blueprint:
    """GET /internal/problems/<status>, with the path that was asked in the query or in a header of the gateway's."""
    blueprint = Blueprint("problems", __name__, url_prefix="/internal/problems")

    @blueprint.route("/<int:status>", methods=METHODS)
    def page(status: int) -> Response:
        known = status if status in _WORDS else 404
        headers = {"Retry-After": RETRY_SECONDS} if CODES[known] == "rate_limited" else {}
        problem = Problem(known, detail=_WORDS[known], headers=headers, instance=_asked_path())
        response = problem_response(problem, trace_id=trace_id_of(request.headers.get("traceparent")))
        response.headers["X-Request-ID"] = request.headers.get("X-Request-ID") or str(new_id())
        return response

    return blueprint


def _asked_path() -> str:
    asked = request.headers.get("X-Forwarded-Uri") or request.headers.get("X-Replaced-Path") or request.args.get("url")
    return urlsplit(asked or "/").path  # without the query: that may hold secrets
