"""Alembic's entry to the tables of notifications."""

from chassis.storage.migrations import run_in_transaction

run_in_transaction()
