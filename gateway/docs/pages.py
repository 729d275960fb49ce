"""The pages' blueprint: static files only, nothing from other hosts.

ForwardAuth's container serves it, since that is the edge's only Python process; the scripts come from packages.
"""

from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, redirect, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

_OWN = Path(__file__).parent / "static"
_EVENTS = Path(__file__).parents[2] / "docs" / "events"
_PACKAGED = {
    "swagger-ui": Path(str(files("flask_swagger_ui"))) / "dist",
    "asyncapi-viewer": Path(str(files("asyncapi_viewer"))) / "static",
}
_LOGO_STYLE = "sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w="  # of the one style that Swagger UI has inline
_POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' '{_LOGO_STYLE}'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
ASSETS_SECONDS = 3600


def docs_blueprint() -> Blueprint:
    """Routes below /docs."""
    blueprint = Blueprint("docs", __name__, url_prefix="/docs")

    @blueprint.get("")
    def api() -> Response:
        return send_from_directory(_OWN, "api.html")

    @blueprint.get("/")
    def api_with_slash() -> AnyResponse:
        return redirect("/docs", 308)

    @blueprint.get("/events")
    def events() -> Response:
        return send_from_directory(_OWN, "events.html")

    @blueprint.get("/events/asyncapi.json")
    def asyncapi() -> Response:
        return send_from_directory(_EVENTS, "asyncapi.json")

    @blueprint.get("/static/<path:name>")
    def own(name: str) -> Response:
        return send_from_directory(_OWN, name, max_age=ASSETS_SECONDS)

    @blueprint.get("/<any('swagger-ui', 'asyncapi-viewer'):package>/<path:name>")
    def packaged(package: str, name: str) -> Response:
        return send_from_directory(_PACKAGED[package], name, max_age=ASSETS_SECONDS)

    @blueprint.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return blueprint
