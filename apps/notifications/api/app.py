"""The Flask app of notifications."""

from flask import Flask

from apps.notifications.api.inbox import inbox_blueprint
from apps.notifications.api.parts import ApiParts
from apps.notifications.api.preferences import preferences_blueprint
from apps.notifications.api.sockets import sockets_blueprint, upgrade_blueprint
from apps.notifications.domain.refusals import NotificationNotFound, TicketInvalid
from chassis.http.app import Description
from chassis.http.app import create_app as create_chassis_app
from chassis.http.auth import install_token_check
from chassis.http.sockets import STOPPING


def create_app(parts: ApiParts) -> Flask:
    """The API over the given parts."""
    description = Description(
        service="notifications",
        title="Notifications",
        blueprints=[inbox_blueprint(parts), preferences_blueprint(parts), sockets_blueprint(parts)],
        refusals={NotificationNotFound: 404, TicketInvalid: 401},
        security_schemes={"ticket": {"type": "apiKey", "in": "query", "name": "ticket"}},
        outages=parts.outages,
    )
    app = create_chassis_app(description, parts.health)
    app.register_blueprint(upgrade_blueprint(parts))
    install_token_check(app, parts.keys, parts.token_settings)
    app.extensions[STOPPING] = parts.feed.stop
    return app
