"""The keys that sign access tokens: RSA pairs, named by their thumbprint, their private halves encrypted at rest."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm

from chassis.times import utc_now

ALGORITHM = "RS256"
KEY_BITS = 2048

Jwk = Mapping[str, str]


class NoSigningKey(Exception):
    """There is no key to sign with, or none that can be used; the words say what to mend."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A pair as it is kept: the public half as it is published, the private one as a Fernet token."""

    kid: str
    public_jwk: Jwk
    encrypted_private_key: str
    created_at: datetime


class KeyCipher:
    """Makes signing keys, and opens the stored ones. Opening takes milliseconds, so what is open stays so."""

    def __init__(self, secret: str) -> None:
        self._fernet = Fernet(secret)
        self._opened = lru_cache(maxsize=4)(self._decrypt)

    def new_key(self) -> StoredKey:
        """A fresh pair."""
        private = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        jwk = {"kty": "RSA", "n": public["n"], "e": public["e"]}
        kid = thumbprint(jwk)
        return StoredKey(
            kid, {**jwk, "kid": kid, "use": "sig", "alg": ALGORITHM}, self._fernet.encrypt(pem).decode(), utc_now()
        )

    def open(self, key: StoredKey) -> RSAPrivateKey:
        """The private half. Raises `NoSigningKey` when it was encrypted with another secret."""
        return self._opened(key.encrypted_private_key)

    def _decrypt(self, encrypted: str) -> RSAPrivateKey:
        try:
            key: Any = load_pem_private_key(self._fernet.decrypt(encrypted), password=None)
        except InvalidToken:
            raise NoSigningKey("The signing key was encrypted with another TOKEN_KEY_SECRET: restore that.") from None
        return key  # type: ignore[no-any-return] # only RSA keys are ever made


def thumbprint(jwk: Jwk) -> str:
    """The name of an RSA key by RFC 7638: the SHA-256 of its members, sorted and without blanks."""
    members = json.dumps({name: jwk[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).rstrip(b"=").decode()
