"""The HTTP schemas of the administrators' endpoints."""

import marshmallow as ma

from chassis.http.app import Schema


class PropertySourceSchema(Schema):
    """One file of the repository, or one document of it."""

    name = ma.fields.String(required=True)
    source = ma.fields.Dict(required=True, metadata={"description": "Flat: a.b[0].c"})


class EnvironmentSchema(Schema):
    """Spring Cloud Config's JSON."""

    name = ma.fields.String(required=True)
    profiles = ma.fields.List(ma.fields.String(), required=True)
    label = ma.fields.String(required=True)
    version = ma.fields.String(required=True, metadata={"description": "The commit"})
    state = ma.fields.String(required=True, allow_none=True)
    propertySources = ma.fields.List(  # noqa: N815 - Spring's name
        ma.fields.Nested(PropertySourceSchema),
        required=True,
        metadata={"description": "The highest precedence first"},
    )


class PlaceholdersSchema(Schema):
    """How the settings are to be shown."""

    resolvePlaceholders = ma.fields.Boolean(  # noqa: N815 - Spring's name
        load_default=False, metadata={"description": "Fill in ${…}"}
    )


class FetchedSchema(Schema):
    """The state after a fetch."""

    commit = ma.fields.String(required=True)
