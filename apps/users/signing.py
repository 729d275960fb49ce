"""The keys that sign access tokens: RSA pairs, named by their thumbprint, their private halves encrypted at rest."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm

ALGORITHM = "RS256"
KEY_BITS = 2048
SIGNING_TAKES = timedelta(minutes=1)  # at most, clocks that differ included

Jwk = Mapping[str, str]


class NoSigningKey(Exception):
    """There is no key to sign with, or none that can be used; the words say what to mend."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A pair as it is kept: the public half as it is published, the private one as a Fernet token.

    It is published from its making, signs from `signs_from` until the next one does, and is published until the last
    token that it signed has expired; while there is no next one, nobody knows until when.
    """

    kid: str
    public_jwk: Jwk
    encrypted_private_key: str
    created_at: datetime
    signs_from: datetime
    published_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyRules:
    """How keys follow each other.

    `lead` is for how long a key is published before it signs: longer than anybody who checks tokens goes without
    asking for a key that they do not know. When `token_lifetime` is raised within it, the last tokens of the key before
    end with that key, earlier than they say: their owners refresh.
    """

    lead: timedelta
    lifetime: timedelta
    token_lifetime: timedelta

    def published_until(self, successor: StoredKey) -> datetime:
        """When the last token has expired of a key with this successor."""
        return successor.signs_from + self.token_lifetime + SIGNING_TAKES


class KeyCipher:
    """Makes signing keys, and opens the stored ones. Opening takes milliseconds, so what is open stays so.

    Of several secrets the first one encrypts and all decrypt, so that a new secret can take the place of an old one.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        fernets = [Fernet(secret) for secret in secrets]
        self._newest = fernets[0]
        self._fernet = MultiFernet(fernets)
        self._opened = lru_cache(maxsize=4)(self._decrypt)

    def new_key(self, clock: Callable[[], datetime], lead: timedelta = timedelta()) -> StoredKey:
        """A fresh pair, which signs after the lead. That begins when the pair is made, which may take a second."""
        private = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        jwk = {"kty": "RSA", "n": public["n"], "e": public["e"]}
        kid, now = thumbprint(jwk), clock()
        return StoredKey(
            kid,
            {**jwk, "kid": kid, "use": "sig", "alg": ALGORITHM},
            self._fernet.encrypt(pem).decode(),
            created_at=now,
            signs_from=now + lead,
        )

    def open(self, key: StoredKey) -> RSAPrivateKey:
        """The private half. Raises `NoSigningKey` when it was encrypted with another secret."""
        return self._opened(key.encrypted_private_key)

    def renewed(self, key: StoredKey) -> StoredKey:
        """The key encrypted with the newest secret; itself when it is so already. Raises `NoSigningKey`."""
        try:
            self._newest.decrypt(key.encrypted_private_key)
        except InvalidToken:
            self.open(key)
            return replace(key, encrypted_private_key=self._fernet.rotate(key.encrypted_private_key).decode())
        return key

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
