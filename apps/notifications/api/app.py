"""The Flask app of notifications."""

from flask import Flask

from apps.notifications.api.inbox import inbox_blueprint
from apps.notifications.api.parts import ApiParts
from apps.notifications.api.preferences import preferences_blueprint
from apps.notifications.domain.refusals import NotificationNotFound
from chassis.http.app import Description
from chassis.http.app import create_app as create_chassis_app
from chassis.http.auth import install_token_check


def create_app(parts: ApiParts) -> Flask:
    """The API over the given parts."""
    description = Description(
        service="notifications",
        title="Notifications",
        blueprints=[inbox_blueprint(parts), preferences_blueprint(parts)],
        refusals={NotificationNotFound: 404},
        outages=parts.outages,
    )
    app = create_chassis_app(description, parts.health)
    install_token_check(app, parts.keys, parts.token_settings)
    return app
