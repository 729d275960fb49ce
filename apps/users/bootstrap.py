"""Where the parts of the users service are put together, for its API, its worker and its set-up."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import TypeVar

from flask import Flask

from apps.users import migrations
from apps.users.api.app import create_app
from apps.users.api.parts import ApiParts
from apps.users.passwords import Passwords
from apps.users.service.keys import published_keys, signing_key_problem
from apps.users.service.passwords import PasswordGuard
from apps.users.service.sessions import SessionKeeper
from apps.users.settings import ApiSettings, StorageSettings
from apps.users.signing import Jwk
from apps.users.storage import UnitOfWork
from apps.users.tokens import TokenIssuer
from chassis.discovery import Routes
from chassis.http.client import ServiceUnavailable
from chassis.http.keys import CachedKeys
from chassis.http.serve import ApiProcess
from chassis.storage.postgres_process import PostgresProcess, open_postgres

SERVICE = "users"

SettingsT = TypeVar("SettingsT", bound=StorageSettings)
Users = PostgresProcess[SettingsT, UnitOfWork]
"""What every process of the service has."""


def parts(settings: SettingsT) -> Users[SettingsT]:
    """Everything over the service's own database, which is reached, or the process ends with a sentence."""
    return open_postgres(settings, SERVICE, UnitOfWork, migrations)


def api_parts(users: Users[ApiSettings]) -> ApiParts:
    """What the API adds: passwords, and tokens that it signs and checks with the keys of its database."""
    settings, live = users.settings, users.settings.live
    cipher = settings.key_cipher()
    users.health.add("signing_key", lambda: signing_key_problem(users.unit_of_work(), cipher))
    return ApiParts(
        unit_of_work=users.unit_of_work,
        guard=PasswordGuard(
            Passwords(settings.hash_cost()),
            lambda: live.current.log_in_limit(),  # noqa: PLW0108 - the method alone would be that of the first settings
        ),
        keeper=SessionKeeper(
            TokenIssuer(
                cipher,
                settings.token_issuer,
                settings.token_audience,
                lambda: timedelta(seconds=live.current.access_token_lifetime),
            ),
            lambda: live.current.session_rules(),  # noqa: PLW0108 - as above
        ),
        keys=CachedKeys(partial(_own_keys, users)),
        token_settings=settings,
        registration_open=lambda: live.current.registration_open,
        health=users.health,
        outages=users.transient_errors,
    )


def _own_keys(users: Users[ApiSettings]) -> Sequence[Jwk]:
    try:
        return published_keys(users.unit_of_work())
    except users.transient_errors as error:
        raise ServiceUnavailable("the service's own database") from error


def create_api(settings: ApiSettings) -> Flask:
    """The API, in the process that serves it."""
    return create_app(api_parts(parts(settings)))


# Whatever takes a password, so that the gateway limits how often.
_SIGN_IN = "Method(`POST`) && (Path(`/api/v1/users`) || Path(`/api/v1/auth/login`) || Path(`/api/v1/oauth/token`))"
_PUBLIC = (
    "(Method(`POST`) && (Path(`/api/v1/auth/refresh`) || Path(`/api/v1/oauth/revoke`)))"
    " || PathPrefix(`/.well-known/`) || Path(`/api/v1/users/openapi.json`)"
)
_SIGNED_IN = "Path(`/api/v1/users`) || PathPrefix(`/api/v1/users/`) || PathPrefix(`/api/v1/auth/`)"

api = ApiProcess(
    name="users-api",
    settings=ApiSettings,
    create=create_api,
    routes=Routes(signed_in=_SIGNED_IN, public=_PUBLIC, sign_in=_SIGN_IN),
)
