"""The HTTP API of the users service: it parses, calls a use case, and maps the result."""
