"""/internal: what other services ask. The gateway has no route to it, and the public document does not tell of it."""

from collections.abc import Sequence

from apps.inventory import service
from apps.inventory.api.parts import ApiParts
from apps.inventory.api.schemas import (
    AvailabilityQuerySchema,
    AvailabilitySchema,
    CopiedProductSchema,
    CopyQuerySchema,
)
from apps.inventory.domain.products import Product
from chassis.http.app import Blueprint
from chassis.http.auth import requires_scope

AVAILABILITY, CATALOGUE = "availability:read", "catalogue:read"


def internal_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("internal", __name__, url_prefix="/internal")

    @blueprint.route("/availability")
    @requires_scope(AVAILABILITY)
    @blueprint.arguments(AvailabilityQuerySchema, location="query")
    @blueprint.response(200, AvailabilitySchema(many=True))
    def availability(query: dict[str, Sequence[str]]) -> list[dict[str, object]]:
        """Say what could be held at this moment, in the order of asking; an unknown SKU has 0."""
        found = service.get_availability(parts.unit_of_work(), query["sku"])
        return [{"sku": sku, "available": available} for sku, available in found.items()]

    @blueprint.route("/products")
    @requires_scope(CATALOGUE)
    @blueprint.arguments(CopyQuerySchema, location="query")
    @blueprint.response(200, CopiedProductSchema(many=True))
    def products(query: dict[str, str]) -> Sequence[Product]:
        """List all products, inactive ones too, by SKU from the one after `after` on: at most a hundred."""
        return service.copy_products(parts.unit_of_work(), query["after"])

    return blueprint
