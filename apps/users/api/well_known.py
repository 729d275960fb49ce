"""/.well-known: what anybody may know of the service, at the places where the standards look for it."""

from typing import Any

from apps.users.api.parts import ApiParts
from apps.users.api.schemas import JwksSchema
from apps.users.service.keys import published_keys
from chassis.http.app import Blueprint

# Whoever meets an unknown key asks anew, so a copy may be old; how old bounds how long a withdrawn key is trusted.
CACHED = {"Cache-Control": "public, max-age=300"}


def well_known_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("well_known", __name__, url_prefix="/.well-known", description="Public keys")

    @blueprint.route("/jwks.json")
    @blueprint.response(200, JwksSchema)
    def jwks() -> tuple[dict[str, Any], dict[str, str]]:
        """List the public keys that sign access tokens (RFC 7517)."""
        return {"keys": published_keys(parts.unit_of_work())}, CACHED

    return blueprint
