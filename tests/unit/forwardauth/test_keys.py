"""The cache of public keys: when it asks the users service, and when it must not."""

import pytest

from chassis.http.client import ServiceUnavailable
from chassis.http.keys import CACHE_SECONDS, RETRY_SECONDS, CachedKeys, Jwks
from tests.unit.forwardauth.conftest import Clock, KeySet
from tests.unit.forwardauth.tokens import Signer


def test_known_key_is_kept(keys: CachedKeys, key_set: KeySet) -> None:
    """A known key costs one fetch."""
    assert keys.find("first") == keys.find("first")
    assert key_set.fetches == 1


def test_unknown_key_is_looked_for(keys: CachedKeys, key_set: KeySet, clock: Clock) -> None:
    """A key that was published a moment ago is found."""
    keys.find("first")
    key_set.signers = [Signer("second")]
    clock.now += RETRY_SECONDS + 1
    assert keys.find("second") is not None


def test_slow_answer_is_as_old_as_its_question(key_set: KeySet, clock: Clock) -> None:
    """A key that was published while an answer was on its way is looked for as soon as after any other."""

    def fetch_slowly() -> Jwks:
        answer = key_set.fetch()
        clock.now += RETRY_SECONDS + 1
        return answer

    keys = CachedKeys(fetch_slowly, clock)
    keys.find("first")
    key_set.signers = [Signer("second")]
    assert keys.find("second") is not None


def test_made_up_keys_cost_one_fetch(keys: CachedKeys, key_set: KeySet) -> None:
    """A flood of made-up names does not reach the users service."""
    assert [keys.find(f"made-up-{number}") for number in range(50)] == [None] * 50
    assert key_set.fetches == 1


def test_old_keys_are_fetched_again(keys: CachedKeys, key_set: KeySet, clock: Clock) -> None:
    """A withdrawn key is forgotten."""
    keys.find("first")
    key_set.signers = []
    clock.now += CACHE_SECONDS + 1
    assert keys.find("first") is None


def test_outage_keeps_known_keys(keys: CachedKeys, key_set: KeySet, clock: Clock) -> None:
    """While the users service is away, known keys go on being used, and it is asked now and then only."""
    keys.find("first")
    key_set.signers = None
    clock.now += CACHE_SECONDS + 1
    assert all(keys.find("first") for _ in range(50))
    assert key_set.fetches == 2


def test_outage_without_keys(keys: CachedKeys, key_set: KeySet, clock: Clock, signer: Signer) -> None:
    """Without any key nothing can be told; the first try after the outage finds it."""
    key_set.signers = None
    for _ in range(50):
        with pytest.raises(ServiceUnavailable):
            keys.find("first")
    assert key_set.fetches == 1
    key_set.signers = [signer]
    clock.now += RETRY_SECONDS + 1
    assert keys.find("first") is not None


def test_readiness(keys: CachedKeys, key_set: KeySet, clock: Clock, signer: Signer) -> None:
    """Ready is who has keys, even when they cannot be fetched again."""
    key_set.signers = None
    assert keys.check() == "users-api: connection refused"
    key_set.signers = [signer]
    clock.now += RETRY_SECONDS + 1
    assert keys.check() is None
    key_set.signers = None
    clock.now += CACHE_SECONDS + 1
    assert keys.check() is None
