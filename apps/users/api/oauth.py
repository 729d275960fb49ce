"""/api/v1/oauth: tokens by RFC 6749 and their revocation by RFC 7009, with the errors of these standards."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from flask import Response, request

from apps.users.addresses import normal_form
from apps.users.api.parts import ApiParts
from apps.users.api.schemas import OAuthErrorSchema, OAuthTokenSchema
from apps.users.domain.oauth import (
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    OAuthError,
    UnsupportedGrantType,
    granted_scope,
)
from apps.users.domain.refusals import InvalidCredentials, RefreshTokenInvalid, RefreshTokenReused
from apps.users.service import oauth, sessions
from apps.users.service.oauth import ClientCredentials
from apps.users.service.passwords import Credentials
from apps.users.service.sessions import TokenPair
from apps.users.tokens import FULL_SCOPE
from chassis.http.app import Blueprint
from chassis.http.errors import CONTENT_TYPE, ProblemSchema

NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749, 5.1
CHALLENGE = {"WWW-Authenticate": 'Basic realm="oauth", charset="UTF-8"'}

Form = Mapping[str, str]
Granted = dict[str, Any]


def oauth_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("oauth", __name__, url_prefix="/api/v1/oauth", description="OAuth 2.0")
    blueprint.register_error_handler(OAuthError, _refusal)

    @blueprint.route("/token", methods=["POST"])
    @blueprint.doc(requestBody=_form("grant_type", "username", "password", "refresh_token", "scope"))
    @blueprint.response(200, OAuthTokenSchema)
    @blueprint.alt_response(400, schema=OAuthErrorSchema, description="The error codes of RFC 6749, 5.2")
    @blueprint.alt_response(401, schema=OAuthErrorSchema, description="invalid_client")
    @blueprint.alt_response(
        429, schema=ProblemSchema, content_type=CONTENT_TYPE, description="rate_limited: Retry-After in seconds"
    )
    def token() -> tuple[Granted, dict[str, str]]:
        """Get tokens for a password, a refresh token, or a client's own credentials."""
        form = _parameters()
        grant = GRANTS.get(_required(form, "grant_type"))
        if grant is None:
            raise UnsupportedGrantType(f"The grant type can be: {', '.join(GRANTS)}.")
        return grant(parts, form), NOT_STORED

    @blueprint.route("/revoke", methods=["POST"])
    @blueprint.doc(requestBody=_form("token", "token_type_hint"))
    @blueprint.response(200)
    @blueprint.alt_response(400, schema=OAuthErrorSchema, description="invalid_request, unsupported_token_type")
    @blueprint.alt_response(401, schema=OAuthErrorSchema, description="invalid_client")
    def revoke() -> Response:
        """End the session of a refresh token."""
        form = _parameters()
        _client_if_any(parts, form)
        oauth.revoke(parts.unit_of_work(), parts.keeper, _required(form, "token"))
        return Response(headers=NOT_STORED)

    return blueprint


def _password_grant(parts: ApiParts, form: Form) -> Granted:
    """RFC 6749, 4.3: for first-party programs alone, so no client has to be registered."""
    _client_if_any(parts, form)
    scope = granted_scope(form.get("scope"), {FULL_SCOPE})
    credentials = Credentials(normal_form(_required(form, "username")), _required(form, "password"))
    try:
        return _pair(sessions.log_in(parts.unit_of_work(), parts.guard, parts.keeper, credentials), scope)
    except InvalidCredentials as refusal:
        raise InvalidGrant(str(refusal)) from refusal


def _refresh_grant(parts: ApiParts, form: Form) -> Granted:
    """RFC 6749, 6."""
    _client_if_any(parts, form)
    scope = granted_scope(form.get("scope"), {FULL_SCOPE})
    try:
        return _pair(sessions.refresh(parts.unit_of_work(), parts.keeper, _required(form, "refresh_token")), scope)
    except (RefreshTokenInvalid, RefreshTokenReused) as refusal:
        raise InvalidGrant(str(refusal)) from refusal


def _client_grant(parts: ApiParts, form: Form) -> Granted:
    """RFC 6749, 4.4: for registered clients, without a refresh token."""
    given = _client_credentials(form)
    if given is None:
        raise InvalidClient
    client = oauth.authenticate_client(parts.unit_of_work(), parts.guard.passwords, given)
    token, scope = oauth.client_token(parts.unit_of_work(), parts.keeper.issuer, client, form.get("scope"))
    return {"access_token": token.text, "expires_in": token.expires_in, "scope": scope}


GRANTS: Mapping[str, Callable[[ApiParts, Form], Granted]] = {
    "password": _password_grant,
    "refresh_token": _refresh_grant,
    "client_credentials": _client_grant,
}


def _pair(pair: TokenPair, scope: str) -> Granted:
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "expires_in": pair.expires_in,
        "scope": scope,
    }


def _client_if_any(parts: ApiParts, form: Form) -> None:
    """None is needed; one that gives its secret must have the right one."""
    given = _client_credentials(form)
    if given is not None:
        oauth.authenticate_client(parts.unit_of_work(), parts.guard.passwords, given)


def _client_credentials(form: Form) -> ClientCredentials | None:
    """By HTTP Basic or in the form (RFC 6749, 2.3.1); None without a secret. Raises `InvalidRequest` for both."""
    secret = form.get("client_secret")
    basic = request.authorization
    if basic is None or basic.type != "basic":
        return None if secret is None else ClientCredentials(_required(form, "client_id"), secret)
    if secret is not None:
        raise InvalidRequest("The client gives its secret either in the header or in the form.")
    return ClientCredentials(unquote_plus(basic.username or ""), unquote_plus(basic.password or ""))


def _parameters() -> Form:
    """What the form says. An empty parameter is none, an unknown one is ignored (RFC 6749, 3.2)."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise InvalidRequest("The body must be application/x-www-form-urlencoded.")
    lists = request.form.lists()
    if twice := sorted(name for name, values in request.form.lists() if len(values) > 1):
        raise InvalidRequest(f"Only once can be given: {', '.join(twice)}.")
    return {name: values[0] for name, values in lists if values[0]}


def _required(form: Form, name: str) -> str:
    if name not in form:
        raise InvalidRequest(f"The parameter {name} is missing.")
    return form[name]


def _refusal(error: OAuthError) -> tuple[dict[str, str], int, dict[str, str]]:
    body = {"error": error.error, "error_description": str(error)}
    if isinstance(error, InvalidClient):
        return body, 401, {**NOT_STORED, **CHALLENGE}
    return body, 400, NOT_STORED


def _form(*names: str) -> dict[str, Any]:
    """The request body in the OpenAPI document."""
    properties = {name: {"type": "string"} for name in (*names, "client_id", "client_secret")}
    schema = {"type": "object", "properties": properties, "required": [names[0]]}
    return {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}
