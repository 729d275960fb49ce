"""/.well-known: what anybody may know of the service, at the places where the standards look for it."""

from typing import Any

from flask import Response, jsonify, request

from apps.users.api.oauth import GRANTS
from apps.users.api.parts import ApiParts
from apps.users.api.schemas import JwksSchema, ServerMetadataSchema
from apps.users.service.keys import published_keys
from apps.users.tokens import FULL_SCOPE
from chassis.http.app import Blueprint

# Whoever meets an unknown key asks anew, so a copy may be old; how old bounds how long a withdrawn key is trusted.
MAX_AGE = 300


def well_known_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("well_known", __name__, url_prefix="/.well-known", description="Public keys and metadata")

    @blueprint.route("/jwks.json")
    @blueprint.response(200, JwksSchema)
    @blueprint.alt_response(304, description="as the ETag says")
    def jwks() -> Response:
        """List the public keys that sign access tokens (RFC 7517)."""
        return _cached({"keys": [dict(key) for key in published_keys(parts.unit_of_work())]})

    @blueprint.route("/oauth-authorization-server")
    @blueprint.response(200, ServerMetadataSchema)
    @blueprint.alt_response(304, description="as the ETag says")
    def metadata() -> Response:
        """Describe the OAuth 2.0 server (RFC 8414)."""
        return _cached(_metadata(parts.token_settings.token_issuer))

    return blueprint


def _metadata(issuer: str) -> dict[str, Any]:
    client_authentication = ["none", "client_secret_basic", "client_secret_post"]
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/api/v1/oauth/token",
        "revocation_endpoint": f"{issuer}/api/v1/oauth/revoke",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "grant_types_supported": list(GRANTS),
        # There is no authorization endpoint. The member is required all the same, and must not be empty (3.2).
        "response_types_supported": ["none"],
        "scopes_supported": [FULL_SCOPE],
        "token_endpoint_auth_methods_supported": client_authentication,
        "revocation_endpoint_auth_methods_supported": client_authentication,
    }


def _cached(body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.cache_control.public = True
    response.cache_control.max_age = MAX_AGE
    response.add_etag()
    response.make_conditional(request)
    return response
