"""The Flask app of the users service."""

from flask import Flask

from apps.users.api.administration import administration_blueprint
from apps.users.api.auth import auth_blueprint
from apps.users.api.oauth import oauth_blueprint
from apps.users.api.parts import ApiParts
from apps.users.api.users import users_blueprint
from apps.users.api.well_known import well_known_blueprint
from apps.users.domain.refusals import (
    EmailTaken,
    InvalidAccount,
    InvalidCredentials,
    LastAdmin,
    RefreshTokenInvalid,
    RefreshTokenReused,
    RegistrationClosed,
    TooManyLogIns,
    UnknownAccount,
)
from apps.users.signing import NoSigningKey
from chassis.http.app import Description
from chassis.http.app import create_app as create_chassis_app
from chassis.http.auth import install_token_check

REFUSALS = {
    InvalidCredentials: 401,
    RefreshTokenInvalid: 401,
    RefreshTokenReused: 401,
    RegistrationClosed: 403,
    UnknownAccount: 404,
    EmailTaken: 409,
    LastAdmin: 409,
    InvalidAccount: 422,
    TooManyLogIns: 429,
}


def create_app(parts: ApiParts) -> Flask:
    """The API over the given parts."""
    description = Description(
        service="users",
        title="Users",
        blueprints=[
            users_blueprint(parts),
            administration_blueprint(parts),
            auth_blueprint(parts),
            oauth_blueprint(parts),
            well_known_blueprint(parts),
        ],
        refusals=REFUSALS,
        outages=(*parts.outages, NoSigningKey),
    )
    app = create_chassis_app(description, parts.health)
    install_token_check(app, parts.keys, parts.token_settings)
    return app
