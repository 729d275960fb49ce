"""/api/v1/users: registration and the caller's own account."""

from typing import Any

from apps.users.api.answers import shown
from apps.users.api.parts import ApiParts
from apps.users.api.schemas import PasswordChangeSchema, ProfileSchema, RegistrationSchema, UserSchema
from apps.users.domain.accounts import Registration
from apps.users.domain.refusals import RegistrationClosed
from apps.users.service import accounts, sessions
from apps.users.service.sessions import PasswordChange
from chassis.http.app import Blueprint, Decorator
from chassis.http.auth import caller, signed_in
from chassis.http.errors import CONTENT_TYPE, ProblemSchema


def users_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("users", __name__, url_prefix="/api/v1/users", description="Accounts")

    @blueprint.route("", methods=["POST"])
    @blueprint.arguments(RegistrationSchema)
    @blueprint.response(201, UserSchema)
    @blueprint.alt_response(403, schema=ProblemSchema, content_type=CONTENT_TYPE, description="registration_closed")
    @blueprint.alt_response(409, schema=ProblemSchema, content_type=CONTENT_TYPE, description="email_taken")
    def register(registration: dict[str, Any]) -> dict[str, Any]:
        """Register."""
        if not parts.registration_open():
            raise RegistrationClosed
        return shown(accounts.register(parts.unit_of_work(), parts.guard.passwords, Registration(**registration)))

    _add_own_account(blueprint, parts)
    return blueprint


def _add_own_account(blueprint: Blueprint, parts: ApiParts) -> None:
    @blueprint.route("/me", methods=["GET"])
    @_for_owner(blueprint)
    @blueprint.response(200, UserSchema)
    def me() -> dict[str, Any]:
        """Show the caller's own account."""
        return shown(accounts.profile(parts.unit_of_work(), caller().id))

    @blueprint.route("/me", methods=["PATCH"])
    @_for_owner(blueprint)
    @blueprint.arguments(ProfileSchema)
    @blueprint.response(200, UserSchema)
    def change_profile(given: dict[str, Any]) -> dict[str, Any]:
        """Change the caller's name or language."""
        changed = accounts.change_profile(parts.unit_of_work(), caller().id, given.get("name"), given.get("language"))
        return shown(changed)

    @blueprint.route("/me/password", methods=["POST"])
    @_for_owner(blueprint, refused="unauthenticated; invalid_credentials: the current password is wrong")
    @blueprint.arguments(PasswordChangeSchema)
    @blueprint.response(204)
    @blueprint.alt_response(
        429, schema=ProblemSchema, content_type=CONTENT_TYPE, description="rate_limited: Retry-After in seconds"
    )
    def change_password(given: dict[str, str]) -> None:
        """Change the caller's password, which ends all sessions."""
        change = PasswordChange(given["current_password"], given["new_password"])
        sessions.change_password(parts.unit_of_work(), parts.guard, parts.keeper, caller().id, change)


def _for_owner(blueprint: Blueprint, refused: str = "unauthenticated") -> Decorator:
    refusals = {401: refused, 404: "not_found: the token outlives its account"}

    def guard(view: Any) -> Any:
        guarded = signed_in(view)
        for status, words in refusals.items():
            describe = blueprint.alt_response(
                status, schema=ProblemSchema, content_type=CONTENT_TYPE, description=words
            )
            guarded = describe(guarded)
        return guarded

    return guard
