"""Log-in, refresh and log-out: sessions begin, go on and end."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from uuid import UUID

from apps.users.domain.accounts import Account
from apps.users.domain.events import UserLoggedOut
from apps.users.domain.refusals import RefreshTokenInvalid, RefreshTokenReused, UnknownAccount
from apps.users.domain.sessions import RefreshToken, Session, SessionRules
from apps.users.refresh_tokens import digest_of, new_token, seal, unseal
from apps.users.repositories import UnitOfWork
from apps.users.security import SecurityEvent, note
from apps.users.service.keys import present_key
from apps.users.service.passwords import Credentials, PasswordGuard
from apps.users.tokens import TokenIssuer
from chassis.identifiers import new_id


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a session is worth at this moment."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class SessionKeeper:
    """Gives out pairs by the rules, which may change: each pair and each session is by those of its moment."""

    issuer: TokenIssuer
    rules: Callable[[], SessionRules]

    def open(self, uow: UnitOfWork, account: Account) -> TokenPair:
        """The first pair of a new session."""
        now = self.issuer.clock()
        rules = self.rules()
        session = Session(new_id(), account.id, now, now + rules.session_lifetime)
        uow.sessions.add(session)
        return self._pair(uow, account, session, rules)

    def next_pair(self, uow: UnitOfWork, account: Account, session: Session) -> TokenPair:
        """One more pair of the session."""
        return self._pair(uow, account, session, self.rules())

    def _pair(self, uow: UnitOfWork, account: Account, session: Session, rules: SessionRules) -> TokenPair:
        access = self.issuer.access_token(account, session.id, present_key(uow, self.issuer.clock()))
        text = new_token()
        expires_at = min(self.issuer.clock() + rules.refresh_lifetime, session.expires_at)
        uow.sessions.add_token(RefreshToken(digest_of(text), session.id, expires_at))
        return TokenPair(access.text, text, access.expires_in)


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """A new password, and the current one, which proves that the account's owner asks."""

    current: str = field(repr=False)
    new: str = field(repr=False)


def log_in(uow: UnitOfWork, guard: PasswordGuard, keeper: SessionKeeper, credentials: Credentials) -> TokenPair:
    """A new session for whoever knows the password. Raises `InvalidCredentials` and `TooManyLogIns`."""
    checked = guard.check(uow, credentials)
    password_hash = guard.renewed_hash(checked, credentials.password)
    with uow:
        account = guard.admit(uow, credentials, checked)
        if password_hash != account.password_hash:
            uow.accounts.save(replace(account, password_hash=password_hash))
        pair = keeper.open(uow, account)
        uow.commit()
    note(SecurityEvent.LOGGED_IN, user_id=account.id)
    return pair


def change_password(
    uow: UnitOfWork, guard: PasswordGuard, keeper: SessionKeeper, account_id: UUID, change: PasswordChange
) -> None:
    """Another password, and the end of all sessions. Raises `InvalidAccount`, and what `log_in` raises."""
    with uow:
        account = uow.accounts.get(account_id)
    if account is None:
        raise UnknownAccount
    account.check_new_password(change.new)
    credentials = Credentials(account.email, change.current)
    checked = guard.check(uow, credentials)
    password_hash = guard.passwords.hash(change.new)
    with uow:
        current = guard.admit(uow, credentials, checked)
        uow.accounts.save(replace(current, password_hash=password_hash))
        end_all(uow, keeper, current)
        uow.commit()
    note(SecurityEvent.PASSWORD_CHANGED, user_id=account_id)


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
        if session.is_alive(now) and token.is_in_grace(now, keeper.rules().grace) and token.sealed_answer:
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
    """Ends the session if it is the account's; one that has ended already stays so."""
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
