"""/api/v1/notifications: the caller's own inbox."""

from typing import Any

from flask_smorest.pagination import PaginationParameters

from apps.notifications import service
from apps.notifications.api.parts import ApiParts
from apps.notifications.api.schemas import InboxQuerySchema, NotificationSchema, shown
from apps.notifications.domain.refusals import NotificationNotFound
from chassis.http.app import Blueprint
from chassis.http.auth import caller, signed_in
from chassis.http.errors import CONTENT_TYPE, ProblemSchema
from chassis.identifiers import parse_id


def inbox_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("inbox", __name__, url_prefix="/api/v1/notifications", description="The inbox")

    @blueprint.route("")
    @signed_in
    @blueprint.arguments(InboxQuerySchema, location="query")
    @blueprint.response(200, NotificationSchema(many=True))
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.paginate()
    def browse(query: dict[str, bool | None], pagination_parameters: PaginationParameters) -> list[dict[str, Any]]:
        """List the caller's notifications, newest first."""
        page = pagination_parameters
        found, page.item_count, language = service.inbox(
            parts.unit_of_work(), caller().id, unread=query["unread"], first=page.first_item, count=page.page_size
        )
        return [shown(notification, language) for notification in found]

    @blueprint.route("/<notification_id>/read", methods=["POST"])
    @signed_in
    @blueprint.response(204)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(404, schema=ProblemSchema, content_type=CONTENT_TYPE, description="not_found")
    def read(notification_id: str) -> None:
        """Mark one as read."""
        known = parse_id(notification_id)
        if known is None:
            raise NotificationNotFound("There is no such notification.")
        service.read(parts.unit_of_work(), caller().id, known)

    @blueprint.route("/read", methods=["POST"])
    @signed_in
    @blueprint.response(204)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    def read_all() -> None:
        """Mark all as read."""
        service.read_all(parts.unit_of_work(), caller().id)

    return blueprint
