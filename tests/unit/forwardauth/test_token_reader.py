"""Tokens: who they speak for, and every way in which they can be false."""

import hashlib
import hmac
import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chassis.http.keys import CachedKeys
from chassis.settings import TokenSettings
from gateway.forwardauth.tokens import KEPT_SECONDS, KEPT_TOKENS, Identity, InvalidToken, TokenReader
from tests.unit.forwardauth.conftest import Clock, KeySet
from tests.unit.forwardauth.tokens import ADA, Signer, assembled, claims

Forger = Callable[[Signer, Signer], str]


@pytest.fixture
def reader(keys: CachedKeys) -> TokenReader:
    """Reads with the clock on the wall."""
    return TokenReader(keys, TokenSettings())


def tampered(signer: Signer, _stranger: Signer) -> str:
    head, _, signature = signer.token().split(".")
    payload = assembled({}, claims(roles=["admin"])).split(".")[1]
    return f"{head}.{payload}.{signature}"


def hs256_with_the_public_key(signer: Signer, _stranger: Signer) -> str:
    pem = signer.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    unsigned = assembled({"alg": "HS256", "kid": signer.kid}, claims()).rpartition(".")[0]
    mac = hmac.new(pem, unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{assembled({}, {}, mac).rpartition('.')[2]}"


FORGERIES: dict[str, Forger] = {
    "expired": lambda signer, _: signer.token(exp=int(time.time()) - 1),
    "not yet good": lambda signer, _: signer.token(nbf=int(time.time()) + 60),
    "another audience": lambda signer, _: signer.token(aud="another-api"),
    "another issuer": lambda signer, _: signer.token(iss="another-issuer"),
    "another key": lambda _, stranger: stranger.token(),
    "unknown kid": lambda signer, _: signer.token(headers={"kid": "unknown"}),
    "no kid": lambda _signer, _stranger: assembled({"alg": "RS256"}, claims(), b"x"),
    "kid is no text": lambda _signer, _stranger: assembled({"alg": "RS256", "kid": 1}, claims(), b"x"),
    "alg none": lambda signer, _: assembled({"alg": "none", "kid": signer.kid}, claims()),
    "alg None": lambda signer, _: assembled({"alg": "None", "kid": signer.kid}, claims()),
    "hs256 with the public key": hs256_with_the_public_key,
    "tampered": tampered,
    "signature cut off": lambda signer, _: signer.token().rpartition(".")[0] + ".",
    "nothing": lambda _signer, _stranger: "",
    "no token": lambda _signer, _stranger: "no.token.atall",
    "no latin": lambda _signer, _stranger: "ключ.ключ.ключ",
    **{
        f"without {claim}": lambda signer, _, claim=claim: signer.token(**{claim: None})  # type: ignore[misc] # the default is text
        for claim in ("exp", "iat", "iss", "aud", "sub", "jti")
    },
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_forgeries(reader: TokenReader, signer: Signer, stranger: Signer, forge: Forger) -> None:
    """A token that was not issued like this, for this, and now, proves nothing; not at the second try either."""
    token = forge(signer, stranger)
    for _ in range(2):
        with pytest.raises(InvalidToken):
            reader.read(token)


def test_valid_token(reader: TokenReader, signer: Signer) -> None:
    """A valid token says who asks and what they may."""
    assert reader.read(signer.token()) == Identity(str(ADA), ("customer", "manager"), "api")


def test_roles_are_optional(reader: TokenReader, signer: Signer) -> None:
    """A token without roles and scope identifies, and allows nothing."""
    assert reader.read(signer.token(roles=None, scope=None)) == Identity(str(ADA), (), "")


def test_key_published_later(reader: TokenReader, signer: Signer, key_set: KeySet, clock: Clock) -> None:
    """A token of a new key is good as soon as the key is published."""
    reader.read(signer.token())
    new = Signer("new")
    key_set.signers = [signer, new]
    clock.now += 10
    assert reader.read(new.token()).user_id == str(ADA)


class Counting:
    """A `KeySource` that counts how often it is asked: that is how often a token is judged."""

    def __init__(self, keys: CachedKeys) -> None:
        self._keys = keys
        self.asked = 0

    def find(self, kid: str) -> object | None:
        """As the real one."""
        self.asked += 1
        return self._keys.find(kid)


def test_verdict_is_kept_for_seconds(keys: CachedKeys, signer: Signer) -> None:
    """A token is judged again after a few seconds, not before."""
    counting, wall = Counting(keys), Clock()
    wall.now = time.time()
    reader = TokenReader(counting, TokenSettings(), wall)
    token = signer.token()
    reader.read(token)
    wall.now += KEPT_SECONDS - 0.1
    reader.read(token)
    assert counting.asked == 1
    wall.now += 0.2
    reader.read(token)
    assert counting.asked == 2


def test_verdict_ends_with_the_token(keys: CachedKeys, signer: Signer) -> None:
    """No verdict outlives the token."""
    counting, wall = Counting(keys), Clock()
    wall.now = time.time()
    reader = TokenReader(counting, TokenSettings(), wall)
    token = signer.token(exp=int(wall.now) + 2)
    reader.read(token)
    wall.now += 2
    reader.read(token)
    assert counting.asked == 2


def test_verdicts_are_bounded(reader: TokenReader, signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of tokens does not fill the memory, and a forgotten verdict is only made again."""
    assert KEPT_TOKENS == 10_000
    monkeypatch.setattr("gateway.forwardauth.tokens.KEPT_TOKENS", 3)
    tokens = [signer.token(jti=str(number)) for number in range(5)]
    assert {reader.read(token).user_id for token in tokens} == {str(ADA)}
    assert len(reader._verdicts) <= 3  # noqa: SLF001 - what it holds shows nowhere else
    assert reader.read(tokens[0]).user_id == str(ADA)
