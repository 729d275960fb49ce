"""Log-in, refresh and log-out: sessions begin, go on and end."""

import json
from dataclasses import asdict, dataclass, field
from uuid import UUID

from apps.users.domain.accounts import Account
from apps.users.domain.events import UserLoggedOut
from apps.users.domain.refusals import InvalidCredentials, RefreshTokenInvalid, RefreshTokenReused, UnknownAccount
from apps.users.domain.sessions import RefreshToken, Session, SessionRules
from apps.users.passwords import Passwords
from apps.users.refresh_tokens import digest_of, new_token, seal, unseal
from apps.users.repositories import UnitOfWork
from apps.users.security import SecurityEvent, note
from apps.users.service.keys import present_key
from apps.users.tokens import TokenIssuer
from chassis.identifiers import new_id


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody says who wants to log in. The address is in its normal form; what is none belongs to nobody."""

    email: str | None
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a session is worth at this moment."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class SessionKeeper:
    """Gives out pairs by the rules."""

    issuer: TokenIssuer
    rules: SessionRules

    def open(self, uow: UnitOfWork, account: Account) -> TokenPair:
        """The first pair of a new session."""
        now = self.issuer.clock()
        session = Session(new_id(), account.id, now, now + self.rules.session_lifetime)
        uow.sessions.add(session)
        return self.next_pair(uow, account, session)

    def next_pair(self, uow: UnitOfWork, account: Account, session: Session) -> TokenPair:
        """One more pair of the session."""
        access = self.issuer.access_token(account, session.id, present_key(uow))
        text = new_token()
        expires_at = min(self.issuer.clock() + self.rules.refresh_lifetime, session.expires_at)
        uow.sessions.add_token(RefreshToken(digest_of(text), session.id, expires_at))
        return TokenPair(access.text, text, access.expires_in)


def log_in(uow: UnitOfWork, passwords: Passwords, keeper: SessionKeeper, credentials: Credentials) -> TokenPair:
    """A new session for whoever knows the password. Raises `InvalidCredentials`, as late for an unknown address."""
    with uow:
        account = uow.accounts.find_by_email(credentials.email or "")
    matches = passwords.matches(account.password_hash if account else None, credentials.password)
    if account is None or not matches:
        raise InvalidCredentials
    with uow:
        # The hash took its time: meanwhile the password may be another, and every session of the old one is to end.
        if (current := uow.accounts.lock(account.id)) is None or current.password_hash != account.password_hash:
            raise InvalidCredentials
        if not current.active:
            raise InvalidCredentials
        pair = keeper.open(uow, current)
        uow.commit()
    return pair


def refresh(uow: UnitOfWork, keeper: SessionKeeper, text: str) -> TokenPair:
    """A new pair for a refresh token. Raises `RefreshTokenInvalid` and, with the end of the session, `…Reused`."""
    now = keeper.issuer.clock()
    digest = digest_of(text)
    with uow:
        session = uow.sessions.lock_by_token(digest)
        token = uow.sessions.token(digest)
        if session is None or token is None:
            raise RefreshTokenInvalid
        if token.spent_at is None:
            return _spend(uow, keeper, session, token, text)
        if session.is_alive(now) and token.is_in_grace(now, keeper.rules.grace) and token.sealed_answer:
            return TokenPair(**json.loads(unseal(text, token.sealed_answer)))
        if session.revoked_at is None:
            end(uow, keeper, session)
            uow.commit()
    note(SecurityEvent.REFRESH_TOKEN_REUSED, user_id=session.account_id, sid=session.id)
    raise RefreshTokenReused


def _spend(uow: UnitOfWork, keeper: SessionKeeper, session: Session, token: RefreshToken, text: str) -> TokenPair:
    now = keeper.issuer.clock()
    account = uow.accounts.get(session.account_id)
    if account is None or not account.active or not session.is_alive(now) or now >= token.expires_at:
        raise RefreshTokenInvalid
    pair = keeper.next_pair(uow, account, session)
    uow.sessions.spend(token.digest, now, seal(text, json.dumps(asdict(pair)).encode()))
    uow.commit()
    return pair


def log_out(uow: UnitOfWork, keeper: SessionKeeper, account_id: UUID, session_id: UUID) -> None:
    """Ends the session; one that has ended already stays so. Raises `UnknownAccount`."""
    with uow:
        session = uow.sessions.lock(session_id)
        if session is None or session.account_id != account_id or session.revoked_at is not None:
            return
        end(uow, keeper, session)
        uow.commit()
    note(SecurityEvent.SESSION_REVOKED, user_id=account_id, sid=session_id)


def log_out_everywhere(uow: UnitOfWork, keeper: SessionKeeper, account_id: UUID) -> None:
    """Ends all sessions of the account. Raises `UnknownAccount`."""
    with uow:
        account = uow.accounts.lock(account_id)
        if account is None:
            raise UnknownAccount
        ended = end_all(uow, keeper, account)
        uow.commit()
    note(SecurityEvent.SESSIONS_REVOKED, user_id=account_id, sessions=ended)


def end_all(uow: UnitOfWork, keeper: SessionKeeper, account: Account) -> int:
    """Ends all sessions of a locked account, in an open transaction. Returns how many."""
    ended = uow.sessions.revoke_all(account.id, keeper.issuer.clock())
    _tell(uow, account, None)
    return ended


def end(uow: UnitOfWork, keeper: SessionKeeper, session: Session) -> None:
    """Ends a locked session, in an open transaction."""
    uow.sessions.revoke(session.id, keeper.issuer.clock())
    account = uow.accounts.get(session.account_id)
    if account is not None:
        _tell(uow, account, session.id)


def _tell(uow: UnitOfWork, account: Account, session_id: UUID | None) -> None:
    uow.publish(UserLoggedOut(user_id=account.id, sid=session_id), subject=str(account.id), sequence=account.version)
