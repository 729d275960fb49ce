"""From when to when a signing key is used and published; and an index for what is cleared away soon."""

from alembic import op

revision = "0005"
down_revision = "0004"

_CHANGES = """
ALTER TABLE signing_keys
    ADD COLUMN signs_from timestamptz,
    ADD COLUMN published_until timestamptz;
UPDATE signing_keys SET signs_from = created_at;
ALTER TABLE signing_keys ALTER COLUMN signs_from SET NOT NULL;
CREATE INDEX refresh_tokens_with_answer ON refresh_tokens (spent_at) WHERE sealed_answer IS NOT NULL;
"""


def upgrade() -> None:
    """Adds the columns and the index."""
    op.execute(_CHANGES)
