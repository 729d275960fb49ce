"""/api/v1/orders: placing, listing and reading."""

import json
from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest.pagination import PaginationParameters

from apps.orders import service
from apps.orders.api.answers import ETAG, LOCATION, ORDERS_PATH, answer, refuses, whose
from apps.orders.api.parts import ApiParts
from apps.orders.api.schemas import AskedOrderSchema, EntrySchema, ListQuerySchema, OrderSchema, shown, shown_entry
from apps.orders.domain.lines import AskedLine
from apps.orders.domain.order import Order, Status
from chassis.http.app import Blueprint
from chassis.http.auth import caller, signed_in
from chassis.http.idempotency import PARAMETER, REPEATED, Receipt, StoredAnswer, answer_once, idempotency_key


def orders_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("orders", __name__, url_prefix=ORDERS_PATH, description="Orders and their history")

    @blueprint.route("", methods=["POST"])
    @signed_in
    @blueprint.arguments(AskedOrderSchema)
    @blueprint.response(202, OrderSchema, headers=ETAG | LOCATION)
    @refuses(
        blueprint,
        {
            401: "unauthenticated",
            409: f"insufficient_stock, {REPEATED}",
            422: "validation_error, unknown_sku, product_inactive or mixed_currencies",
        },
    )
    @blueprint.doc(parameters=[PARAMETER])
    def place(asked: list[AskedLine]) -> Response:
        """Place an order. It is decided a moment later: read it again."""
        key = idempotency_key(caller().id)

        def receipt(order: Order) -> Receipt | None:
            return None if key is None else Receipt(key.value, placed_answer(order, key.fingerprint))

        def act() -> StoredAnswer:
            order = service.place_order(parts.orders, parts.catalogue, parts.availability, caller().id, asked, receipt)
            return placed_answer(order, "" if key is None else key.fingerprint)

        return answer_once(key, parts.orders.answered, act)

    @blueprint.route("")
    @signed_in
    @blueprint.arguments(ListQuerySchema, location="query")
    @blueprint.response(200, OrderSchema(many=True))
    @blueprint.paginate()
    @refuses(blueprint, {401: "unauthenticated"})
    def browse(query: dict[str, Status | None], pagination_parameters: PaginationParameters) -> list[dict[str, Any]]:
        """List the caller's orders, newest first; staff see all."""
        page = pagination_parameters
        orders, page.item_count = parts.orders.page(whose(), query["status"], page.first_item, page.page_size)
        return [shown(order) for order in orders]

    @blueprint.route("/<uuid:order_id>")
    @signed_in
    @blueprint.response(200, OrderSchema, headers=ETAG)
    @refuses(blueprint, {401: "unauthenticated", 404: "not_found, also for another's order"})
    def read(order_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
        """Read an order."""
        return answer(service.view_order(parts.orders, order_id, whose()))

    @blueprint.route("/<uuid:order_id>/timeline")
    @signed_in
    @blueprint.response(200, EntrySchema(many=True))
    @refuses(blueprint, {401: "unauthenticated", 404: "not_found, also for another's order"})
    def timeline(order_id: UUID) -> list[dict[str, Any]]:
        """Read what happened to an order, oldest first."""
        return [shown_entry(entry) for entry in service.view_timeline(parts.orders, order_id, whose()).entries]

    return blueprint


def placed_answer(order: Order, fingerprint: str) -> StoredAnswer:
    """What placing the order is answered."""
    body, headers = answer(order)
    text = json.dumps(OrderSchema().dump(body))
    return StoredAnswer(fingerprint, 202, text, {**headers, "Location": f"{ORDERS_PATH}/{order.id}"})
