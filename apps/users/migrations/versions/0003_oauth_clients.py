"""The registered OAuth 2.0 clients."""

from alembic import op

revision = "0003"
down_revision = "0002"

_CHANGES = """
CREATE TABLE oauth_clients (
    id text PRIMARY KEY,
    secret_hash text NOT NULL,
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0)
);
"""


def upgrade() -> None:
    """Makes the table."""
    op.execute(_CHANGES)
