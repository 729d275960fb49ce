"""/demo: static files only, without a build step; the policy lets them load and ask nothing but this host."""

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

_OWN = Path(__file__).parent / "static"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def demo_blueprint() -> Blueprint:
    """Routes below /demo."""
    blueprint = Blueprint("demo", __name__, url_prefix="/demo")

    @blueprint.get("/notifications")
    def notifications() -> Response:
        return send_from_directory(_OWN, "notifications.html")

    @blueprint.get("/static/<path:name>")
    def own(name: str) -> Response:
        return send_from_directory(_OWN, name)

    @blueprint.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return blueprint
