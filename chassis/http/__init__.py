"""The HTTP side of every service: app factory, problem+json, token check, health, client."""
