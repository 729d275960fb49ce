"""The Flask app of inventory."""

from flask import Flask

from apps.inventory.api.internal import internal_blueprint
from apps.inventory.api.parts import ApiParts
from apps.inventory.api.products import products_blueprint
from apps.inventory.api.reservations import reservations_blueprint
from apps.inventory.api.stock import stock_blueprint
from apps.inventory.domain.refusals import ProductNotFound, ReservationNotFound, SkuTaken, StockBelowZero
from chassis.http.app import Description
from chassis.http.app import create_app as create_chassis_app
from chassis.http.auth import install_token_check


def create_app(parts: ApiParts) -> Flask:
    """The API over the given parts."""
    description = Description(
        service="inventory",
        title="Inventory",
        blueprints=[products_blueprint(parts), stock_blueprint(parts), reservations_blueprint(parts)],
        refusals={ProductNotFound: 404, ReservationNotFound: 404, SkuTaken: 409, StockBelowZero: 409},
        outages=parts.outages,
    )
    app = create_chassis_app(description, parts.health)
    # Not in the OpenAPI document, which is for those who come through the gateway.
    app.register_blueprint(internal_blueprint(parts))
    install_token_check(app, parts.keys, parts.token_settings)
    return app
