"""The edge: Traefik's files and the ForwardAuth service that it asks."""
