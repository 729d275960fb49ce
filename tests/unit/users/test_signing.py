"""Signing keys and the tokens that they sign."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest
from jwt.algorithms import RSAAlgorithm

from apps.users.domain.accounts import Account, Role
from apps.users.signing import KeyCipher, NoSigningKey, StoredKey, thumbprint
from tests.unit.users.fakes import OTHER_SECRET, an_issuer

ACCOUNT = Account(
    id=UUID("0198c5f0-7a3b-7c51-9d0e-2f6a41b7c001"),
    email="ada@example.com",
    name="Ada",
    roles=frozenset({Role.MANAGER, Role.CUSTOMER}),
    password_hash="",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)
SESSION = UUID("0198c5f0-8b10-7d2a-a1c4-6e0f5b9d3002")


def claims_of(token: str, key: StoredKey) -> dict[str, object]:
    public = RSAAlgorithm.from_jwk(dict(key.public_jwk))
    return jwt.decode(token, public, algorithms=["RS256"], audience="quadrille-api", issuer="quadrille")  # type: ignore[arg-type] # a public key


def test_thumbprint_of_the_standard() -> None:
    """The example of RFC 7638, section 3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvR"
        "L5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDK"
        "gw"
    )
    assert thumbprint({"kty": "RSA", "n": modulus, "e": "AQAB"}) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_published_half_is_public(key: StoredKey) -> None:
    """Nothing of the private half is published."""
    assert set(key.public_jwk) == {"kty", "n", "e", "kid", "use", "alg"}


def test_private_half_is_encrypted(key: StoredKey) -> None:
    """What is stored is no PEM, and another secret does not open it."""
    assert "PRIVATE" not in key.encrypted_private_key
    with pytest.raises(NoSigningKey, match="TOKEN_KEY_SECRET"):
        KeyCipher([OTHER_SECRET]).open(key)


def test_key_is_opened_once(cipher: KeyCipher, key: StoredKey) -> None:
    """An open key is kept: opening costs more than signing."""
    assert cipher.open(key) is cipher.open(key)


def test_token_says_who(cipher: KeyCipher, key: StoredKey) -> None:
    """It names the account, its session, and what it may."""
    claims = claims_of(an_issuer(cipher).access_token(ACCOUNT, SESSION, key).text, key)
    assert claims["sub"] == str(ACCOUNT.id)
    assert claims["sid"] == str(SESSION)
    assert claims["roles"] == ["customer", "manager"]
    assert claims["scope"] == "api"


def test_token_is_good_for_ten_minutes(cipher: KeyCipher, key: StoredKey) -> None:
    """From now on, and as long as the answer says."""
    token = an_issuer(cipher).access_token(ACCOUNT, SESSION, key)
    claims = claims_of(token.text, key)
    assert claims["nbf"] == claims["iat"]
    assert timedelta(seconds=int(str(claims["exp"])) - int(str(claims["iat"]))) == timedelta(minutes=10)
    assert token.expires_in == 600


def test_tokens_differ(cipher: KeyCipher, key: StoredKey) -> None:
    """Each token has an id of its own."""
    issuer = an_issuer(cipher)
    first, second = (claims_of(issuer.access_token(ACCOUNT, SESSION, key).text, key)["jti"] for _ in range(2))
    assert first != second


def test_token_names_its_key(cipher: KeyCipher, key: StoredKey) -> None:
    """The header says which key signed."""
    header = jwt.get_unverified_header(an_issuer(cipher).access_token(ACCOUNT, SESSION, key).text)
    assert (header["kid"], header["alg"]) == (key.kid, "RS256")
    assert key.kid == thumbprint(key.public_jwk)
