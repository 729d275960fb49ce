"""Spring Cloud Config's endpoints, for the services: they are not routed to from outside.

GET /{application}/{profile}[/{label}]                   JSON with all sources
GET [/{label}]/{application}-{profile}.{yml,json,…}      the values that win, placeholders filled in
"""

from collections.abc import Callable, Sequence

from flask import Blueprint, Response, jsonify, request

from chassis.http.errors import Problem
from config.api.access import Access
from config.api.asked import application_of, label_of, profiles_of, versioned
from config.domain.resolution import Properties
from config.formats import as_json, as_properties, as_yaml
from config.metrics import READS
from config.service import Configuration, Environment

FORMS: dict[str, tuple[Callable[[Properties], str], str]] = {
    "yml": (as_yaml, "application/yaml"),
    "yaml": (as_yaml, "application/yaml"),
    "json": (as_json, "application/json"),
    "properties": (as_properties, "text/plain; charset=utf-8"),
}


def spring_blueprint(configuration: Configuration, access: Access) -> Blueprint:
    """The views over a configuration."""
    blueprint = Blueprint("spring", __name__)

    def read(application: str, profiles: Sequence[str], label: str | None) -> Environment:
        environment = configuration.environment(application, profiles, label, decrypt=access.check(application))
        READS.labels(application, "ok").inc()
        return environment

    def whole(application: str, profile: str, label: str | None = None) -> Response:
        environment = read(application_of(application), profiles_of(profile), label and label_of(label))
        if _wanted("resolvePlaceholders", default=False):
            environment = environment.filled_in()
        return versioned(jsonify(environment.as_json()), environment)

    def flat(file: str, label: str | None = None) -> Response:
        stem, _, form = file.rpartition(".")
        application, dash, profile = stem.rpartition("-")
        if form not in FORMS or not dash:
            raise Problem(404, detail="A file is named {application}-{profile}, with .yml, .json or .properties.")
        environment = read(application_of(application), profiles_of(profile), label and label_of(label))
        if _wanted("resolvePlaceholders", default=True):
            environment = environment.filled_in()
        write, kind = FORMS[form]
        return versioned(Response(write(environment.effective()), content_type=kind), environment)

    @blueprint.get("/<file>")
    def file_of_branch(file: str) -> Response:
        return flat(file)

    @blueprint.get("/<first>/<second>")
    def two(first: str, second: str) -> Response:
        return flat(second, first) if "." in second else whole(first, second)

    @blueprint.get("/<application>/<profile>/<label>")
    def labelled(application: str, profile: str, label: str) -> Response:
        return whole(application, profile, label)

    return blueprint


def _wanted(name: str, *, default: bool) -> bool:
    return request.args.get(name, str(default)).lower() == "true"
