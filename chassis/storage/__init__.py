"""Engines, outbox and inbox for PostgreSQL and MongoDB. What the relay needs of a store is in `outbox`."""
