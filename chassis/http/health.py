"""/health/live and /health/ready."""

import socket
from typing import Any

from flask import Blueprint, current_app, request

from chassis.health import Health


def health_blueprint(health: Health) -> Blueprint:
    """Live: the process answers. Ready: so do the things that it cannot work without, each by name; and the commit.

    Whoever asks for a host that this is not, since its address was another's before, is told so: 421.
    """
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/health/live")
    def live() -> tuple[dict[str, str], int]:
        if request.args.get("host") not in {None, socket.gethostname()}:
            return {"status": "somebody else"}, 421
        return {"status": "ok"}, 200

    @blueprint.get("/health/ready")
    def ready() -> tuple[dict[str, Any], int]:
        well, report = health.report()
        if "configuration" in current_app.extensions:
            report["configuration"] = current_app.extensions["configuration"]()
        return report, 200 if well else 503

    return blueprint
