"""Failed log-ins, by a digest of the address that was given."""

from alembic import op

revision = "0004"
down_revision = "0003"

_CHANGES = """
CREATE TABLE failed_log_ins (
    subject bytea NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX failed_log_ins_of_subject ON failed_log_ins (subject, at);
CREATE INDEX failed_log_ins_by_time ON failed_log_ins (at);
"""


def upgrade() -> None:
    """Makes the table."""
    op.execute(_CHANGES)
