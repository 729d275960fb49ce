"""The public keys of access tokens, from the users service's JWKS: cached, and fetched anew for an unknown `kid`."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from jwt.algorithms import RSAAlgorithm

from chassis.http.client import ServiceClient, ServiceUnavailable
from chassis.logs import get_logger

log = get_logger()

CACHE_SECONDS = 300.0
UNKNOWN_KID_SECONDS = 2.0  # a flood of made-up kids must not become a flood of fetches

Jwks = Sequence[Mapping[str, Any]]


class KeySource(Protocol):
    """Finds the public key of a `kid`."""

    def find(self, kid: str) -> Any | None:
        """The key, or None when nobody knows it. Raises `ServiceUnavailable` when that cannot be told."""


class CachedKeys:
    """A `KeySource` over anything that fetches a JWKS. While it cannot be fetched, known keys go on being used."""

    def __init__(self, fetch: Callable[[], Jwks]) -> None:
        self._fetch = fetch
        self._keys: dict[str, Any] = {}
        self._fetched_at = float("-inf")
        self._lock = threading.Lock()

    def find(self, kid: str) -> Any | None:
        """See `KeySource`."""
        age = time.monotonic() - self._fetched_at
        if age > CACHE_SECONDS or (kid not in self._keys and age > UNKNOWN_KID_SECONDS):
            with self._lock:
                if time.monotonic() - self._fetched_at >= age:
                    self._refresh(required=kid not in self._keys)
        return self._keys.get(kid)

    def _refresh(self, *, required: bool) -> None:
        try:
            jwks = self._fetch()
        except ServiceUnavailable:
            if required:
                raise
            log.warning("jwks_unavailable")
            return
        self._keys = {key["kid"]: RSAAlgorithm.from_jwk(dict(key)) for key in jwks}
        self._fetched_at = time.monotonic()


def keys_of_users_service(client: ServiceClient) -> CachedKeys:
    """The keys as every service but users itself gets them."""

    def fetch() -> Jwks:
        keys: Jwks = client.get("/.well-known/jwks.json").json()["keys"]
        return keys

    return CachedKeys(fetch)
