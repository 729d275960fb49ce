"""/api/v1/products/{sku}/stock: how many there are of a product, for managers."""

from typing import Any

from flask import Response

from apps.inventory import service
from apps.inventory.api.answers import answered_once
from apps.inventory.api.parts import ApiParts
from apps.inventory.api.products import known_form
from apps.inventory.api.schemas import CorrectionSchema, StockSchema
from apps.inventory.domain.stock import Stock
from apps.inventory.repositories import UnitOfWork
from chassis.http.app import Blueprint
from chassis.http.auth import ADMIN, MANAGER, caller, requires_role
from chassis.http.errors import CONTENT_TYPE, ProblemSchema
from chassis.http.idempotency import PARAMETER, REPEATED


def stock_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("stock", __name__, url_prefix="/api/v1/products/<sku>/stock", description="Stock")

    @blueprint.route("")
    @requires_role(MANAGER, ADMIN)
    @blueprint.response(200, StockSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(403, schema=ProblemSchema, content_type=CONTENT_TYPE, description="forbidden")
    @blueprint.alt_response(404, schema=ProblemSchema, content_type=CONTENT_TYPE, description="not_found")
    def show(sku: str) -> Stock:
        """Show a product's numbers."""
        return service.get_stock(parts.unit_of_work(), known_form(sku))

    @blueprint.route("", methods=["POST"])
    @requires_role(MANAGER, ADMIN)
    @blueprint.arguments(CorrectionSchema)
    @blueprint.response(200, StockSchema)
    @blueprint.doc(parameters=[PARAMETER])
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(403, schema=ProblemSchema, content_type=CONTENT_TYPE, description="forbidden")
    @blueprint.alt_response(404, schema=ProblemSchema, content_type=CONTENT_TYPE, description="not_found")
    @blueprint.alt_response(
        409, schema=ProblemSchema, content_type=CONTENT_TYPE, description=f"stock_below_zero, {REPEATED}"
    )
    def correct(correction: dict[str, Any], sku: str) -> Response:
        """Count goods in or out, and say why."""

        def act(uow: UnitOfWork) -> Stock:
            return service.correct_stock(uow, known_form(sku), author=caller().id, **correction)

        return answered_once(parts, act, 200, StockSchema)

    return blueprint
