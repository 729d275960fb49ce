"""/api/v1/auth: log-in."""

from typing import Any

from apps.users import service
from apps.users.addresses import normal_form
from apps.users.api.parts import ApiParts
from apps.users.api.schemas import AccessTokenSchema, LoginSchema
from chassis.http.app import Blueprint
from chassis.http.errors import CONTENT_TYPE, ProblemSchema

NOT_STORED = {"Cache-Control": "no-store"}  # RFC 6749, 5.1


def auth_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("auth", __name__, url_prefix="/api/v1/auth", description="Sessions")

    @blueprint.route("/login", methods=["POST"])
    @blueprint.arguments(LoginSchema)
    @blueprint.response(200, AccessTokenSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="invalid_credentials")
    def log_in(credentials: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """Log in."""
        token = service.log_in(
            parts.unit_of_work(),
            parts.passwords,
            parts.issuer,
            normal_form(credentials["email"]),
            credentials["password"],
        )
        return {"access_token": token.text, "expires_in": token.expires_in}, NOT_STORED

    return blueprint
