"""/health/live and /health/ready."""

from typing import Any

from flask import Blueprint, current_app

from chassis.health import Health


def health_blueprint(health: Health) -> Blueprint:
    """Live: the process answers. Ready: so do the things that it cannot work without, each by name; and the commit."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/health/live")
    def live() -> dict[str, str]:
        return {"status": "ok"}

    @blueprint.get("/health/ready")
    def ready() -> tuple[dict[str, Any], int]:
        well, report = health.report()
        if "configuration" in current_app.extensions:
            report["configuration"] = current_app.extensions["configuration"]()
        return report, 200 if well else 503

    return blueprint
