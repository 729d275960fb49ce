"""/api/v1/orders/{id}: changing, cancelling and shipping."""

from typing import Any
from uuid import UUID

from apps.orders import service
from apps.orders.api.answers import ETAG, IF_MATCH, ORDERS_PATH, answer, refuses, seen_versions, whose
from apps.orders.api.parts import ApiParts
from apps.orders.api.schemas import AskedOrderSchema, OrderSchema
from apps.orders.domain.lines import AskedLine
from chassis.http.app import Blueprint
from chassis.http.auth import ADMIN, MANAGER, requires_role, signed_in

_UNSEEN = {401: "unauthenticated", 404: "not_found, also for another's order"}


def changes_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("changes", __name__, url_prefix=ORDERS_PATH, description="What becomes of an order")

    @blueprint.route("/<uuid:order_id>", methods=["PATCH"])
    @blueprint.doc(parameters=[IF_MATCH])
    @signed_in
    @blueprint.arguments(AskedOrderSchema)
    @blueprint.response(202, OrderSchema, headers=ETAG)
    @refuses(
        blueprint,
        {
            **_UNSEEN,
            409: "order_not_changeable",
            412: "precondition_failed",
            422: "validation_error, unknown_sku, product_inactive or mixed_currencies",
            428: "precondition_required",
        },
    )
    def change(asked: list[AskedLine], order_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
        """Ask for other lines. What is held stays until the change is decided, a moment later."""
        seen = seen_versions()
        return answer(service.change_order(parts.orders, parts.catalogue, order_id, whose(), asked, seen))

    @blueprint.route("/<uuid:order_id>/cancel", methods=["POST"])
    @signed_in
    @blueprint.response(202, OrderSchema, headers=ETAG)
    @refuses(blueprint, {**_UNSEEN, 409: "order_not_cancellable"})
    def cancel(order_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
        """Cancel an order that is not on its way; doing it again changes nothing."""
        return answer(service.cancel_order(parts.orders, order_id, whose()))

    @blueprint.route("/<uuid:order_id>/ship", methods=["POST"])
    @requires_role(MANAGER, ADMIN)
    @blueprint.response(202, OrderSchema, headers=ETAG)
    @refuses(blueprint, {**_UNSEEN, 403: "forbidden", 409: "order_not_shippable"})
    def ship(order_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
        """Ship a confirmed order. Whether its goods are still held shows a moment later."""
        return answer(service.ship_order(parts.orders, order_id))

    return blueprint
