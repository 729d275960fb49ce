"""Access tokens: every API checks signature, issuer, audience and expiry itself, whatever the gateway has said."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from flask import Flask, g
from flask_jwt_extended import JWTManager, get_jwt, verify_jwt_in_request
from jwt import InvalidTokenError

from chassis.http.app import Blueprint
from chassis.http.client import ServiceUnavailable
from chassis.http.errors import Problem, problem_response
from chassis.http.keys import ALGORITHMS, REQUIRED_CLAIMS, KeySource
from chassis.settings import TokenSettings

P = ParamSpec("P")
R = TypeVar("R")

MANAGER, ADMIN = "manager", "admin"


@dataclass(frozen=True)
class Caller:
    """Who asks, and in which session (None: the token belongs to none)."""

    id: UUID
    roles: frozenset[str]
    session_id: UUID | None = None

    @property
    def is_staff(self) -> bool:
        """Whether the caller may see and do what customers may not."""
        return bool(self.roles & {MANAGER, ADMIN})


def install_token_check(app: Flask, keys: KeySource, settings: TokenSettings) -> None:
    """Makes `signed_in` and `requires_role` work in the app."""
    app.config.update(
        JWT_ALGORITHM=ALGORITHMS[0],
        JWT_DECODE_ALGORITHMS=ALGORITHMS,
        JWT_DECODE_ISSUER=settings.token_issuer,
        JWT_DECODE_AUDIENCE=settings.token_audience,
        JWT_TOKEN_LOCATION=["headers"],
        JWT_ERROR_MESSAGE_KEY="detail",
    )
    manager = JWTManager(app)

    @manager.decode_key_loader
    def _key(header: dict[str, Any], _payload: dict[str, Any]) -> Any:
        key = keys.find(str(header.get("kid")))
        if key is None:
            raise InvalidTokenError("signed with an unknown key")
        return key

    @manager.token_verification_loader
    def _is_complete(_header: dict[str, Any], claims: dict[str, Any]) -> bool:
        return all(claims.get(claim) is not None for claim in REQUIRED_CLAIMS)

    def refuse(reason: str) -> Any:
        return problem_response(unauthenticated(reason))

    manager.unauthorized_loader(lambda _reason: refuse("An access token is needed: Authorization: Bearer …"))
    manager.invalid_token_loader(lambda reason: refuse(f"The access token is not valid: {reason}."))
    manager.token_verification_failed_loader(lambda _header, _payload: refuse("The access token lacks a claim."))
    manager.expired_token_loader(lambda _header, _payload: refuse("The access token has expired."))
    app.register_error_handler(
        ServiceUnavailable,
        lambda _: problem_response(Problem(503, detail="Another service is out of reach.")),
    )


def unauthenticated(reason: str) -> Problem:
    """401: who asks is not known."""
    return Problem(401, detail=reason)


def caller() -> Caller:
    """Who asks, in a view that `signed_in` or `requires_role` guards."""
    found: Caller = g.caller
    return found


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Guards a view: a valid access token is needed."""
    return requires_role()(view)


def requires_role(*roles: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Guards a view: a valid access token with one of the roles is needed; no roles named: any will do."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            verify_jwt_in_request()
            g.caller = _caller_of(get_jwt())
            if roles and not g.caller.roles & set(roles):
                raise Problem(403, detail=f"This needs the role {' or '.join(roles)}.")
            return view(*args, **kwargs)

        return Blueprint.doc(security=[{"bearer": []}])(guarded)

    return guard


def requires_scope(scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Guards a view that is for other services: a valid token of a client that was granted the scope is needed."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            verify_jwt_in_request()
            if scope not in str(get_jwt().get("scope", "")).split():
                raise Problem(403, detail=f"This needs the scope {scope}.")
            return view(*args, **kwargs)

        return Blueprint.doc(security=[{"bearer": []}])(guarded)

    return guard


def _caller_of(claims: dict[str, Any]) -> Caller:
    try:
        session_id = UUID(claims["sid"]) if "sid" in claims else None
        return Caller(UUID(claims["sub"]), frozenset(claims.get("roles", ())), session_id)
    except ValueError:
        raise unauthenticated("The access token belongs to no user.") from None
