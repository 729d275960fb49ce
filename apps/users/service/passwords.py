"""Passwords: who gives one is checked, slowed down after too many wrong ones, and may have another."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from apps.users.domain.accounts import Account
from apps.users.domain.log_ins import LogInLimit
from apps.users.domain.refusals import InvalidCredentials, TooManyLogIns
from apps.users.passwords import Passwords
from apps.users.repositories import UnitOfWork
from apps.users.security import SecurityEvent, note
from chassis.times import utc_now


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody says who wants to log in. The address is in its normal form; what is none belongs to nobody."""

    email: str | None
    password: str = field(repr=False)

    @property
    def subject(self) -> bytes:
        """What failures are counted for: the address, whether or not somebody has it."""
        return hashlib.sha256((self.email or "").encode()).digest()


@dataclass(frozen=True, slots=True)
class PasswordGuard:
    """Checks passwords, so many wrong ones for each address within a time. The limit may change."""

    passwords: Passwords
    limit: Callable[[], LogInLimit]
    clock: Callable[[], datetime] = utc_now

    def check(self, uow: UnitOfWork, credentials: Credentials) -> Account:
        """Whose password it is. Raises `InvalidCredentials` and `TooManyLogIns`, for unknown addresses as for known.

        All of it takes as long for an unknown address; and the limit is looked at before and after the hash, so that
        guesses in parallel learn no more than guesses one by one.
        """
        if credentials.email is None:
            self.passwords.matches(None, credentials.password)
            raise InvalidCredentials
        with uow:
            account = uow.accounts.find_by_email(credentials.email)
            self._refuse_blocked(uow, credentials.subject, account)
        matches = self.passwords.matches(account.password_hash if account else None, credentials.password)
        if account is None or not account.active or not matches:
            self._note_failure(uow, credentials.subject, account)
            raise InvalidCredentials
        return account

    def admit(self, uow: UnitOfWork, credentials: Credentials, checked: Account) -> Account:
        """The checked account, locked in an open transaction, if its password is still the same. Raises as `check`."""
        self._refuse_blocked(uow, credentials.subject, checked)
        current = uow.accounts.lock(checked.id)
        if current is None or not current.active or current.password_hash != checked.password_hash:
            raise InvalidCredentials
        uow.failed_log_ins.forget(credentials.subject)
        return current

    def renewed_hash(self, account: Account, password: str) -> str:
        """The hash of the account's password by the parameters of today; the kept one when that is by them."""
        stored = account.password_hash
        return self.passwords.hash(password) if self.passwords.is_outdated(stored) else stored

    def _refuse_blocked(self, uow: UnitOfWork, subject: bytes, account: Account | None) -> None:
        limit = self.limit()
        try:
            limit.check(uow.failed_log_ins.nth_newest(subject, limit.failures), self.clock())
        except TooManyLogIns:
            note(SecurityEvent.LOG_IN_BLOCKED, user_id=_id_of(account))
            raise

    def _note_failure(self, uow: UnitOfWork, subject: bytes, account: Account | None) -> None:
        with uow:
            uow.failed_log_ins.lock(subject)
            self._refuse_blocked(uow, subject, account)
            uow.failed_log_ins.add(subject, self.clock())
            uow.commit()
        note(SecurityEvent.LOG_IN_FAILED, user_id=_id_of(account))


def _id_of(account: Account | None) -> object:
    return account.id if account else "nobody"
