"""/api/v1/notifications/preferences: which kinds go out by which channels."""

from collections.abc import Mapping

from apps.notifications import service
from apps.notifications.api.parts import ApiParts
from apps.notifications.api.schemas import PreferencesSchema, chosen_preferences, shown_preferences
from chassis.http.app import Blueprint
from chassis.http.auth import caller, signed_in
from chassis.http.errors import CONTENT_TYPE, ProblemSchema


def preferences_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint(
        "preferences", __name__, url_prefix="/api/v1/notifications/preferences", description="What goes out, and how"
    )

    @blueprint.route("")
    @signed_in
    @blueprint.response(200, PreferencesSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    def show() -> dict[str, dict[str, bool]]:
        """Show what the caller gets, by kind and channel. The inbox has all of it in any case."""
        return shown_preferences(service.preferences(parts.unit_of_work(), caller().id))

    @blueprint.route("", methods=["PUT"])
    @signed_in
    @blueprint.arguments(PreferencesSchema)
    @blueprint.response(200, PreferencesSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    def replace(body: Mapping[str, Mapping[str, bool]]) -> dict[str, dict[str, bool]]:
        """Choose anew; what is left out is on."""
        chosen = service.prefer(parts.unit_of_work(), caller().id, chosen_preferences(body))
        return shown_preferences(chosen)

    return blueprint
