"""Access tokens of a key that the tests know."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from apps.notifications.domain.kinds import Language
from apps.notifications.domain.notifications import User
from chassis.settings import TokenSettings
from chassis.times import utc_now

SESSION = UUID("0198c5f0-8b10-7d2a-a1c4-6e0f5b9d3002")
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class OneKey:
    """See `chassis.http.keys.KeySource`."""

    def find(self, kid: str) -> Any | None:
        return _KEY.public_key() if kid == "test" else None


ADA = User(UUID("0199c19f-11aa-7b02-8f7e-52f4c1d0a9b3"), "ada@example.com", "Ada", language=Language.RUSSIAN)


def bearer(user_id: UUID, *, session: UUID = SESSION, seconds: int = 3600) -> Mapping[str, str]:
    """The headers of that user."""
    settings, now = TokenSettings(), utc_now()
    claims = {
        "sub": str(user_id), "roles": ["customer"], "iss": settings.token_issuer, "aud": settings.token_audience,
        "iat": now, "exp": now + timedelta(seconds=seconds), "jti": str(uuid4()), "sid": str(session), "type": "access",
    }  # fmt: skip
    return {"Authorization": f"Bearer {jwt.encode(claims, _KEY, 'RS256', {'kid': 'test'})}"}
