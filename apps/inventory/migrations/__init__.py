"""The migrations of the inventory database."""
