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


class ChangeSchema(Schema):
    """One commit."""

    commit = ma.fields.String(required=True)
    author = ma.fields.String(required=True, metadata={"description": "A user's id, or who works on the machine"})
    message = ma.fields.String(required=True)
    at = ma.fields.String(required=True)


class ShownChangeSchema(ChangeSchema):
    """One commit and what it did."""

    diff = ma.fields.String(required=True, metadata={"description": "Unified"})


class ChangesQuerySchema(Schema):
    """Whose changes."""

    application = ma.fields.String(load_default=None)


class NewChangeSchema(Schema):
    """Settings to change, in one commit."""

    application = ma.fields.String(required=True)
    profile = ma.fields.String(load_default=None, allow_none=True)
    values = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.Length(1, 200)),
        required=True,
        validate=ma.validate.Length(1, 50),
        metadata={"description": "The new value of each key; null removes the key"},
    )
    message = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(1, 500))


class RollbackSchema(Schema):
    """The commit whose settings are wanted again."""

    commit = ma.fields.String(required=True)
    message = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(1, 500))


class ExpectedSchema(ma.Schema):
    """The headers of a change."""

    class Meta:
        """See marshmallow."""

        unknown = ma.EXCLUDE

    if_match = ma.fields.String(
        data_key="If-Match",
        load_default=None,
        metadata={"description": "The commit that was seen last: with it nobody else's change is overwritten"},
    )


class FetchedSchema(Schema):
    """The state after a fetch."""

    commit = ma.fields.String(required=True)
