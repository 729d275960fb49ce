"""Alembic's entry to the tables of inventory."""

from chassis.storage.migrations import run_in_transaction

run_in_transaction()
