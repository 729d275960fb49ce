"""/api/v1/reservations: what is held for an order, for managers."""

from typing import Any

from apps.inventory import service
from apps.inventory.api.parts import ApiParts
from apps.inventory.api.schemas import ReservationSchema
from apps.inventory.domain.refusals import ReservationNotFound
from apps.inventory.domain.reservations import Reservation
from chassis.http.app import Blueprint
from chassis.http.auth import ADMIN, MANAGER, requires_role
from chassis.http.errors import CONTENT_TYPE, ProblemSchema
from chassis.identifiers import parse_id
from chassis.times import rfc3339


def reservations_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("reservations", __name__, url_prefix="/api/v1/reservations", description="Reservations")

    @blueprint.route("/<order_id>")
    @requires_role(MANAGER, ADMIN)
    @blueprint.response(200, ReservationSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(403, schema=ProblemSchema, content_type=CONTENT_TYPE, description="forbidden")
    @blueprint.alt_response(404, schema=ProblemSchema, content_type=CONTENT_TYPE, description="not_found")
    def show(order_id: str) -> dict[str, Any]:
        """Show what is held for an order."""
        known = parse_id(order_id)
        if known is None:
            raise ReservationNotFound(order_id)
        return _shown(service.get_reservation(parts.unit_of_work(), known))

    return blueprint


def _shown(reservation: Reservation) -> dict[str, Any]:
    return {
        "order_id": reservation.order_id,
        "status": reservation.status,
        "applied_revision": reservation.applied_revision,
        "held_revision": reservation.held_revision,
        "expires_at": rfc3339(reservation.expires_at) if reservation.expires_at else None,
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in sorted(reservation.lines.items())],
    }
