"""ForwardAuth over a key set that the test holds."""

from collections.abc import Sequence

import pytest
from flask.testing import FlaskClient

from chassis.health import Health
from chassis.http.client import ServiceUnavailable
from chassis.http.keys import CachedKeys, Jwks
from chassis.settings import TokenSettings
from gateway.forwardauth.app import create_app
from gateway.forwardauth.tokens import TokenReader
from tests.unit.forwardauth.tokens import Signer


class KeySet:
    """The users service's key set. Counts how often it is fetched; None: the service is away."""

    def __init__(self, signers: Sequence[Signer]) -> None:
        self.signers: Sequence[Signer] | None = signers
        self.fetches = 0

    def fetch(self) -> Jwks:
        """What the users service answers."""
        self.fetches += 1
        if self.signers is None:
            raise ServiceUnavailable("users-api: connection refused")
        return [signer.jwk for signer in self.signers]


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="session")
def signer() -> Signer:
    """The key that the users service signs with."""
    return Signer("first")


@pytest.fixture(scope="session")
def stranger() -> Signer:
    """A key that the users service has never published, under the name of the one that it has."""
    return Signer("first")


@pytest.fixture
def key_set(signer: Signer) -> KeySet:
    """What is published."""
    return KeySet([signer])


@pytest.fixture
def clock() -> Clock:
    """The time of the key cache."""
    return Clock()


@pytest.fixture
def keys(key_set: KeySet, clock: Clock) -> CachedKeys:
    """The cached keys."""
    return CachedKeys(key_set.fetch, clock)


@pytest.fixture
def client(keys: CachedKeys) -> FlaskClient:
    """Asks as Traefik does."""
    health = Health()
    health.add("signing_keys", keys.check)
    return create_app(TokenReader(keys, TokenSettings()), health).test_client()
