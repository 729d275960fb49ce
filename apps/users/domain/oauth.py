"""OAuth 2.0: registered clients, scopes, and the errors of RFC 6749, 5.2.

OAuthError
├── InvalidRequest         a parameter is missing, comes twice, or contradicts another
├── InvalidClient          the client is unknown, or did not prove who it is
├── InvalidGrant           the password or the refresh token is not valid
├── UnsupportedGrantType   there is no such way to a token
├── InvalidScope           more was asked for than is allowed
└── UnsupportedTokenType   a token of this kind cannot be revoked (RFC 7009, 2.2.1)
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import ClassVar

_CLIENT_ID = re.compile(r"[\x20-\x7e]{1,128}")  # RFC 6749, A.1
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, 3.3


class OAuthError(Exception):
    """A request for a token, or for its end, is refused: `error` is the RFC's code, the message its description."""

    error: ClassVar[str]


class InvalidRequest(OAuthError):
    """A parameter is missing, comes twice, or contradicts another."""

    error = "invalid_request"


class InvalidClient(OAuthError):
    """The client is unknown, or did not prove who it is. Which of them stays unsaid."""

    error = "invalid_client"

    def __init__(self) -> None:
        super().__init__("The client is unknown or its secret is wrong.")


class InvalidGrant(OAuthError):
    """The password or the refresh token is not valid."""

    error = "invalid_grant"


class UnsupportedGrantType(OAuthError):
    """There is no such way to a token."""

    error = "unsupported_grant_type"


class InvalidScope(OAuthError):
    """More was asked for than is allowed."""

    error = "invalid_scope"


class UnsupportedTokenType(OAuthError):
    """A token of this kind cannot be revoked."""

    error = "unsupported_token_type"


@dataclass(frozen=True, slots=True)
class Client:
    """A program that speaks for itself, and the scopes that it may have."""

    id: str
    secret_hash: str = field(repr=False)
    scopes: frozenset[str]


def is_client_id(text: str) -> bool:
    """Whether a client could be called so."""
    return _CLIENT_ID.fullmatch(text) is not None


def is_scope(text: str) -> bool:
    """Whether the text is one scope."""
    return _SCOPE_TOKEN.fullmatch(text) is not None


def granted_scope(asked: str | None, allowed: Collection[str]) -> str:
    """The scope to grant: what is asked for, or all that is allowed. Raises `InvalidScope`."""
    wanted = set(allowed) if asked is None else set(asked.split(" "))
    if not wanted <= set(allowed):
        raise InvalidScope(f"The scope can be: {' '.join(sorted(allowed))}.")
    return " ".join(sorted(wanted))
