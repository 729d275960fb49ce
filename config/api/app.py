"""The Flask app of the configuration service."""

from collections.abc import Mapping

from flask import Flask

from chassis.http.app import Description
from chassis.http.app import create_app as create_chassis_app
from chassis.http.auth import install_token_check
from config.api.admin import admin_blueprint
from config.api.changes import changes_blueprint
from config.api.parts import ApiParts
from config.api.spring import spring_blueprint
from config.domain import refusals

STATUS_OF: Mapping[type[Exception], int] = {
    refusals.UnknownLabel: 404,
    refusals.UnknownCommit: 404,
    refusals.UnknownApplication: 422,
    refusals.InvalidSetting: 422,
    refusals.StaleConfiguration: 412,
    refusals.ContendedConfiguration: 409,
    refusals.NothingToChange: 409,
    refusals.FollowsRemote: 409,
    refusals.NoRemote: 409,
    refusals.BrokenConfiguration: 422,
}


def create_app(parts: ApiParts) -> Flask:
    """The API over the given parts."""
    description = Description(
        service="config",
        title="Configuration",
        blueprints=[changes_blueprint(parts), admin_blueprint(parts)],
        refusals=STATUS_OF,
    )
    app = create_chassis_app(description, parts.health)
    app.register_blueprint(spring_blueprint(parts.configuration, parts.access))
    install_token_check(app, parts.keys, parts.token_settings)
    return app
