"""/api/v1/users, for admins: find accounts, give roles, deactivate."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask_smorest.pagination import PaginationParameters

from apps.users.api.answers import shown
from apps.users.api.parts import ApiParts
from apps.users.api.schemas import RolesSchema, SearchSchema, UserSchema
from apps.users.repositories import AccountFilter
from apps.users.service import accounts, administration
from chassis.http.app import Blueprint, Decorator
from chassis.http.auth import ADMIN, caller, requires_role
from chassis.http.errors import CONTENT_TYPE, ProblemSchema

FOR_ADMINS = {401: "unauthenticated", 403: "forbidden: without the role admin"}
ABOUT_ONE = {**FOR_ADMINS, 404: "not_found"}
KEEPING_AN_ADMIN = {**ABOUT_ONE, 409: "last_admin: nobody would be left who may administer"}


def administration_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("administration", __name__, url_prefix="/api/v1/users", description="Administration")

    @blueprint.route("", methods=["GET"])
    @_for_admins(blueprint)
    @blueprint.arguments(SearchSchema, location="query")
    @blueprint.response(200, UserSchema(many=True))
    @blueprint.paginate()
    def search(query: dict[str, Any], pagination_parameters: PaginationParameters) -> list[dict[str, Any]]:
        """Find accounts, by address."""
        first, count = pagination_parameters.first_item, pagination_parameters.page_size
        wanted = AccountFilter(query["q"], query.get("role"), query.get("active"))
        found, pagination_parameters.item_count = administration.search_accounts(
            parts.unit_of_work(), wanted, first, count
        )
        return [shown(account) for account in found]

    _add_account_views(blueprint, parts)
    return blueprint


def _add_account_views(blueprint: Blueprint, parts: ApiParts) -> None:
    @blueprint.route("/<uuid:user_id>", methods=["GET"])
    @_for_admins(blueprint, ABOUT_ONE)
    @blueprint.response(200, UserSchema)
    def show(user_id: UUID) -> dict[str, Any]:
        """Show an account."""
        return shown(accounts.profile(parts.unit_of_work(), user_id))

    @blueprint.route("/<uuid:user_id>/roles", methods=["PUT"])
    @_for_admins(blueprint, KEEPING_AN_ADMIN)
    @blueprint.arguments(RolesSchema)
    @blueprint.response(200, UserSchema)
    def set_roles(given: dict[str, Any], user_id: UUID) -> dict[str, Any]:
        """Give an account exactly these roles."""
        return shown(administration.set_roles(parts.unit_of_work(), user_id, given["roles"], caller().id))

    @blueprint.route("/<uuid:user_id>/deactivate", methods=["POST"])
    @_for_admins(blueprint, KEEPING_AN_ADMIN)
    @blueprint.response(200, UserSchema)
    def deactivate(user_id: UUID) -> dict[str, Any]:
        """Let nobody log in to an account any more, and end its sessions."""
        return shown(administration.deactivate(parts.unit_of_work(), parts.keeper, user_id, caller().id))

    @blueprint.route("/<uuid:user_id>/activate", methods=["POST"])
    @_for_admins(blueprint, ABOUT_ONE)
    @blueprint.response(200, UserSchema)
    def activate(user_id: UUID) -> dict[str, Any]:
        """Let the owner log in to a deactivated account again."""
        return shown(administration.activate(parts.unit_of_work(), user_id, caller().id))


def _for_admins(blueprint: Blueprint, refusals: Mapping[int, str] = FOR_ADMINS) -> Decorator:
    def guard(view: Any) -> Any:
        guarded = requires_role(ADMIN)(view)
        for status, words in refusals.items():
            describe = blueprint.alt_response(
                status, schema=ProblemSchema, content_type=CONTENT_TYPE, description=words
            )
            guarded = describe(guarded)
        return guarded

    return guard
