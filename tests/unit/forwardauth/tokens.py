"""Makes tokens as the users service does, and as forgers do."""

import base64
import json
import time
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

ADA = UUID("0198c5f0-7a3b-7c51-9d0e-2f6a41b7c001")


class Signer:
    """One signing key."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self.private: RSAPrivateKey = generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def jwk(self) -> dict[str, str]:
        """The public half, as it is published."""
        return {**RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True), "kid": self.kid}

    def token(self, headers: dict[str, str] | None = None, **changes: Any) -> str:
        """A valid token, but for the changes; a claim that is changed to None is left out."""
        return jwt.encode(claims(**changes), self.private, "RS256", headers={"kid": self.kid, **(headers or {})})


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a valid token, but for the changes."""
    now = int(time.time())
    valid = {
        "iss": "quadrille",
        "aud": "quadrille-api",
        "sub": str(ADA),
        "jti": "0198c5f0-7a3b-7c51-9d0e-2f6a41b7c002",
        "iat": now,
        "nbf": now,
        "exp": now + 600,
        "roles": ["customer", "manager"],
        "scope": "api",
    }
    return {name: value for name, value in {**valid, **changes}.items() if value is not None}


def assembled(header: dict[str, Any], payload: dict[str, Any], signature: bytes = b"") -> str:
    """A token put together by hand, as no library would."""
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
