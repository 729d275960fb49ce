"""The text of refresh tokens: random, kept as a digest, and the key to the answer that was given for it."""

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet

TOKEN_BYTES = 32  # so many that a digest without salt and without cost cannot be reversed


def new_token() -> str:
    """A fresh token."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> bytes:
    """What is kept in the token's place."""
    return hashlib.sha256(_octets(token)).digest()


def seal(token: str, answer: bytes) -> bytes:
    """The answer, for nobody but the token's holder: its digest does not open it."""
    return _fernet(token).encrypt(answer)


def unseal(token: str, sealed: bytes) -> bytes:
    """The answer that was sealed with the token."""
    return _fernet(token).decrypt(sealed)


def _fernet(token: str) -> Fernet:
    key = hmac.digest(_octets(token), b"sealed answer", "sha256")
    return Fernet(base64.urlsafe_b64encode(key))


def _octets(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")  # JSON can hold half a surrogate pair
