"""OAuth 2.0: registered clients and their tokens, and the revocation of refresh tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from apps.users.domain.oauth import Client, InvalidClient, UnsupportedTokenType, granted_scope, is_client_id
from apps.users.passwords import Passwords
from apps.users.refresh_tokens import digest_of
from apps.users.repositories import UnitOfWork
from apps.users.security import SecurityEvent, note
from apps.users.service.keys import present_key
from apps.users.service.sessions import SessionKeeper, end
from apps.users.tokens import AccessToken, TokenIssuer

JWT_DOTS = 2


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a client says of itself."""

    id: str
    secret: str = field(repr=False)


class WantedClient(Protocol):
    """A client that is to be there."""

    @property
    def credentials(self) -> ClientCredentials:
        """Its id and its secret."""

    @property
    def scopes(self) -> frozenset[str]:
        """What it may have."""


def authenticate_client(uow: UnitOfWork, passwords: Passwords, given: ClientCredentials) -> Client:
    """The client. Raises `InvalidClient`, as late for an unknown one as for a wrong secret."""
    with uow:
        client = uow.clients.get(given.id) if is_client_id(given.id) else None
    if not passwords.matches(client.secret_hash if client else None, given.secret) or client is None:
        note(SecurityEvent.CLIENT_REFUSED, known=client is not None)
        raise InvalidClient
    return client


def client_token(uow: UnitOfWork, issuer: TokenIssuer, client: Client, scope: str | None) -> tuple[AccessToken, str]:
    """A token for the client itself, and its scope. Raises `InvalidScope`."""
    granted = granted_scope(scope, client.scopes)
    with uow:
        key = present_key(uow, issuer.clock())
    return issuer.client_token(client.id, granted, key), granted


def revoke(uow: UnitOfWork, keeper: SessionKeeper, token: str) -> None:
    """Ends the session of a refresh token; one that nobody knows is as good as revoked. Raises `UnsupportedTokenType`.

    An access token cannot be called back: every service believes it until it expires.
    """
    if token.count(".") == JWT_DOTS:
        raise UnsupportedTokenType("Access tokens expire by themselves within minutes: revoke the refresh token.")
    with uow:
        session = uow.sessions.lock_by_token(digest_of(token))
        if session is None or session.revoked_at is not None:
            return
        end(uow, keeper, session)
        uow.commit()
    note(SecurityEvent.SESSION_REVOKED, user_id=session.account_id, sid=session.id)


def ensure_clients(uow: UnitOfWork, passwords: Passwords, wanted: Sequence[WantedClient]) -> int:
    """Makes the registered clients exactly these. Returns how many were added, changed or removed."""
    with uow:
        known = {client.id: client for client in uow.clients.all()}
    changed = [
        Client(each.credentials.id, passwords.hash(each.credentials.secret), each.scopes)
        for each in wanted
        if not _is_the_same(known.get(each.credentials.id), each, passwords)
    ]
    gone = known.keys() - {each.credentials.id for each in wanted}
    with uow:
        for client in changed:
            uow.clients.put(client)
        for client_id in gone:
            uow.clients.remove(client_id)
        uow.commit()
    return len(changed) + len(gone)


def _is_the_same(known: Client | None, wanted: WantedClient, passwords: Passwords) -> bool:
    return (
        known is not None
        and known.scopes == wanted.scopes
        and passwords.matches(known.secret_hash, wanted.credentials.secret)
    )
