"""The Flask app of the orders service."""

from collections.abc import Mapping

from flask import Flask

from apps.orders.api.changes import changes_blueprint
from apps.orders.api.orders import orders_blueprint
from apps.orders.api.parts import ApiParts
from apps.orders.domain import refusals
from apps.orders.service import Contended
from chassis.http.app import Description
from chassis.http.app import create_app as create_chassis_app
from chassis.http.auth import install_token_check

STATUS_OF: Mapping[type[Exception], int] = {
    refusals.OrderNotFound: 404,
    refusals.OrderNotChangeable: 409,
    refusals.OrderNotCancellable: 409,
    refusals.OrderNotShippable: 409,
    refusals.VersionMismatch: 412,
    refusals.UnknownSku: 422,
    refusals.ProductInactive: 422,
    refusals.MixedCurrencies: 422,
    refusals.InsufficientStock: 409,
}


def create_app(parts: ApiParts) -> Flask:
    """The API over the given parts."""
    description = Description(
        service="orders",
        title="Orders",
        blueprints=[orders_blueprint(parts), changes_blueprint(parts)],
        refusals=STATUS_OF,
        outages=(*parts.outages, Contended),
    )
    app = create_chassis_app(description, parts.health)
    install_token_check(app, parts.keys, parts.token_settings)
    return app
