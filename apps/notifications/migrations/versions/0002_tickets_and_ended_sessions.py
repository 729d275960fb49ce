"""For sockets: tickets, of which only hashes are kept, and sessions that have ended."""

from alembic import op

revision = "0002"
down_revision = "0001"

TICKETS = """
CREATE TABLE tickets (
    hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    session_id uuid,
    issued_at timestamptz NOT NULL,
    access_ends_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX tickets_user ON tickets (user_id)
"""

# session_id is null where all sessions of the user have ended that were there then.
ENDED_SESSIONS = """
CREATE TABLE ended_sessions (
    user_id uuid NOT NULL REFERENCES users,
    session_id uuid,
    at timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (user_id, session_id, at)
);
CREATE INDEX ended_sessions_at ON ended_sessions (at)
"""


def upgrade() -> None:
    """Creates both."""
    op.execute(TICKETS)
    op.execute(ENDED_SESSIONS)
