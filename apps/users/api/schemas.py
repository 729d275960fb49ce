"""What the API takes and gives, as marshmallow schemas. The rules of names and passwords are the domain's."""

from typing import Any

import marshmallow as ma

from apps.users.addresses import normal_form
from apps.users.domain.accounts import (
    MAX_EMAIL_LENGTH,
    MAX_NAME_LENGTH,
    Language,
    Role,
)
from apps.users.domain.passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from chassis.http.app import Schema


class Email(ma.fields.String):
    """An e-mail address, brought into its normal form."""

    default_error_messages = {"invalid": "Not a valid e-mail address."}  # noqa: RUF012 - marshmallow's way

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        address = normal_form(super()._deserialize(value, attr, data, **options))
        if address is None:
            raise self.make_error("invalid")
        return address


_NEW_PASSWORD = {"format": "password", "minLength": MIN_PASSWORD_LENGTH, "maxLength": MAX_PASSWORD_LENGTH}
_NAME = {"minLength": 1, "maxLength": MAX_NAME_LENGTH}


def _printable(text: str) -> None:
    if not text.isprintable():
        raise ma.ValidationError("Must not contain control characters.")


class LanguageField(ma.fields.Enum[Language]):
    """One of the languages, by its code."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Language, by_value=ma.fields.String, **options)


class RegistrationSchema(Schema):
    """POST /users."""

    email = Email(required=True, metadata={"format": "email", "maxLength": MAX_EMAIL_LENGTH})
    password = ma.fields.String(required=True, metadata=_NEW_PASSWORD)
    name = ma.fields.String(required=True, metadata=_NAME)
    language = LanguageField()


class ProfileSchema(Schema):
    """PATCH /users/me: what is left out stays."""

    name = ma.fields.String(metadata=_NAME)
    language = LanguageField()


class PasswordChangeSchema(Schema):
    """POST /users/me/password."""

    current_password = ma.fields.String(required=True, metadata={"format": "password"})
    new_password = ma.fields.String(required=True, metadata=_NEW_PASSWORD)


class RolesSchema(Schema):
    """PUT /users/{id}/roles."""

    roles = ma.fields.List(
        ma.fields.Enum(Role, by_value=ma.fields.String),
        required=True,
        validate=ma.validate.Length(min=1),
        metadata={"minItems": 1},
    )


class SearchSchema(Schema):
    """GET /users."""

    q = ma.fields.String(
        load_default="",
        validate=[ma.validate.Length(max=MAX_EMAIL_LENGTH), _printable],
        metadata={"description": "a part of the name or the address"},
    )
    role = ma.fields.Enum(Role, by_value=ma.fields.String)
    active = ma.fields.Boolean()


class LoginSchema(Schema):
    """POST /auth/login. What is no address belongs to nobody, so it is not refused for its form."""

    email = ma.fields.String(required=True)
    password = ma.fields.String(required=True, metadata={"format": "password"})


class UserSchema(Schema):
    """An account as its owner sees it."""

    id = ma.fields.UUID(required=True)
    email = ma.fields.String(required=True, metadata={"format": "email"})
    name = ma.fields.String(required=True)
    language = LanguageField(required=True)
    roles = ma.fields.List(ma.fields.Enum(Role, by_value=ma.fields.String), required=True)
    active = ma.fields.Boolean(required=True)
    created_at = ma.fields.String(required=True, metadata={"format": "date-time"})


class RefreshSchema(Schema):
    """POST /auth/refresh."""

    refresh_token = ma.fields.String(required=True, metadata={"format": "password"})


class TokenPairSchema(Schema):
    """The answer to a log-in and to a refresh, by the names of RFC 6749."""

    access_token = ma.fields.String(required=True)
    refresh_token = ma.fields.String(required=True, metadata={"description": "good for one use"})
    token_type = ma.fields.Constant("Bearer", required=True)
    expires_in = ma.fields.Integer(required=True, metadata={"description": "seconds"})


class OAuthTokenSchema(Schema):
    """The answer of the token endpoint (RFC 6749, 5.1)."""

    access_token = ma.fields.String(required=True)
    token_type = ma.fields.Constant("Bearer", required=True)
    expires_in = ma.fields.Integer(required=True, metadata={"description": "seconds"})
    refresh_token = ma.fields.String(metadata={"description": "good for one use; not for client_credentials"})
    scope = ma.fields.String(required=True)


class OAuthErrorSchema(Schema):
    """The refusal of the OAuth 2.0 endpoints (RFC 6749, 5.2)."""

    error = ma.fields.String(required=True)
    error_description = ma.fields.String()


class ServerMetadataSchema(Schema):
    """What an OAuth 2.0 client has to know of the server (RFC 8414, 2)."""

    issuer = ma.fields.Url(required=True)
    token_endpoint = ma.fields.Url(required=True)
    revocation_endpoint = ma.fields.Url(required=True)
    jwks_uri = ma.fields.Url(required=True)
    grant_types_supported = ma.fields.List(ma.fields.String(), required=True)
    response_types_supported = ma.fields.List(ma.fields.String(), required=True)
    scopes_supported = ma.fields.List(ma.fields.String(), required=True)
    token_endpoint_auth_methods_supported = ma.fields.List(ma.fields.String(), required=True)
    revocation_endpoint_auth_methods_supported = ma.fields.List(ma.fields.String(), required=True)


class JwkSchema(Schema):
    """One public key (RFC 7517)."""

    kty = ma.fields.String(required=True)
    n = ma.fields.String(required=True)
    e = ma.fields.String(required=True)
    kid = ma.fields.String(required=True)
    use = ma.fields.String(required=True)
    alg = ma.fields.String(required=True)


class JwksSchema(Schema):
    """The public keys with which access tokens can be checked."""

    keys = ma.fields.List(ma.fields.Nested(JwkSchema), required=True)
