"""The services: domain, storage and HTTP API of each."""
