"""Sessions: a log-in, and the family of refresh tokens that descend from it.

A refresh token is spent by its use and has one successor. Whoever brings a spent one is a thief, or was robbed by one:
the session ends for both. The exception is a client whose requests overlap: within the grace both get one answer.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long things last. A session ends at the latest after its lifetime, however often it is refreshed."""

    refresh_lifetime: timedelta
    session_lifetime: timedelta
    grace: timedelta


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in. Its id is the `sid` of all its access tokens."""

    id: UUID
    account_id: UUID
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def is_alive(self, now: datetime) -> bool:
        """Whether it can be gone on with."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token as it is kept: by its digest, so that whoever reads the database cannot use it.

    `sealed_answer` is what the token was spent for, readable with the token alone.
    """

    digest: bytes = field(repr=False)
    session_id: UUID
    expires_at: datetime
    spent_at: datetime | None = None
    sealed_answer: bytes | None = field(default=None, repr=False)

    def is_in_grace(self, now: datetime, grace: timedelta) -> bool:
        """Whether it was spent so lately that its second use is taken for the same client's."""
        return self.spent_at is not None and now - self.spent_at <= grace
