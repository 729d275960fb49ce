"""The rules of notifications: their kinds, who gets which, and what the service itself publishes."""
