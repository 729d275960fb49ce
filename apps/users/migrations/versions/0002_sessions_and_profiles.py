"""Sessions with their refresh tokens; the language of an account, and whether it is active."""

from alembic import op

revision = "0002"
down_revision = "0001"

_CHANGES = """
ALTER TABLE accounts
    ADD COLUMN language text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'ru')),
    ADD COLUMN active boolean NOT NULL DEFAULT true;
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_of_account ON sessions (account_id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_by_end ON sessions (least(expires_at, revoked_at));
CREATE TABLE refresh_tokens (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    spent_at timestamptz,
    sealed_answer bytea
);
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_at);
"""


def upgrade() -> None:
    """Makes the tables and columns."""
    op.execute(_CHANGES)
