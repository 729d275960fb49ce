"""The worker of the orders service."""
