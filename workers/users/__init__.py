"""The worker of the users service."""
