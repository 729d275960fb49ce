"""/api/v1/auth: log-in, refresh, log-out."""

from dataclasses import asdict
from typing import Any

from apps.users.addresses import normal_form
from apps.users.api.parts import ApiParts
from apps.users.api.schemas import LoginSchema, RefreshSchema, TokenPairSchema
from apps.users.service import sessions
from apps.users.service.passwords import Credentials
from apps.users.service.sessions import TokenPair
from chassis.http.app import Blueprint
from chassis.http.auth import caller, signed_in
from chassis.http.errors import CONTENT_TYPE, ProblemSchema

NOT_STORED = {"Cache-Control": "no-store"}  # RFC 6749, 5.1


def auth_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("auth", __name__, url_prefix="/api/v1/auth", description="Sessions")
    _add_log_in(blueprint, parts)
    _add_log_out(blueprint, parts)
    return blueprint


def _add_log_in(blueprint: Blueprint, parts: ApiParts) -> None:
    @blueprint.route("/login", methods=["POST"])
    @blueprint.arguments(LoginSchema)
    @blueprint.response(200, TokenPairSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="invalid_credentials")
    @blueprint.alt_response(
        429, schema=ProblemSchema, content_type=CONTENT_TYPE, description="rate_limited: Retry-After in seconds"
    )
    def log_in(given: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """Log in."""
        credentials = Credentials(normal_form(given["email"]), given["password"])
        return _shown(sessions.log_in(parts.unit_of_work(), parts.guard, parts.keeper, credentials))

    @blueprint.route("/refresh", methods=["POST"])
    @blueprint.arguments(RefreshSchema)
    @blueprint.response(200, TokenPairSchema)
    @blueprint.alt_response(
        401,
        schema=ProblemSchema,
        content_type=CONTENT_TYPE,
        description="refresh_token_invalid; refresh_token_reused: it was spent before, and its session has ended",
    )
    def refresh(given: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """Spend a refresh token for a new pair."""
        return _shown(sessions.refresh(parts.unit_of_work(), parts.keeper, given["refresh_token"]))


def _add_log_out(blueprint: Blueprint, parts: ApiParts) -> None:
    @blueprint.route("/logout", methods=["POST"])
    @signed_in
    @blueprint.response(204)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    def log_out() -> None:
        """End the session that the access token belongs to."""
        session_id = caller().session_id
        if session_id is not None:
            sessions.log_out(parts.unit_of_work(), parts.keeper, caller().id, session_id)

    @blueprint.route("/logout-all", methods=["POST"])
    @signed_in
    @blueprint.response(204)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(
        404, schema=ProblemSchema, content_type=CONTENT_TYPE, description="not_found: the token outlives its account"
    )
    def log_out_everywhere() -> None:
        """End all sessions of the caller."""
        sessions.log_out_everywhere(parts.unit_of_work(), parts.keeper, caller().id)


def _shown(pair: TokenPair) -> tuple[dict[str, Any], dict[str, str]]:
    return asdict(pair), NOT_STORED
