"""Accounts, signing keys, and the tables of outbox and inbox."""

from alembic import op

from chassis.storage.postgres import MESSAGING_TABLES_V1

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    roles text[] NOT NULL CHECK (cardinality(roles) > 0 AND roles <@ ARRAY['customer', 'manager', 'admin']),
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL CHECK (version > 0)
);
CREATE TABLE signing_keys (
    kid text PRIMARY KEY,
    public_jwk jsonb NOT NULL,
    encrypted_private_key text NOT NULL,
    created_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    """Makes all tables of the service."""
    op.execute(MESSAGING_TABLES_V1)
    op.execute(_TABLES)
