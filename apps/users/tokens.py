"""Access tokens: what they say (RFC 9068), and for how long."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt

from apps.users.domain.accounts import Account
from apps.users.signing import ALGORITHM, KeyCipher, StoredKey
from chassis.identifiers import new_id
from chassis.times import utc_now

FULL_SCOPE = "api"  # whoever logs in with a password may do all that the account's roles allow


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token, and for how many seconds it is good."""

    text: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Signs access tokens. Each lasts as long as is right when it is signed."""

    cipher: KeyCipher
    issuer: str
    audience: str
    lifetime: Callable[[], timedelta]
    clock: Callable[[], datetime] = utc_now

    def access_token(self, account: Account, session_id: UUID, key: StoredKey) -> AccessToken:
        """A token for the account, signed with the key. Raises `NoSigningKey`."""
        return self._signed(
            {"sub": str(account.id), "sid": str(session_id), "roles": sorted(account.roles), "scope": FULL_SCOPE}, key
        )

    def client_token(self, client_id: str, scope: str, key: StoredKey) -> AccessToken:
        """A token for a client that speaks for itself: it is its own subject, and has no role (RFC 9068, 2.2)."""
        return self._signed({"sub": client_id, "client_id": client_id, "roles": [], "scope": scope}, key)

    def _signed(self, subject: dict[str, object], key: StoredKey) -> AccessToken:
        now, lifetime = self.clock(), self.lifetime()
        claims = {
            **subject,
            "iss": self.issuer,
            "aud": self.audience,
            "jti": str(new_id()),
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
        }
        text = jwt.encode(claims, self.cipher.open(key), ALGORITHM, headers={"kid": key.kid, "typ": "at+jwt"})
        return AccessToken(text, int(lifetime.total_seconds()))
