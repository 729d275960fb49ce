"""/internal/availability: what orders asks before it accepts an order. The gateway has no route to it."""

from collections.abc import Sequence

from apps.inventory import service
from apps.inventory.api.parts import ApiParts
from apps.inventory.api.schemas import AvailabilityQuerySchema, AvailabilitySchema
from chassis.http.app import Blueprint


def availability_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("availability", __name__, url_prefix="/internal/availability")

    @blueprint.route("")
    @blueprint.arguments(AvailabilityQuerySchema, location="query")
    @blueprint.response(200, AvailabilitySchema(many=True))
    def availability(query: dict[str, Sequence[str]]) -> list[dict[str, object]]:
        """Say what could be held at this moment, in the order of asking; an unknown SKU has 0."""
        found = service.get_availability(parts.unit_of_work(), query["sku"])
        return [{"sku": sku, "available": available} for sku, available in found.items()]

    return blueprint
