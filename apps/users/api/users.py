"""/api/v1/users: registration and profile."""

from typing import Any

from apps.users.api.parts import ApiParts
from apps.users.api.schemas import RegistrationSchema, UserSchema
from apps.users.domain.accounts import Account, Registration
from apps.users.service import accounts
from chassis.http.app import Blueprint
from chassis.http.auth import caller, signed_in
from chassis.http.errors import CONTENT_TYPE, ProblemSchema
from chassis.times import rfc3339


def users_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("users", __name__, url_prefix="/api/v1/users", description="Accounts")

    @blueprint.route("", methods=["POST"])
    @blueprint.arguments(RegistrationSchema)
    @blueprint.response(201, UserSchema)
    @blueprint.alt_response(409, schema=ProblemSchema, content_type=CONTENT_TYPE, description="email_taken")
    def register(registration: dict[str, Any]) -> dict[str, Any]:
        """Register."""
        return _shown(accounts.register(parts.unit_of_work(), parts.passwords, Registration(**registration)))

    @blueprint.route("/me")
    @blueprint.response(200, UserSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(
        404, schema=ProblemSchema, content_type=CONTENT_TYPE, description="not_found: the token outlives its account"
    )
    @signed_in
    def me() -> dict[str, Any]:
        """Show the caller's own account."""
        return _shown(accounts.profile(parts.unit_of_work(), caller().id))

    return blueprint


def _shown(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "email": account.email,
        "name": account.name,
        "language": account.language,
        "roles": sorted(account.roles),
        "active": account.active,
        "created_at": rfc3339(account.created_at),
    }
