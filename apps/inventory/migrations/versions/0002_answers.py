"""What was answered to requests with an Idempotency-Key."""

from alembic import op

from chassis.storage.postgres_answers import ANSWERS_TABLE_V1

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Creates the table."""
    op.execute(ANSWERS_TABLE_V1)
