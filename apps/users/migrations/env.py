"""What Alembic runs to reach the database."""

from chassis.storage.migrations import run_in_transaction

run_in_transaction()
