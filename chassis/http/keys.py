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
RETRY_SECONDS = 2.0  # neither a flood of made-up kids nor an outage may become a flood of fetches

ALGORITHMS = ["RS256"]  # named here, never taken from the token
REQUIRED_CLAIMS = ["exp", "iat", "iss", "aud", "sub", "jti"]  # a token without an end would be good for ever

Jwks = Sequence[Mapping[str, Any]]


class KeySource(Protocol):
    """Finds the public key of a `kid`."""

    def find(self, kid: str) -> Any | None:
        """The key, or None when nobody knows it. Raises `ServiceUnavailable` when that cannot be told."""


class CachedKeys:
    """A `KeySource` over anything that fetches a JWKS. While it cannot be fetched, known keys go on being used."""

    def __init__(self, fetch: Callable[[], Jwks], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, Any] = {}
        self._tried_at = float("-inf")
        self._failed = False
        self._lock = threading.Lock()

    def find(self, kid: str) -> Any | None:
        """See `KeySource`."""
        if kid in self._keys:
            self._renew()
        else:
            self._look_for(kid)
        return self._keys.get(kid)

    def check(self) -> str | None:
        """For readiness: None when keys are known, which are fetched if need be; otherwise the reason."""
        if not self._keys:
            try:
                self._look_for("")
            except ServiceUnavailable as error:
                return str(error)
        return None if self._keys else "no key is published"

    def _renew(self) -> None:
        """Fetches again what is old. One caller does, the others go on with the known keys."""
        if self._age() > (RETRY_SECONDS if self._failed else CACHE_SECONDS) and self._lock.acquire(blocking=False):
            try:
                self._refresh()
            except ServiceUnavailable as error:
                log.warning("jwks_unavailable", reason=str(error))
            finally:
                self._lock.release()

    def _look_for(self, kid: str) -> None:
        """Fetches, unless it was just tried; all who look for an unknown key wait for the one fetch."""
        with self._lock:
            if kid not in self._keys and self._age() > RETRY_SECONDS:
                self._refresh()
            elif kid not in self._keys and self._failed:
                raise ServiceUnavailable("the signing keys could not be fetched a moment ago")

    def _age(self) -> float:
        return self._clock() - self._tried_at

    def _refresh(self) -> None:
        self._failed = True
        began_at = self._clock()
        try:
            self._keys = {key["kid"]: RSAAlgorithm.from_jwk(dict(key)) for key in self._fetch()}
            self._failed = False
        finally:
            # An answer is as old as its question: what was published since then may be missing in it.
            self._tried_at = self._clock() if self._failed else began_at


def keys_of_users_service(client: ServiceClient) -> CachedKeys:
    """The keys as every service but users itself gets them."""

    def fetch() -> Jwks:
        try:
            keys: Jwks = client.get("/.well-known/jwks.json").json()["keys"]
        except (ValueError, KeyError) as error:
            raise ServiceUnavailable("the answer is no key set") from error
        return keys

    return CachedKeys(fetch)
