"""OAuth 2.0 over fakes: registered clients, scopes, revocation."""

from dataclasses import dataclass

import jwt
import pytest

from apps.users.domain.oauth import (
    InvalidClient,
    InvalidScope,
    UnsupportedTokenType,
    granted_scope,
    is_client_id,
    is_scope,
)
from apps.users.domain.refusals import RefreshTokenInvalid
from apps.users.passwords import Passwords
from apps.users.security import SECURITY_EVENTS
from apps.users.service.accounts import register
from apps.users.service.oauth import ClientCredentials, authenticate_client, client_token, ensure_clients, revoke
from apps.users.service.passwords import Credentials, PasswordGuard
from apps.users.service.sessions import SessionKeeper, log_in, refresh
from tests.unit.users.fakes import Database, FakeUnitOfWork, a_registration

ORDERS = ClientCredentials("orders", "a secret of the orders service")


@dataclass(frozen=True)
class Wanted:
    credentials: ClientCredentials = ORDERS
    scopes: frozenset[str] = frozenset({"availability:read", "stock:read"})


@pytest.fixture
def registered(uow: FakeUnitOfWork, database: Database, passwords: Passwords) -> Database:
    """A database that knows the orders service."""
    ensure_clients(uow, passwords, [Wanted()])
    return database


def test_client_is_kept_hashed(registered: Database) -> None:
    """What is kept of a secret is a hash like a password's."""
    assert registered.clients["orders"].secret_hash.startswith("$argon2id$")
    assert ORDERS.secret not in repr(registered.clients)


def test_clients_are_as_wanted(uow: FakeUnitOfWork, registered: Database, passwords: Passwords) -> None:
    """A new secret and other scopes take the place of the old ones, the rest stays, and who is not wanted goes."""
    before = registered.clients["orders"]
    other = Wanted(ClientCredentials("demo", "a secret of the demo client"))
    assert ensure_clients(uow, passwords, [Wanted(), other]) == 1
    assert registered.clients["orders"] == before
    fewer = Wanted(ClientCredentials("orders", "a new secret of the service"), frozenset({"stock:read"}))
    assert ensure_clients(uow, passwords, [fewer]) == 2
    assert set(registered.clients) == {"orders"}
    assert authenticate_client(uow, passwords, fewer.credentials).scopes == {"stock:read"}
    with pytest.raises(InvalidClient):
        authenticate_client(uow, passwords, ORDERS)


@pytest.mark.parametrize("credentials", [("orders", "wrong"), ("nobody", ORDERS.secret), ("", ""), ("a\x00", "b")])
def test_wrong_client(
    uow: FakeUnitOfWork, registered: Database, passwords: Passwords, credentials: tuple[str, str]
) -> None:
    """An unknown client and a wrong secret are refused in the same words, and counted."""
    before = SECURITY_EVENTS.labels("client_refused")._value.get()  # noqa: SLF001 - there is no other way
    with pytest.raises(InvalidClient, match=r"The client is unknown or its secret is wrong\."):
        authenticate_client(uow, passwords, ClientCredentials(*credentials))
    assert SECURITY_EVENTS.labels("client_refused")._value.get() == before + 1  # noqa: SLF001 - as above


def test_token_of_a_client(
    uow: FakeUnitOfWork, registered: Database, passwords: Passwords, keeper: SessionKeeper
) -> None:
    """A client's token names the client, has the asked scope, no role and no session."""
    client = authenticate_client(uow, passwords, ORDERS)
    token, scope = client_token(uow, keeper.issuer, client, "stock:read")
    claims = jwt.decode(token.text, options={"verify_signature": False})
    assert scope == claims["scope"] == "stock:read"
    assert (claims["sub"], claims["client_id"], claims["roles"]) == ("orders", "orders", [])
    assert "sid" not in claims


@pytest.mark.parametrize(("asked", "granted"), [(None, "a b"), ("a", "a"), ("b a", "a b"), ("a a", "a")])
def test_granted_scope(asked: str | None, granted: str) -> None:
    """Who asks for nothing gets all, who asks for less gets less."""
    assert granted_scope(asked, {"a", "b"}) == granted


@pytest.mark.parametrize("asked", ["c", "a c", "A", "a  b", "a\tb"])
def test_scope_beyond_the_allowed(asked: str) -> None:
    """Nobody gets more than is allowed, in any spelling."""
    with pytest.raises(InvalidScope, match="a b"):
        granted_scope(asked, {"a", "b"})


@pytest.mark.parametrize("text", ["", "ü", "a\x00", "a" * 129])
def test_no_client_ids(text: str) -> None:
    """What no client can be called."""
    assert not is_client_id(text)


@pytest.mark.parametrize("text", ["", "a b", 'a"', "a\\", "ü"])
def test_no_scopes(text: str) -> None:
    """What RFC 6749 has no place for in a scope."""
    assert not is_scope(text)


def test_revoke(uow: FakeUnitOfWork, database: Database, guard: PasswordGuard, keeper: SessionKeeper) -> None:
    """A revoked refresh token is worth nothing, nor is its successor; once more does no harm."""
    ada = a_registration()
    register(uow, guard.passwords, ada)
    first = log_in(uow, guard, keeper, Credentials(ada.email, ada.password))
    second = refresh(uow, keeper, first.refresh_token)
    for _ in range(2):
        revoke(uow, keeper, first.refresh_token)
    with pytest.raises(RefreshTokenInvalid):
        refresh(uow, keeper, second.refresh_token)
    assert [type(event).__name__ for event in database.events] == ["UserRegistered", "UserLoggedOut"]


def test_revoke_unknown(uow: FakeUnitOfWork, database: Database, keeper: SessionKeeper) -> None:
    """What nobody knows is as good as revoked (RFC 7009, 2.2)."""
    revoke(uow, keeper, "made-up")
    assert not database.events


def test_revoke_access_token(uow: FakeUnitOfWork, keeper: SessionKeeper) -> None:
    """An access token cannot be called back, and nobody is told that it was."""
    with pytest.raises(UnsupportedTokenType):
        revoke(uow, keeper, "a.b.c")
