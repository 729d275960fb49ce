"""The HTTP API of the orders service: it parses, calls a use case, and maps the result."""
