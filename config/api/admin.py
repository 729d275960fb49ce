"""/api/v1/config: what administrators read, through the gateway. Secrets stay encrypted here."""

from typing import Any

from flask import Response, jsonify

from chassis.http.app import Blueprint
from chassis.http.auth import ADMIN, requires_role
from chassis.http.errors import CONTENT_TYPE, Problem, ProblemSchema
from config.api.asked import application_of, label_of, profiles_of, versioned
from config.api.parts import ApiParts
from config.api.schemas import EnvironmentSchema, FetchedSchema, PlaceholdersSchema
from config.domain.refusals import NoRemote
from config.git import FetchFailed


def admin_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("config", __name__, url_prefix="/api/v1/config", description="Settings of the services")
    configuration = parts.configuration

    def shown(application: str, profile: str, label: str | None, *, fill_in: bool) -> Response:
        environment = configuration.environment(
            application_of(application), profiles_of(profile), label and label_of(label)
        )
        environment = environment.filled_in() if fill_in else environment
        return versioned(jsonify(environment.as_json()), environment)

    @blueprint.route("/<application>/<profile>")
    @requires_role(ADMIN)
    @blueprint.arguments(PlaceholdersSchema, location="query")
    @blueprint.response(200, EnvironmentSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(403, schema=ProblemSchema, content_type=CONTENT_TYPE, description="forbidden")
    @blueprint.alt_response(404, schema=ProblemSchema, content_type=CONTENT_TYPE, description="not_found: no such name")
    def show(query: dict[str, bool], application: str, profile: str) -> Response:
        """Show the settings of an application under one or more profiles, at the newest commit."""
        return shown(application, profile, None, fill_in=query["resolvePlaceholders"])

    @blueprint.route("/<application>/<profile>/<label>")
    @requires_role(ADMIN)
    @blueprint.arguments(PlaceholdersSchema, location="query")
    @blueprint.response(200, EnvironmentSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(403, schema=ProblemSchema, content_type=CONTENT_TYPE, description="forbidden")
    @blueprint.alt_response(
        404, schema=ProblemSchema, content_type=CONTENT_TYPE, description="not_found: no such label"
    )
    @blueprint.alt_response(
        422,
        schema=ProblemSchema,
        content_type=CONTENT_TYPE,
        description="validation_error, or configuration_broken: a file at this label cannot be read",
    )
    def show_labelled(query: dict[str, bool], application: str, profile: str, label: str) -> Response:
        """Show the settings at a branch, tag or commit; a slash in its name is written `(_)`."""
        return shown(application, profile, label, fill_in=query["resolvePlaceholders"])

    @blueprint.route("/fetch", methods=["POST"])
    @requires_role(ADMIN)
    @blueprint.response(200, FetchedSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(403, schema=ProblemSchema, content_type=CONTENT_TYPE, description="forbidden")
    @blueprint.alt_response(409, schema=ProblemSchema, content_type=CONTENT_TYPE, description="no_remote_repository")
    @blueprint.alt_response(502, schema=ProblemSchema, content_type=CONTENT_TYPE, description="bad_gateway")
    def fetch() -> dict[str, Any]:
        """Fetch the remote repository now."""
        if parts.remote is None:
            raise NoRemote("REPOSITORY_URL names no remote repository.")
        try:
            parts.remote.fetch()
        except FetchFailed as error:
            raise Problem(502, detail=f"The remote repository cannot be fetched: {error}") from error
        return {"commit": configuration.repository.resolve(configuration.branch)}

    return blueprint
