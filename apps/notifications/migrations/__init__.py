"""The schema of notifications, step by step."""
