"""The HTTP API of notifications: it parses, calls a use case, and maps the result."""
