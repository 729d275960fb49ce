"""/api/v1/products: the catalogue. Everybody reads it, managers write it."""

from collections.abc import Sequence
from typing import Any

from flask import Response
from flask_smorest.pagination import PaginationParameters

from apps.inventory import service
from apps.inventory.api.answers import answered_once
from apps.inventory.api.parts import ApiParts
from apps.inventory.api.schemas import NewProductSchema, ProductChangesSchema, ProductSchema, SearchSchema
from apps.inventory.domain.products import Product, is_sku
from apps.inventory.domain.refusals import ProductNotFound
from apps.inventory.repositories import UnitOfWork
from chassis.http.app import Blueprint
from chassis.http.auth import ADMIN, MANAGER, requires_role
from chassis.http.errors import CONTENT_TYPE, ProblemSchema
from chassis.http.idempotency import PARAMETER, REPEATED


def known_form(sku: str) -> str:
    """The SKU of a path. Raises `ProductNotFound` for anything that is none."""
    if not is_sku(sku):
        raise ProductNotFound(sku)
    return sku


def products_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("products", __name__, url_prefix="/api/v1/products", description="The catalogue")

    @blueprint.route("")
    @blueprint.arguments(SearchSchema, location="query")
    @blueprint.response(200, ProductSchema(many=True))
    @blueprint.paginate()
    def search(query: dict[str, str], pagination_parameters: PaginationParameters) -> Sequence[Product]:
        """Find active products, by SKU."""
        first, count = pagination_parameters.first_item, pagination_parameters.page_size
        found, pagination_parameters.item_count = service.search_products(
            parts.unit_of_work(), query["q"], first, count
        )
        return found

    @blueprint.route("/<sku>")
    @blueprint.response(200, ProductSchema)
    @blueprint.alt_response(404, schema=ProblemSchema, content_type=CONTENT_TYPE, description="not_found")
    def show(sku: str) -> Product:
        """Show one product, active or not."""
        return service.get_product(parts.unit_of_work(), known_form(sku))

    @blueprint.route("", methods=["POST"])
    @requires_role(MANAGER, ADMIN)
    @blueprint.arguments(NewProductSchema)
    @blueprint.response(201, ProductSchema)
    @blueprint.doc(parameters=[PARAMETER])
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(403, schema=ProblemSchema, content_type=CONTENT_TYPE, description="forbidden")
    @blueprint.alt_response(409, schema=ProblemSchema, content_type=CONTENT_TYPE, description=f"sku_taken, {REPEATED}")
    def create(fields: dict[str, Any]) -> Response:
        """Add a product, with its first stock."""
        received, threshold = fields.pop("stock"), fields.pop("low_stock_threshold")

        def act(uow: UnitOfWork) -> Product:
            return service.create_product(uow, Product(**fields), received, threshold)

        return answered_once(parts, act, 201, ProductSchema)

    @blueprint.route("/<sku>", methods=["PATCH"])
    @requires_role(MANAGER, ADMIN)
    @blueprint.arguments(ProductChangesSchema)
    @blueprint.response(200, ProductSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(403, schema=ProblemSchema, content_type=CONTENT_TYPE, description="forbidden")
    @blueprint.alt_response(404, schema=ProblemSchema, content_type=CONTENT_TYPE, description="not_found")
    def change(changes: dict[str, Any], sku: str) -> Product:
        """Change what is given of a product."""
        return service.change_product(parts.unit_of_work(), known_form(sku), **changes)

    return blueprint
