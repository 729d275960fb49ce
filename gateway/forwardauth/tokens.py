"""Reads access tokens: signature, issuer, audience, expiry. A verdict is kept for seconds, by the token's hash."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt

from chassis.http.keys import ALGORITHMS, REQUIRED_CLAIMS, KeySource
from chassis.settings import TokenSettings

KEPT_SECONDS = 5.0
KEPT_TOKENS = 10_000


class InvalidToken(Exception):
    """The token proves nothing; the words say why."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and what they may."""

    user_id: str
    roles: tuple[str, ...]
    scope: str


@dataclass(frozen=True, slots=True)
class _Verdict:
    identity: Identity
    until: float


class TokenReader:
    """Turns tokens into identities. Only good verdicts are kept, and none beyond the token's expiry."""

    def __init__(self, keys: KeySource, settings: TokenSettings, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._settings = settings
        self._clock = clock
        self._verdicts: dict[bytes, _Verdict] = {}

    def read(self, token: str) -> Identity:
        """Who the token speaks for. Raises `InvalidToken`, and `ServiceUnavailable` when no key can be had."""
        digest = hashlib.sha256(token.encode()).digest()
        verdict = self._verdicts.get(digest)
        if verdict is None or verdict.until <= self._clock():
            verdict = self._judge(token)
            self._keep(digest, verdict)
        return verdict.identity

    def _judge(self, token: str) -> _Verdict:
        try:
            claims = jwt.decode(
                token,
                self._key(token),
                algorithms=ALGORITHMS,
                issuer=self._settings.token_issuer,
                audience=self._settings.token_audience,
                options={"require": REQUIRED_CLAIMS},
            )
        except jwt.PyJWTError as error:
            raise InvalidToken(str(error)) from error
        return _Verdict(_identity(claims), min(int(claims["exp"]), self._clock() + KEPT_SECONDS))

    def _key(self, token: str) -> Any:
        kid = jwt.get_unverified_header(token).get("kid")
        key = self._keys.find(kid) if isinstance(kid, str) else None
        if key is None:
            raise InvalidToken("it is signed with an unknown key")
        return key

    def _keep(self, digest: bytes, verdict: _Verdict) -> None:
        if len(self._verdicts) >= KEPT_TOKENS:
            self._verdicts.clear()  # a full table is rare, and cheap to fill again
        self._verdicts[digest] = verdict


def _identity(claims: dict[str, Any]) -> Identity:
    return Identity(claims["sub"], tuple(claims.get("roles", ())), claims.get("scope", ""))
