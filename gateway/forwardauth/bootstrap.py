"""Where the parts of ForwardAuth are put together."""

from flask import Flask

from chassis.discovery import Resolver, Routes
from chassis.health import Health
from chassis.http.client import ServiceClient
from chassis.http.keys import keys_of_users_service
from chassis.http.serve import ApiProcess
from gateway.demo.pages import demo_blueprint
from gateway.docs.pages import docs_blueprint
from gateway.forwardauth.app import create_app
from gateway.forwardauth.settings import ForwardAuthSettings
from gateway.forwardauth.tokens import TokenReader


def create_api(settings: ForwardAuthSettings) -> Flask:
    """The app over the keys of the users service. Without any key it is not ready, since it could let nobody pass."""
    keys = keys_of_users_service(ServiceClient("users-api", Resolver(settings)))
    health = Health()
    health.add("signing_keys", keys.check)
    app = create_app(TokenReader(keys, settings), health)
    app.register_blueprint(docs_blueprint())
    app.register_blueprint(demo_blueprint())
    return app


api = ApiProcess(
    name="forwardauth",
    settings=ForwardAuthSettings,
    create=create_api,
    routes=Routes(
        public="Path(`/docs`) || PathPrefix(`/docs/`) || Path(`/demo/notifications`) || PathPrefix(`/demo/static/`)"
    ),
)
