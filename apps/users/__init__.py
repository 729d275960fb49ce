"""The users service: accounts, log-in, and the keys that sign access tokens."""
