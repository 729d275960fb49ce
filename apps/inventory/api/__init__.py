"""The HTTP API of inventory: it parses, calls a use case, and maps the result."""
